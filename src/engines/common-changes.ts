import { Fault } from '../domain/fault.ts'
import type { Change, CommonChange } from '../domain/users/change.ts'

/** Throws where an engine is asked for what only logins that have roles and nothing else can have done to them. */
export function common(change: Change): CommonChange {
  if ('role' in change || change.kind === 'drop-role' || change.kind === 'replace-user')
    throw new Fault('unsupported', 'role', 'Roles are not defined, or replaced as a whole, on this engine')
  return change
}
