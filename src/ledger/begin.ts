import { setTimeout as sleep } from 'node:timers/promises'
import { subjectOf } from '../domain/change.ts'
import { isFault } from '../domain/fault.ts'
import { showStep } from '../engines/engine.ts'
import type { NewOperation, Store, Tables } from '../store/store.ts'
import type { Planned } from './attempt.ts'
import { LEASE_MS } from './leases.ts'
import type { Order } from './order.ts'
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
}

/** An operation that has been written. */
export interface Begun {
  readonly operation: Written
  /** Another one was open on the same subject, and waited for. */
  readonly waited: boolean
}

/** Writes the operation. Another one open on the same subject is waited for. */
export async function begin(store: Store, beginning: Beginning): Promise<Begun> {
  const until = performance.now() + CONFLICT_WAIT_MS
  for (let waited = false; ; waited = true) {
    try {
      return { operation: await store.transaction(tables => write(tables, beginning)), waited }
    } catch (error) {
      const busy = isFault(error) && error.code === 'conflict' && error.subject !== 'request'
      if (!busy || performance.now() > until || beginning.order.signal.aborted) throw error
      await sleep(PAUSE_MS)
    }
  }
}

/** The operation with everything needed to finish or undo it, its lease, its audit lines, and the replay that will find it. */
async function write(tables: Tables, beginning: Beginning): Promise<Written> {
  const { order } = beginning
  const operation = newOperation(beginning, await tables.now())
  await tables.operations.begin(operation)
  await order.confirm?.(tables)
  for (const line of auditLines(operation)) await tables.audit.add(line)
  if (order.replay) await tables.replays.save({ ...order.replay, operationId: operation.id })
  return operation
}

function newOperation({ id, worker, order, planned }: Beginning, now: number): NewOperation & Written {
  const { operator, key, address, dialect, requestId } = order.caller
  const targets = order.targets.map(({ instanceId, change, wish, ownLogin }, at) => ({
    instanceId,
    subject: subjectOf(change),
    kind: change.kind,
    change,
    incarnation: planned[at]!.facts.incarnation,
    steps: planned[at]!.plan.steps.flatMap(showStep),
    record: { ...wish, ownLogin },
  }))
  const origin = { operatorId: operator.id, keyId: key?.id, address, dialect, requestId, projectId: order.projectId }
  return { ...origin, id, createdAt: now, worker, leaseUntil: now + LEASE_MS, targets }
}

function auditLines(operation: NewOperation) {
  const { projectId, operatorId, keyId, address, dialect, requestId, createdAt: at, id: operationId } = operation
  return operation.targets.map(({ change, subject, steps }) => {
    const detail = steps.map(({ statement }) => statement)
    const origin = { projectId, operatorId, keyId, address, dialect, requestId, at, operationId }
    return { ...origin, action: change.kind, subject: subject.key, detail, outcome: 'begun' } as const
  })
}
