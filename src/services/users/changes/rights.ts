import type { Instance } from '../../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../../domain/servers/policy.ts'
import type { Change } from '../../../domain/users/change.ts'
import type { EndWish } from '../../../domain/users/expiry.ts'
import type { GrantChange } from '../../../domain/users/grant.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Asked, Prepared } from '../../operations/prepared.ts'
import { annotate } from '../annotate.ts'
import { type EndAsked, newEnd } from '../ends.ts'
import { findLogin } from '../finding.ts'
import type { UserChanges } from '../user-changes.ts'
import { checkAble, checkSetsGrants } from '../user-rules.ts'
import { withRecord } from '../user-view.ts'
import type { UserDone, UserWish } from '../user-wishes.ts'
import { noUser } from '../users.ts'
import { first, type ManagedUsers, type UserChangeParts } from './managed-users.ts'

/** What a login is set to, and what it may do. */
export function createRights(parts: UserChangeParts, managed: ManagedUsers): Pick<UserChanges, 'change' | 'grant'> {
  const { store, links, instances } = parts

  async function change(asked: Asked, instanceId: string, key: UserKey, wish: UserWish): Promise<Prepared<UserDone>> {
    const { settings, engineRoles, grants, labels, description } = wish
    if (!settings && !engineRoles && !grants && wish.end === undefined) {
      const instance = await instances.allow(asked.caller, instanceId, 'update')
      return annotate(parts, asked, instance, managed.whole(instance, key), { labels, description })
    }
    const { instance, policy, subject } = await managed.get(asked, instanceId, key)
    checkAble(managed.aboutOf(instance), { settings, engineRoles })
    if (grants) checkSetsGrants(managed.aboutOf(instance))
    const end = wish.end === undefined ? undefined : await endFor(asked, instance, policy, subject, wish.end)
    const change: Change = { kind: 'set-user', key: subject, settings: settings ?? {}, engineRoles, grants, end }
    const remembered = { labels, description, username: asked.caller.operator.username }
    return first(managed.prepareAll(asked, instance, [{ change, wish: remembered, ofProject: wish.ofProject }]))
  }

  async function endFor(
    asked: Asked,
    instance: Instance,
    policy: PolicyInForce,
    key: UserKey,
    end: EndAsked | null,
  ): Promise<EndWish> {
    if (end) await managed.protection.checkMayEnd(instance, key, asked.signal)
    const user = await links.read(instance, asked.signal, client => findLogin(store.read, client, instance, key))
    if (!user) throw noUser(key)
    const { record } = await withRecord(store.read, instance, user)
    return newEnd(end, record?.validUntil, policy, await store.now())
  }

  async function grant(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    grants: GrantChange,
    ahead?: boolean,
  ): Promise<Prepared<UserDone>> {
    const { instance, policy, subject } = await managed.get(asked, instanceId, key)
    const { closePublic } = policy
    return managed.prepareOne(asked, instance, { kind: 'grant-user', key: subject, grants, closePublic, ahead })
  }

  return { change, grant }
}
