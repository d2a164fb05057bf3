import type { ApiKey } from '../../domain/callers/api-key.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import { ROLES } from '../../domain/users/role.ts'
import { hasRight } from '../access/access.ts'

/**
 * Throws unless the caller looks after the key: it is its own, or it administers the project where the key is at home; and wherever the key
 * opens anything, it may do no less. Whoever could give such a key a secret, or open it to other networks, would be what the key is.
 */
export function checkKeeps(caller: Caller, key: ApiKey): void {
  const isKeeper = key.operatorId === caller.operator.id || hasRight(caller, key.homeProjectId, 'administer')
  if (isKeeper && key.projects.every(({ projectId, role }) => mayDo(caller, projectId, role))) return
  throw new Fault('forbidden', 'key', 'The key is at home elsewhere, or may do more than yours: others look after it')
}

function mayDo({ roles }: Caller, projectId: string, role: ApiKey['projects'][number]['role']): boolean {
  const own = roles.get(projectId)
  return own !== undefined && ROLES.indexOf(role) <= ROLES.indexOf(own)
}
