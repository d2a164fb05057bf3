import type { Caller } from '../../domain/caller.ts'
import type { Change } from '../../domain/change.ts'
import type { EndWish } from '../../domain/expiry.ts'
import { Fault } from '../../domain/fault.ts'
import type { GrantChange } from '../../domain/grant.ts'
import type { Instance } from '../../domain/instance.ts'
import type { TargetOutcome } from '../../domain/operation.ts'
import type { OnOwned, PolicyInForce } from '../../domain/policy.ts'
import { newSecret, type Secret } from '../../domain/secret.ts'
import type { NewUser, UserKey } from '../../domain/user.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { OrderTarget } from '../../ledger/order.ts'
import type { RecordWish } from '../../ledger/settlement.ts'
import type { Store } from '../../store/store.ts'
import { hasRight } from '../access/access.ts'
import type { Instances } from '../instances/instances.ts'
import type { Links } from '../links/links.ts'
import { type Asked, type Prepared, prepare, prepareMany } from '../operations/prepared.ts'
import { wholeKey } from './account-key.ts'
import { annotate } from './annotate.ts'
import { type EndAsked, endOfNew, newEnd } from './ends.ts'
import { findLogin, knownIncarnation } from './finding.ts'
import { createProtection } from './protection.ts'
import { checkAble, checkPassword, checkSetsGrants, defaultGrants } from './user-rules.ts'
import { keyOf, withRecord } from './user-view.ts'
import type { NewUserWish, Reset, UserDone, UserDropped, UserWish } from './user-wishes.ts'
import { noUser } from './users.ts'

/** Changes of logins. Each is checked when asked for, and made when run. */
export interface UserChanges {
  create(asked: Asked, instanceId: string, wish: NewUserWish): Promise<Prepared<UserDone>>
  /** As one operation: all of them are made, or none. */
  createMany(asked: Asked, instanceId: string, wishes: readonly NewUserWish[]): Promise<Prepared<readonly UserDone[]>>
  reset(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    password?: Secret,
    authPlugin?: string,
  ): Promise<Prepared<UserDone>>
  /** As one operation; nothing is changed unless every login is there. */
  resetMany(asked: Asked, instanceId: string, resets: readonly Reset[]): Promise<Prepared<readonly UserDone[]>>
  /** Keeps what it may do; a password given with it counts from then on. */
  rename(asked: Asked, instanceId: string, key: UserKey, to: UserKey, password?: Secret): Promise<Prepared<UserDone>>
  lock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>>
  unlock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>>
  change(asked: Asked, instanceId: string, key: UserKey, wish: UserWish): Promise<Prepared<UserDone>>
  grant(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    grants: GrantChange,
    ahead?: boolean,
  ): Promise<Prepared<UserDone>>
  endSessions(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>>
  drop(asked: Asked, instanceId: string, key: UserKey, onOwned?: OnOwned): Promise<Prepared<UserDropped>>
  /** As one operation; nothing is dropped unless every login is there. */
  dropMany(asked: Asked, instanceId: string, keys: readonly UserKey[]): Promise<Prepared<UserDropped>>
}

export interface UserChangeParts {
  readonly store: Store
  readonly links: Links
  readonly instances: Instances
  readonly ledger: Ledger
}

export function createUserChanges(parts: UserChangeParts): UserChanges {
  const { store, links, instances, ledger } = parts
  const protection = createProtection({ store, links })
  const aboutOf = (instance: Instance) => links.engineOf(instance).about

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
        await protection.checkMayEnd(instance, keyOf(change.user), asked.signal)
    return toUsers(asked, instance, targets)
  }

