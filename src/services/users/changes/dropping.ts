import { Fault } from '../../../domain/fault.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import type { OnOwned } from '../../../domain/servers/policy.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Asked, Prepared } from '../../operations/prepared.ts'
import type { UserChanges } from '../user-changes.ts'
import type { UserDropped } from '../user-wishes.ts'
import { noUser } from '../users.ts'
import type { ManagedUsers, UserChangeParts, UserTarget } from './managed-users.ts'

/** Logins that go. */
export function createDropping(
  { instances, prepareTargets }: UserChangeParts,
  managed: ManagedUsers,
): Pick<UserChanges, 'drop' | 'dropMany'> {
  async function drop(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    onOwned?: OnOwned,
  ): Promise<Prepared<UserDropped>> {
    const { instance, policy, subject } = await managed.get(asked, instanceId, key, 'delete')
    await managed.protection.check(instance, subject, 'dropped', asked.signal)
    if (onOwned === 'drop' && !policy.allowOwnedDrop && policy.onOwned !== 'drop') {
      throw new Fault('forbidden', 'user', 'onOwned=drop needs the policy allowOwnedDrop on this instance')
    }
    const target = await gone(asked, instance, subject, onOwned ?? policy.onOwned)
    return prepareTargets(asked, instance, [target], async operationId => ({ operationId }))
  }

  async function dropMany(asked: Asked, instanceId: string, keys: readonly UserKey[]): Promise<Prepared<UserDropped>> {
    const instance = await instances.allowChange(asked.caller, instanceId, 'delete')
    const targets: UserTarget[] = []
    for (const key of keys) {
      const { policy, subject } = await managed.get(asked, instanceId, key, 'delete')
      await managed.protection.check(instance, subject, 'dropped', asked.signal)
      targets.push(await gone(asked, instance, subject, policy.onOwned))
    }
    return prepareTargets(asked, instance, targets, async operationId => ({ operationId }))
  }

  async function gone(asked: Asked, instance: Instance, key: UserKey, onOwned: OnOwned): Promise<UserTarget> {
    const wish = { username: asked.caller.operator.username }
    const incarnation = await managed.known(instance, key)
    return { change: { kind: 'drop-user', key, onOwned, incarnation }, wish, ifMissing: noUser(key) }
  }

  return { drop, dropMany }
}
