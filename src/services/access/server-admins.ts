import type { Caller } from '../../domain/callers/caller.ts'
import type { Change } from '../../domain/users/change.ts'
import { type DatabaseUser, isServerAdmin } from '../../domain/users/user.ts'
import { hasRight } from './access.ts'

/**
 * A change as its caller may have it done. Whoever is no admin neither touches a login with power over its whole server nor makes one:
 * with it, it would be asked for its role no more. What counts is what the server says when it is done, so the change itself carries it.
 */
export function asAllowed(caller: Caller, projectId: string, change: Change): Change {
  return hasRight(caller, projectId, 'serverAdmins') ? change : { ...change, sparesServerAdmins: true }
}

/** May the caller know the password of this login? */
export function mayRecall(caller: Caller, projectId: string, user: Pick<DatabaseUser, 'flags'>): boolean {
  if (!hasRight(caller, projectId, 'recall')) return false
  return !isServerAdmin(user) || hasRight(caller, projectId, 'serverAdmins')
}
