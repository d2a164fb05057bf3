import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import type { Services } from '../../../services/services.ts'
import type { UserShown } from '../../../services/users/user-view.ts'
import type { UserDone } from '../../../services/users/user-wishes.ts'

/** The accounts of a user that a change made or changed, and their new password. */
export interface UserMade {
  readonly accounts: readonly UserShown[]
  readonly password: UserDone['password']
}

/** What came of a change: by this request, or by the same one before, whose answer never arrived. */
export async function userMade(
  { users }: Services,
  request: FastifyRequest,
  change: () => Promise<readonly UserDone[]>,
): Promise<UserMade> {
  const all = request.earlier ? await doneBefore(users, request.earlier, request.cluster.instance.id) : await change()
  request.handsOver = all[0]?.operationId
  const accounts = all.flatMap(({ shown }) => shown ?? [])
  if (accounts.length > 0) return { accounts, password: all[0]?.password }
  throw new Fault('conflict', 'user', 'Somebody else dropped the user at the same time')
}

function doneBefore(
  users: Services['users'],
  { operation, outcomes }: NonNullable<FastifyRequest['earlier']>,
  instanceId: string,
): Promise<readonly UserDone[]> {
  // A user may live on other clusters too: this answer is about the one that was named.
  const here = outcomes.filter((_, at) => operation.targets[at]!.instanceId === instanceId)
  const done = here.map(async ({ user, password }): Promise<UserDone> => {
    const shown = user && (await users.shown(instanceId, user))
    return { operationId: operation.id, shown, password }
  })
  return Promise.all(done)
}
