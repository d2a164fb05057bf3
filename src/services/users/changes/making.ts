import { newSecret } from '../../../domain/secret.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../../domain/servers/policy.ts'
import type { Change } from '../../../domain/users/change.ts'
import type { NewUser } from '../../../domain/users/user.ts'
import type { Asked, Prepared } from '../../operations/prepared.ts'
import { endOfNew } from '../ends.ts'
import type { UserChanges } from '../user-changes.ts'
import { checkAble, checkPassword, defaultGrants } from '../user-rules.ts'
import { keyOf } from '../user-view.ts'
import type { NewUserWish, UserDone } from '../user-wishes.ts'
import { first, type ManagedUsers, type UserChangeParts, type UserTarget } from './managed-users.ts'

/** New logins. */
export function createMaking(
  { store, instances }: UserChangeParts,
  managed: ManagedUsers,
): Pick<UserChanges, 'create' | 'createMany'> {
  async function create(asked: Asked, instanceId: string, wish: NewUserWish): Promise<Prepared<UserDone>> {
    return first(await createMany(asked, instanceId, [wish]))
  }

  async function createMany(asked: Asked, instanceId: string, wishes: readonly NewUserWish[]) {
    const instance = await instances.allowChange(asked.caller, instanceId, 'create')
    const policy = await instances.policyOf(instance)
    const now = await store.now()
    const targets = wishes.map(wish => newUser(asked, instance, policy, wish, now))
    for (const { change } of targets)
      if (change.kind === 'create-user' && change.end)
        await managed.protection.checkMayEnd(instance, keyOf(change.user), asked.signal)
    return managed.prepareAll(asked, instance, targets)
  }

  function newUser(
    asked: Asked,
    instance: Instance,
    policy: PolicyInForce,
    wish: NewUserWish,
    now: number,
  ): UserTarget {
    checkAble(managed.aboutOf(instance), wish)
    if (wish.password) checkPassword(wish.password, policy)
    const grants = [...wish.grants, ...defaultGrants(instance, policy, wish)]
    const user: NewUser = {
      ...managed.whole(instance, keyOf(wish)),
      settings: wish.settings,
      engineRoles: wish.engineRoles,
      grants,
    }
    const { closePublic } = policy
    const { ahead, everything } = wish
    const until = endOfNew(wish.end, policy, now)
    const end = until === undefined ? undefined : { until }
    const made = { user, password: wish.password ?? newSecret(), closePublic, ahead, everything, end }
    const change: Change = { kind: 'create-user', ...made }
    const remembered = {
      username: asked.caller.operator.username,
      labels: wish.labels,
      description: wish.description,
      asked: wish.asked,
      passwordChosen: wish.password !== undefined,
      keepPassword: policy.passwordRecall === 'stored',
    }
    return { change, wish: remembered, ofProject: wish.ofProject }
  }

  return { create, createMany }
}
