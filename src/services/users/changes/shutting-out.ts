import type { UserKey } from '../../../domain/users/user.ts'
import type { Asked, Prepared } from '../../operations/prepared.ts'
import type { UserChanges } from '../user-changes.ts'
import type { UserDone } from '../user-wishes.ts'
import type { ManagedUsers } from './managed-users.ts'

/** Logins that are let in no more, or again. */
export function createShuttingOut(managed: ManagedUsers): Pick<UserChanges, 'lock' | 'unlock' | 'endSessions'> {
  async function lock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>> {
    const { instance, subject } = await managed.get(asked, instanceId, key)
    await managed.protection.check(instance, subject, 'locked', asked.signal)
    return managed.prepareOne(asked, instance, {
      kind: 'lock-user',
      key: subject,
      incarnation: await managed.known(instance, subject),
    })
  }

  async function unlock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>> {
    const { instance, subject } = await managed.get(asked, instanceId, key)
    await managed.protection.checkNotOver(instance, subject, asked.signal)
    return managed.prepareOne(asked, instance, {
      kind: 'unlock-user',
      key: subject,
      incarnation: await managed.known(instance, subject),
    })
  }

  async function endSessions(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>> {
    const { instance, subject } = await managed.get(asked, instanceId, key)
    await managed.protection.check(instance, subject, 'cut off', asked.signal)
    return managed.prepareOne(asked, instance, { kind: 'end-sessions', key: subject })
  }

  return { lock, unlock, endSessions }
}