  function newUser(
    asked: Asked,
    instance: Instance,
    policy: PolicyInForce,
    wish: NewUserWish,
    now: number,
  ): UserTarget {
    checkAble(aboutOf(instance), wish)
    if (wish.password) checkPassword(wish.password, policy)
    const grants = [...wish.grants, ...defaultGrants(instance, policy, wish)]
    const user: NewUser = {
      ...whole(instance, keyOf(wish)),
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
    return { change, wish: remembered }
  }

  async function reset(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    password?: Secret,
    authPlugin?: string,
  ): Promise<Prepared<UserDone>> {
    const { instance, policy, subject } = await managed(asked, instanceId, key)
    const target = await newPassword(asked, instance, policy, { key: subject, password, authPlugin })
    return first(toUsers(asked, instance, [target]))
  }

  async function resetMany(asked: Asked, instanceId: string, resets: readonly Reset[]) {
    const targets: UserTarget[] = []
    for (const one of resets) {
      const { instance, policy, subject: key } = await managed(asked, instanceId, one.key)
      targets.push({ ...(await newPassword(asked, instance, policy, { ...one, key })), ifMissing: noUser(key) })
    }
    return toUsers(asked, await instances.allowChange(asked.caller, instanceId, 'update'), targets)
  }

  async function newPassword(
    asked: Asked,
    instance: Instance,
    policy: PolicyInForce,
    { key, password: chosen, made, authPlugin, asked: remembered }: Reset,
  ): Promise<UserTarget> {
    if (authPlugin !== undefined) checkAble(aboutOf(instance), { settings: { authPlugin } })
    if (chosen) checkPassword(chosen, policy)
    const manager = await links.manager(instance, asked.signal)
    const users = await protection.loggedInAs(instance, key, asked.signal)
    protection.checkResettable(users)
    const change: Change = { kind: 'reset-user', key, password: chosen ?? made ?? newSecret(), authPlugin }
    const wish = {
      username: asked.caller.operator.username,
      asked: remembered,
      passwordChosen: chosen !== undefined,
      keepPassword: policy.passwordRecall === 'stored',
      connections: users.map(({ id }) => id),
    }
    return { change, wish, ownLogin: users.some(({ id }) => id === manager.id) }
  }

  async function rename(asked: Asked, instanceId: string, key: UserKey, to: UserKey, password?: Secret) {
    const { instance, policy, subject } = await managed(asked, instanceId, key)
    await protection.check(instance, subject, 'renamed', asked.signal)
    if (password) checkPassword(password, policy)
    const change: Change = { kind: 'rename-user', key: subject, to: whole(instance, to), password }
    const wish = { passwordChosen: true, keepPassword: policy.passwordRecall === 'stored' }
    return toUser(asked, instance, change, wish)
  }

  async function lock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>> {
    const { instance, subject } = await managed(asked, instanceId, key)
    await protection.check(instance, subject, 'locked', asked.signal)
    return toUser(asked, instance, { kind: 'lock-user', key: subject, incarnation: await known(instance, subject) })
  }

  async function unlock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>> {
    const { instance, subject } = await managed(asked, instanceId, key)
    await protection.checkNotOver(instance, subject, asked.signal)
    return toUser(asked, instance, { kind: 'unlock-user', key: subject, incarnation: await known(instance, subject) })
  }

  async function change(asked: Asked, instanceId: string, key: UserKey, wish: UserWish): Promise<Prepared<UserDone>> {
    const { settings, engineRoles, grants, labels, description } = wish
    if (!settings && !engineRoles && !grants && wish.end === undefined) {
      const instance = await instances.allow(asked.caller, instanceId, 'update')
      return annotate(parts, asked, instance, whole(instance, key), { labels, description })
    }
    const { instance, policy, subject } = await managed(asked, instanceId, key)
    checkAble(aboutOf(instance), { settings, engineRoles })
    if (grants) checkSetsGrants(aboutOf(instance))
    const end = wish.end === undefined ? undefined : await endFor(asked, instance, policy, subject, wish.end)
    return toUser(
      asked,
      instance,
      { kind: 'set-user', key: subject, settings: settings ?? {}, engineRoles, grants, end },
      { labels, description },
    )
  }

  async function endFor(
    asked: Asked,
    instance: Instance,
    policy: PolicyInForce,
    key: UserKey,
    end: EndAsked | null,
  ): Promise<EndWish> {
    if (end) await protection.checkMayEnd(instance, key, asked.signal)
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
    const { instance, policy, subject } = await managed(asked, instanceId, key)
    const { closePublic } = policy
    return toUser(asked, instance, { kind: 'grant-user', key: subject, grants, closePublic, ahead })
  }

  async function endSessions(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>> {
    const { instance, subject } = await managed(asked, instanceId, key)
    await protection.check(instance, subject, 'cut off', asked.signal)
    return toUser(asked, instance, { kind: 'end-sessions', key: subject })
  }

  async function drop(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    onOwned?: OnOwned,
  ): Promise<Prepared<UserDropped>> {
    const { instance, policy, subject } = await managed(asked, instanceId, key, 'delete')
    await protection.check(instance, subject, 'dropped', asked.signal)
    if (onOwned === 'drop' && !policy.allowOwnedDrop && policy.onOwned !== 'drop') {
      throw new Fault('forbidden', 'user', 'onOwned=drop needs the policy allowOwnedDrop on this instance')
    }
    const target = await gone(asked, instance, subject, onOwned ?? policy.onOwned)
    return prepare(ledger, asked, instance, target, async operationId => ({ operationId }))
  }

  async function dropMany(asked: Asked, instanceId: string, keys: readonly UserKey[]): Promise<Prepared<UserDropped>> {
    const instance = await instances.allowChange(asked.caller, instanceId, 'delete')
    const targets: UserTarget[] = []
    for (const key of keys) {
      const { policy, subject } = await managed(asked, instanceId, key, 'delete')
      await protection.check(instance, subject, 'dropped', asked.signal)
      targets.push(await gone(asked, instance, subject, policy.onOwned))
    }
    return prepareMany(ledger, asked, instance, targets, async operationId => ({ operationId }))
  }

  async function gone(asked: Asked, instance: Instance, key: UserKey, onOwned: OnOwned): Promise<UserTarget> {
    const wish = { username: asked.caller.operator.username }
    const incarnation = await known(instance, key)
    return { change: { kind: 'drop-user', key, onOwned, incarnation }, wish, ifMissing: noUser(key) }
  }

  function known(instance: Instance, key: UserKey): Promise<string | undefined> {
    return knownIncarnation(store.read, instance, key)
  }

  async function managed(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    right: 'update' | 'delete' = 'update',
  ): Promise<{ instance: Instance; policy: PolicyInForce; subject: UserKey }> {
    const instance = await instances.allowChange(asked.caller, instanceId, right)
    const policy = await instances.policyOf(instance)
    const subject = whole(instance, key)
    if (!policy.manageExisting) await protection.checkMadeHere(instance, subject, asked.signal)
    return { instance, policy, subject }
  }

  function whole(instance: Instance, key: UserKey): UserKey {
    return wholeKey(aboutOf(instance), instance, key)
  }

  function toUser(
    asked: Asked,
    instance: Instance,
    change: Change,
    wish: Omit<RecordWish, 'username'> = {},
  ): Prepared<UserDone> {
    const named = { ...wish, username: asked.caller.operator.username }
    return first(toUsers(asked, instance, [{ change, wish: named }]))
  }

  function toUsers(asked: Asked, instance: Instance, targets: readonly UserTarget[]): Prepared<readonly UserDone[]> {
    return prepareMany(ledger, asked, instance, targets, (operationId, outcomes) =>
      Promise.all(outcomes.map(outcome => toDone(asked.caller, operationId, instance, outcome))),
    )
  }

  /** Some keys may make a password, and not read it. */
  async function toDone(
    caller: Caller,
    operationId: string,
    instance: Instance,
    { user, password }: TargetOutcome,
  ): Promise<UserDone> {
    const told = hasRight(caller, instance.projectId, 'recall') ? password : undefined
    return { operationId, shown: user && (await withRecord(store.read, instance, user)), password: told }
  }

  return { create, createMany, reset, resetMany, rename, lock, unlock, change, grant, endSessions, drop, dropMany }
}

type UserTarget = Omit<OrderTarget, 'instanceId'>

/** Of an operation with one target. */
function first<T>({ run, preview }: Prepared<readonly T[]>): Prepared<T> {
  return { run: async () => (await run())[0]!, preview }
}
