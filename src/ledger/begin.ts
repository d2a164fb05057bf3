import { setTimeout as sleep } from 'node:timers/promises'
import { isFault } from '../domain/fault.ts'
import { subjectOf } from '../domain/users/change.ts'
import { showStep } from '../engines/engine.ts'
import type { Held, NewOperation } from '../store/interface/operations.ts'
import type { Store, Tables } from '../store/store.ts'
import type { Planned } from './attempt.ts'
import { LEASE_MS, takenOver } from './leases.ts'
import type { Order, OrderTarget } from './order.ts'
import type { Written } from './outcome.ts'

/** How long a change waits for another one of the same subject before it gets the dialect's conflict. */
const CONFLICT_WAIT_MS = 5_000
const PAUSE_MS = 50

/** An operation that is about to be written. */
export interface Beginning {
  readonly id: string
  readonly worker: string
  readonly order: Order
  readonly planned: readonly Planned[]
  /** By the store's clock: when it was begun to ask what is so. */
  readonly plannedAt?: number
}

/** An operation that has been written. */
export interface Begun {
  readonly operation: Written
  /** Another one ended on the same subject since this one was planned, and may have been waited for. */
  readonly waited: boolean
  /** When its lease began, by `performance.now()`. */
  readonly since: number
}

/** Writes the operation. Another one open on the same subject is waited for. */
export async function begin(store: Store, beginning: Beginning): Promise<Begun> {
  const until = performance.now() + CONFLICT_WAIT_MS
  for (let waited = false; ; waited = true) {
    const since = performance.now()
    try {
      const { operation, isLate } = await store.transaction(tables => write(tables, beginning))
      return { operation, waited: waited || isLate, since }
    } catch (error) {
      const busy = isFault(error) && error.code === 'conflict' && error.subject !== 'request'
      if (!busy || performance.now() > until || beginning.order.signal.aborted) throw error
      await sleep(PAUSE_MS)
    }
  }
}

/** The operation with everything needed to finish or undo it, its lease, its audit lines, and the replay that will find it. */
async function write(tables: Tables, beginning: Beginning) {
  const { order, plannedAt } = beginning
  const operation = newOperation(beginning, await tables.now())
  await order.prepare?.(tables)
  const isLate = await tables.operations.begin(operation, plannedAt)
  await order.confirm?.(tables)
  for (const line of auditLines(operation)) await tables.audit.add(line)
  if (order.replay) await tables.replays.save({ ...order.replay, operationId: operation.id })
  return { operation, isLate }
}

function newOperation({ id, worker, order, planned }: Beginning, now: number): NewOperation & Written {
  const { operator, key, address, dialect, requestId } = order.caller
  const targets = order.targets.map((target, at) => ({
    instanceId: target.instanceId,
    subject: subjectOf(target.change),
    kind: target.change.kind,
    change: target.change,
    ...seenOf(target, planned[at]!),
  }))
  const origin = { operatorId: operator.id, keyId: key?.id, address, dialect, requestId, projectId: order.projectId }
  return { ...origin, id, createdAt: now, worker, leaseUntil: now + LEASE_MS, targets }
}

/** What is kept of how things were before the first statement: recovery undoes it to just that. */
function seenOf({ wish, ownLogin, keepHalf }: OrderTarget, { facts, plan, undo }: Planned) {
  const nameless = (facts.exists && facts.incarnation === undefined) || undefined
  return {
    incarnation: facts.incarnation,
    steps: plan.steps.flatMap(showStep),
    record: { ...wish, ownLogin, undo: keepHalf ? undefined : undo, nameless },
  }
}

/** Whoever waited for its turn begins from how the one before left things. */
export async function beginAnew(
  store: Store,
  operation: Written,
  held: Held,
  order: Order,
  planned: readonly Planned[],
): Promise<Written> {
  const seen = order.targets.map((target, at) => seenOf(target, planned[at]!))
  const isMine = await store.transaction(tables => tables.operations.replan(operation.id, held, seen))
  if (!isMine) throw takenOver(operation.id)
  return { ...operation, targets: operation.targets.map((target, at) => ({ ...target, ...seen[at]! })) }
}

function auditLines(operation: NewOperation) {
  const { projectId, operatorId, keyId, address, dialect, requestId, createdAt: at, id: operationId } = operation
  return operation.targets.map(({ change, subject, steps }) => {
    const detail = steps.map(({ statement }) => statement)
    const origin = { projectId, operatorId, keyId, address, dialect, requestId, at, operationId }
    return { ...origin, action: change.kind, subject: subject.key, detail, outcome: 'begun' } as const
  })
}
