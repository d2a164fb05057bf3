import type { Caller } from '../../../domain/callers/caller.ts'
import type { TargetOutcome } from '../../../domain/operations/operation.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../../domain/servers/policy.ts'
import type { Change } from '../../../domain/users/change.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { EngineDescription } from '../../../engines/engine.ts'
import type { OrderTarget } from '../../../ledger/order.ts'
import type { RecordWish } from '../../../ledger/settlement.ts'
import type { Store } from '../../../store/store.ts'
import { hasRight } from '../../access/access.ts'
import type { Instances } from '../../instances/instances.ts'
import type { Links } from '../../links/links.ts'
import type { Asked, Prepared } from '../../operations/prepared.ts'
import { wholeKey } from '../account-key.ts'
import { knownIncarnation } from '../finding.ts'
import { createProtection, type Protection } from '../protection.ts'
import { withRecord } from '../user-view.ts'
import type { UserDone } from '../user-wishes.ts'

export interface UserChangeParts {
  readonly store: Store
  readonly links: Links
  readonly instances: Instances
  readonly prepareTargets: PrepareTargets
}

export interface UserTarget extends Omit<OrderTarget, 'instanceId'> {
  /** Where users are a project's, the login is to be one of them from now on. */
  readonly ofProject?: boolean
}

/** Prepares changes of logins on one instance, as one operation. */
export type PrepareTargets = <T>(
  asked: Asked,
  instance: Instance,
  targets: readonly UserTarget[],
  finish: (operationId: string, outcomes: readonly TargetOutcome[]) => Promise<T>,
) => Prepared<T>

/** What every change of a login begins and ends with. */
export interface ManagedUsers {
  readonly protection: Protection
  aboutOf(instance: Instance): EngineDescription
  /** With what the instance says of keys that are given without. */
  whole(instance: Instance, key: UserKey): UserKey
  /** A login that the caller may change, by its whole key. */
  get(asked: Asked, instanceId: string, key: UserKey, right?: 'update' | 'delete'): Promise<Managed>
  known(instance: Instance, key: UserKey): Promise<string | undefined>
  prepareOne(asked: Asked, instance: Instance, change: Change, wish?: Omit<RecordWish, 'username'>): Prepared<UserDone>
  prepareAll(asked: Asked, instance: Instance, targets: readonly UserTarget[]): Prepared<readonly UserDone[]>
}

interface Managed {
  readonly instance: Instance
  readonly policy: PolicyInForce
  readonly subject: UserKey
}

export function createManagedUsers({ store, links, instances, prepareTargets }: UserChangeParts): ManagedUsers {
  const protection = createProtection({ store, links })
  const aboutOf = (instance: Instance) => links.engineOf(instance).about

  async function get(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    right: 'update' | 'delete' = 'update',
  ): Promise<Managed> {
    const instance = await instances.allowChange(asked.caller, instanceId, right)
    const policy = await instances.policyOf(instance)
    const subject = whole(instance, key)
    if (!policy.manageExisting) await protection.checkMadeHere(instance, subject, asked.signal)
    return { instance, policy, subject }
  }

  function whole(instance: Instance, key: UserKey): UserKey {
    return wholeKey(aboutOf(instance), instance, key)
  }

  function known(instance: Instance, key: UserKey): Promise<string | undefined> {
    return knownIncarnation(store.read, instance, key)
  }

  function prepareOne(
    asked: Asked,
    instance: Instance,
    change: Change,
    wish: Omit<RecordWish, 'username'> = {},
  ): Prepared<UserDone> {
    const named = { ...wish, username: asked.caller.operator.username }
    return first(prepareAll(asked, instance, [{ change, wish: named }]))
  }

  function prepareAll(asked: Asked, instance: Instance, targets: readonly UserTarget[]): Prepared<readonly UserDone[]> {
    return prepareTargets(asked, instance, targets, (operationId, outcomes) =>
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

  return { protection, aboutOf, whole, get, known, prepareOne, prepareAll }
}

/** Of an operation with one target. */
export function first<T>({ run, preview }: Prepared<readonly T[]>): Prepared<T> {
  return { run: async () => (await run())[0]!, preview }
}
