import { randomUUID } from 'node:crypto'
import type { Change } from '../../domain/change.ts'
import { CLOCKS_MAY_DIFFER_MS, clocksAgree, type Expiry } from '../../domain/expiry.ts'
import { Fault, isFault } from '../../domain/fault.ts'
import type { Instance } from '../../domain/instance.ts'
import type { Policy } from '../../domain/policy.ts'
import { type UserKey, userKeyFrom } from '../../domain/user.ts'
import type { Facts } from '../../engines/engine.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Order } from '../../ledger/order.ts'
import type { Store, Tables } from '../../store/store.ts'
import { noInstance, policiesOf } from '../instances/instances.ts'
import type { Links } from '../links/links.ts'
import { createProtection } from './protection.ts'
import { noUser } from './users.ts'

/** Keeps the promise that a login goes. */
export interface Expiring {
  /**
   * Shuts the login out, ends its sessions, drops it, and ends sessions that slipped in. Throws why it is still there, locked if that
   * could be done (`onLocked` then).
   */
  expire(expiry: Expiry, signal: AbortSignal, onLocked: () => Promise<void>): Promise<Expired>
}

/** `nobody`: the login of that time is not there any more. `unknown`: nothing tells whether the one of its name is it. */
export type Expired = 'gone' | 'nobody' | 'unknown'

export interface ExpiringParts {
  readonly store: Store
  readonly links: Links
  readonly ledger: Ledger
  readonly installationPolicy: Policy
}

/** Who does it, in the ledger and in the audit. */
export const EXPIRY_OPERATOR = { id: 'rolecall', username: 'rolecall' } as const

export function createExpiring({ store, links, ledger, installationPolicy }: ExpiringParts): Expiring {
  const protection = createProtection({ store, links })

  async function expire(expiry: Expiry, signal: AbortSignal, onLocked: () => Promise<void>): Promise<Expired> {
    const instance = await store.read.instances.find(expiry.instanceId)
    if (!instance) throw noInstance(expiry.instanceId)
    checkManaged(instance)
    const key = userKeyFrom(expiry.key)
    await protection.check(instance, key, 'expired', signal)
    const order = orderOn(instance, expiry, key, signal)
    try {
      await drop(order, instance, key, expiry)
      return 'gone'
    } catch (error) {
      if (error === order.nobody) return 'nobody'
      if (error === order.unknown) return 'unknown'
      if (error === order.moved) throw error
      if (!isOutOfReach(error) || isSlow(error)) {
        // The drop may have used up all of its own time.
        const late = orderOn(instance, expiry, key, AbortSignal.timeout(LOCKED_WITHIN_MS))
        await lock(late, key, expiry).then(onLocked, () => undefined)
      }
      throw error
    }
  }

  /** On a later try it is locked already, unless somebody let it in again: an operation is written only if there is something to do. */
  async function lock(order: ExpiryOrder, key: UserKey, { lockedAt, incarnation }: Expiry): Promise<void> {
    const wanted = order.of({ kind: 'lock-user', key, incarnation })
    if (lockedAt !== undefined) {
      const [plan] = await ledger.preview(wanted)
      if (plan!.steps.length === 0) return
    }
    await ledger.perform(wanted)
  }

  /** A drop locks and ends sessions before all else. What it needs to know, it has to find out before that, in every database. */
  async function drop(order: ExpiryOrder, instance: Instance, key: UserKey, { incarnation }: Expiry): Promise<void> {
    const { onOwned } = (await policiesOf(store.read, installationPolicy, instance.projectId))(instance).policy
    const began = performance.now()
    const now = await store.now()
    const checkClocks = ({ clock }: Facts) => {
      const storeNow = now + performance.now() - began
      if (clock !== undefined && !clocksAgree(storeNow, clock)) throw clocksDiffer()
    }
    await ledger.perform(order.of({ kind: 'drop-user', key, onOwned, incarnation }, checkClocks))
  }

  return { expire }
}

const LOCKED_WITHIN_MS = 5_000

/** Makes the orders that carry an expiry out. */
interface ExpiryOrder {
  /** What an order throws where its login is not there any more. */
  readonly nobody: Fault
  /** What it throws where nothing tells this login from another of its name. */
  readonly unknown: Fault
  /** What it throws where the login has another end by now. */
  readonly moved: Fault
  of(change: Change, check?: (facts: Facts) => void): Order
}

function orderOn({ id, projectId }: Instance, expiry: Expiry, key: UserKey, signal: AbortSignal): ExpiryOrder {
  const nobody = noUser(key)
  const unknown = new Fault('precondition_failed', 'user', `Nothing tells ${key.name} from another login of its name`)
  const moved = new Fault('precondition_failed', 'user', `The end of ${key.name} has been moved`)
  const confirm = async (tables: Tables) => {
    const now = (await tables.expiries.findMany(id, [expiry.key])).get(expiry.key)
    if (now?.due !== expiry.due || now.incarnation !== expiry.incarnation) throw moved
  }
  const caller = {
    operator: EXPIRY_OPERATOR,
    address: '127.0.0.1',
    dialect: 'system',
    requestId: randomUUID(),
  } as const
  const wish = { username: EXPIRY_OPERATOR.username }
  const of = (change: Change, check?: (facts: Facts) => void): Order => {
    const checkAll = (facts: Facts) => {
      if (facts.incarnation === undefined) throw unknown
      if (facts.incarnation !== expiry.incarnation) throw nobody
      check?.(facts)
    }
    return {
      caller,
      projectId,
      targets: [{ instanceId: id, change, wish, keepHalf: true, ifMissing: nobody, check: checkAll }],
      signal,
      confirm,
    }
  }
  return { nobody, unknown, moved, of }
}

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
