import { Fault, isFault } from '../../domain/fault.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { Policy } from '../../domain/servers/policy.ts'
import { CLOCKS_MAY_DIFFER_MS, clocksAgree, type Expiry } from '../../domain/users/expiry.ts'
import { type UserKey, userKeyFrom, userKeyText } from '../../domain/users/user.ts'
import type { Facts } from '../../engines/engine.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Store } from '../../store/store.ts'
import { noInstance, policiesOf } from '../instances/instances.ts'
import type { Links } from '../links/links.ts'
import { type ExpiryOrders, ordersOn } from './expiry-orders.ts'
import { createProtection } from './protection.ts'

/** Keeps the promise that a login goes. */
export interface Expiring {
  /**
   * Shuts the login out, ends its sessions, drops it, and ends sessions that slipped in. Throws why it is still there, locked if that
   * could be done (`onLocked` then).
   */
  expire(expiry: Expiry, signal: AbortSignal, onLocked: () => Promise<void>): Promise<Expired>
  /** Shuts logins of one instance out and ends their sessions, as one operation. Where any of them is in its way, nothing is done. */
  lockTogether(expiries: readonly Expiry[], signal: AbortSignal): Promise<void>
  /** The same for dropping logins that are shut out. */
  dropTogether(expiries: readonly Expiry[], signal: AbortSignal): Promise<void>
}

/**
 * `nobody`: the login of that time is not there any more. `unknown`: nothing tells whether the one of its name is it. `renamed`: it is
 * gone, and others had given it another name.
 */
export type Expired = 'gone' | 'nobody' | 'unknown' | 'renamed'

export interface ExpiringParts {
  readonly store: Store
  readonly links: Links
  readonly ledger: Ledger
  readonly installationPolicy: Policy
}

export function createExpiring({ store, links, ledger, installationPolicy }: ExpiringParts): Expiring {
  const protection = createProtection({ store, links })

  async function expire(expiry: Expiry, signal: AbortSignal, onLocked: () => Promise<void>): Promise<Expired> {
    const instance = await managed(expiry)
    const known = userKeyFrom(expiry.key)
    const done = await expireAs(instance, known, expiry, signal, onLocked)
    if (done !== 'nobody') return done
    const key = await links.read(instance, signal, async client => client.keyOf?.(expiry.incarnation))
    if (!key || userKeyText(key) === expiry.key) return done
    return (await expireAs(instance, key, expiry, signal, onLocked)) === 'gone' ? 'renamed' : done
  }

  async function expireAs(
    instance: Instance,
    key: UserKey,
    expiry: Expiry,
    signal: AbortSignal,
    onLocked: () => Promise<void>,
  ): Promise<Expired> {
    await protection.check(instance, key, 'expired', signal)
    const orders = ordersOn(instance, [expiry], signal, () => key)
    try {
      await drop(orders, instance)
      return 'gone'
    } catch (error) {
      if (error === orders.nobody) return 'nobody'
      if (error === orders.unknown) return 'unknown'
      if (error === orders.moved) throw error
      if (!isOutOfReach(error) || isSlow(error)) {
        // The drop may have used up all of its own time.
        const late = ordersOn(instance, [expiry], AbortSignal.timeout(LOCKED_WITHIN_MS), () => key)
        await lockAgain(late, expiry).then(onLocked, () => undefined)
      }
      throw error
    }
  }

  async function lockTogether(expiries: readonly Expiry[], signal: AbortSignal): Promise<void> {
    const instance = await managed(expiries[0]!)
    await checkNobodysLogin(instance, expiries, signal)
    await lock(ordersOn(instance, expiries, signal))
  }

  async function dropTogether(expiries: readonly Expiry[], signal: AbortSignal): Promise<void> {
    const instance = await managed(expiries[0]!)
    await checkNobodysLogin(instance, expiries, signal)
    await drop(ordersOn(instance, expiries, signal), instance)
  }

  async function managed({ instanceId }: Expiry): Promise<Instance> {
    const instance = await store.read.instances.find(instanceId)
    if (!instance) throw noInstance(instanceId)
    checkManaged(instance)
    return instance
  }

  /** Whoever has such a name is looked at alone. */
  async function checkNobodysLogin(
    instance: Instance,
    expiries: readonly Expiry[],
    signal: AbortSignal,
  ): Promise<void> {
    const names = await protection.names(instance, signal)
    if (expiries.some(({ key }) => names.has(userKeyFrom(key).name)))
      throw new Fault('in_use', 'user', 'One of them may be the login of a connection to this server')
  }

  /** On a later try it is locked already, unless somebody let it in again: an operation is written only if there is something to do. */
  async function lockAgain(orders: ExpiryOrders, { lockedAt }: Expiry): Promise<void> {
    if (lockedAt !== undefined) {
      const [plan] = await ledger.preview(lockOrder(orders))
      if (plan!.steps.length === 0) return
    }
    await lock(orders)
  }

  const lockOrder = (orders: ExpiryOrders) => orders.of((key, incarnation) => ({ kind: 'lock-user', key, incarnation }))

  async function lock(orders: ExpiryOrders): Promise<void> {
    await ledger.perform(lockOrder(orders))
  }

  /** A drop locks and ends sessions before all else. What it needs to know, it has to find out before that, in every database. */
  async function drop(orders: ExpiryOrders, instance: Instance): Promise<void> {
    const { onOwned } = (await policiesOf(store.read, installationPolicy, instance.projectId))(instance).policy
    const began = performance.now()
    const now = await store.now()
    const checkClocks = ({ clock }: Facts) => {
      const storeNow = now + performance.now() - began
      if (clock !== undefined && !clocksAgree(storeNow, clock)) throw clocksDiffer()
    }
    await ledger.perform(
      orders.of((key, incarnation) => ({ kind: 'drop-user', key, onOwned, incarnation }), checkClocks),
    )
  }

  return { expire, lockTogether, dropTogether }
}

const LOCKED_WITHIN_MS = 5_000

function checkManaged({ mode, name }: Instance): void {
  if (mode === 'observe')
    throw new Fault('read_only', 'instance', `${name} is in observe mode, so its logins outlive their end`)
}

function clocksDiffer(): Fault {
  const minutes = CLOCKS_MAY_DIFFER_MS / 60_000
  const words = `The server's clock and the store's differ by more than ${minutes} minutes: the login is locked, and dropped when they agree`
  return new Fault('precondition_failed', 'server', words)
}

/** True where nothing on that server can be done just now, for any of its logins. */
export function isOutOfReach(error: unknown): boolean {
  if (!isFault(error)) return false
  return error.details.reason !== undefined || OUT_OF_REACH.has(error.code)
}

/** The server answers, but not everything that a drop asks: a lock asks less. */
function isSlow(error: unknown): boolean {
  return isFault(error) && error.code === 'timeout' && error.details.reason === undefined
}

const OUT_OF_REACH: ReadonlySet<string> = new Set([
  'unavailable',
  'timeout',
  'server_changed',
  'network_denied',
  'read_only',
])
