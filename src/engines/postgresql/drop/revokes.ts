import type { Statement } from '../../engine.ts'
import { open, quoteName } from '../sql.ts'
import type { ForeignGrant } from './foreign-grants.ts'

/** Takes rights away from a role, each as the role that granted it; what was granted on from there goes too. */
export function revokes(grants: readonly ForeignGrant[], role: string): readonly Statement[] {
  const byGrantor = Map.groupBy(grants, ({ grantor }) => grantor.name)
  return [...byGrantor].flatMap(([grantor, theirs]) => [
    open(`set local role ${quoteName(grantor)}`),
    ...[...new Set(theirs.map(({ on }) => on))].map(on => open(`revoke all on ${on} from ${quoteName(role)} cascade`)),
    open('reset role'),
  ])
}
