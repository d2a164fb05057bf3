import type { FastifyRequest } from 'fastify'
import { Fault } from '../../domain/fault.ts'
import type { Prepared } from '../../services/operations/prepared.ts'
import type { Services } from '../../services/services.ts'
import type { UserDone } from '../../services/users/user-changes.ts'
import type { UserShown } from '../../services/users/user-view.ts'

/** The login that a change made, and its new password. */
export interface UserMade {
  readonly shown: UserShown
  readonly password: UserDone['password']
}

/** What came of a change: by this request, or by the same one before, whose answer never arrived. */
export async function userMade(
  { users }: Services,
  request: FastifyRequest,
  prepare: () => Promise<Prepared<UserDone>>,
): Promise<UserMade> {
  const { operationId, shown, password } = request.earlier
    ? await doneBefore(users, request.earlier)
    : await (await prepare()).run()
  request.handsOver = operationId
  if (shown) return { shown, password }
  throw new Fault('conflict', 'user', 'Somebody else dropped the user at the same time')
}

async function doneBefore(
  users: Services['users'],
  { operation, outcomes }: NonNullable<FastifyRequest['earlier']>,
): Promise<UserDone> {
  const [target] = operation.targets
  const [outcome] = outcomes
  const shown = target && outcome?.user && (await users.shown(target.instanceId, outcome.user))
  return { operationId: operation.id, shown, password: outcome?.password }
}
