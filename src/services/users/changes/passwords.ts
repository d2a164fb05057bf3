import { newSecret, type Secret } from '../../../domain/secret.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../../domain/servers/policy.ts'
import type { Change } from '../../../domain/users/change.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Asked, Prepared } from '../../operations/prepared.ts'
import type { UserChanges } from '../user-changes.ts'
import { checkAble, checkPassword } from '../user-rules.ts'
import type { Reset, UserDone } from '../user-wishes.ts'
import { noUser } from '../users.ts'
import { first, type ManagedUsers, type UserChangeParts, type UserTarget } from './managed-users.ts'

/** New passwords, and new names: on some servers a new name takes a new password. */
export function createPasswords(
  { links, instances }: UserChangeParts,
  managed: ManagedUsers,
): Pick<UserChanges, 'reset' | 'resetMany' | 'rename'> {
  async function reset(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    password?: Secret,
    authPlugin?: string,
  ): Promise<Prepared<UserDone>> {
    const { instance, policy, subject } = await managed.get(asked, instanceId, key)
    const target = await newPassword(asked, instance, policy, { key: subject, password, authPlugin })
    return first(managed.prepareAll(asked, instance, [target]))
  }

  async function resetMany(asked: Asked, instanceId: string, resets: readonly Reset[]) {
    const targets: UserTarget[] = []
    for (const one of resets) {
      const { instance, policy, subject: key } = await managed.get(asked, instanceId, one.key)
      targets.push({ ...(await newPassword(asked, instance, policy, { ...one, key })), ifMissing: noUser(key) })
    }
    return managed.prepareAll(asked, await instances.allowChange(asked.caller, instanceId, 'update'), targets)
  }

  async function newPassword(
    asked: Asked,
    instance: Instance,
    policy: PolicyInForce,
    { key, password: chosen, made, authPlugin, asked: remembered, ofProject }: Reset,
  ): Promise<UserTarget> {
    if (authPlugin !== undefined) checkAble(managed.aboutOf(instance), { settings: { authPlugin } })
    if (chosen) checkPassword(chosen, policy)
    const manager = await links.manager(instance, asked.signal)
    const users = await managed.protection.loggedInAs(instance, key, asked.signal)
    managed.protection.checkResettable(instance, users)
    const change: Change = { kind: 'reset-user', key, password: chosen ?? made ?? newSecret(), authPlugin }
    const wish = {
      username: asked.caller.operator.username,
      asked: remembered,
      passwordChosen: chosen !== undefined,
      keepPassword: policy.passwordRecall === 'stored',
      connections: users.map(({ id }) => id),
    }
    return { change, wish, ofProject, ownLogin: users.some(({ id }) => id === manager.id) }
  }

  async function rename(asked: Asked, instanceId: string, key: UserKey, to: UserKey, password?: Secret) {
    const { instance, policy, subject } = await managed.get(asked, instanceId, key)
    await managed.protection.check(instance, subject, 'renamed', asked.signal)
    if (password) checkPassword(password, policy)
    const change: Change = { kind: 'rename-user', key: subject, to: managed.whole(instance, to), password }
    const wish = { passwordChosen: true, keepPassword: policy.passwordRecall === 'stored' }
    return managed.prepareOne(asked, instance, change, wish)
  }

  return { reset, resetMany, rename }
}
