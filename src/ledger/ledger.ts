import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from '../domain/caller.ts'
import { type Change, subjectOf } from '../domain/change.ts'
import { Fault, isFault, isTransient, toFault } from '../domain/fault.ts'
import { newOperationId } from '../domain/id.ts'
import type { TargetOutcome } from '../domain/operation.ts'
import { type Facts, type Plan, showStep } from '../engines/engine.ts'
import type { Held, Replay, Store } from '../store/store.ts'
import { type Attempt, closeAttempt, openTarget, planTarget, readBack, refuse, runSteps, takeBack } from './attempt.ts'
import { LEASE_MS, type Leases } from './leases.ts'
import type { Links } from './links.ts'
import { close, postpone, settle } from './outcome.ts'
import type { RecordWish } from './settlement.ts'

/** What a caller wants done, to one subject or several, as one operation. */
export interface Order {
  readonly caller: Caller
  readonly projectId: string
  readonly targets: readonly OrderTarget[]
  /** A repeat of the same request finds this operation by it. */
  readonly replay?: Omit<Replay, 'operationId' | 'answer'>
  /** Passes at the request's deadline: the caller then gets a 503, and the outcome is kept for it. */
  readonly signal: AbortSignal
}

export interface OrderTarget {
  readonly instanceId: string
  readonly change: Change
  readonly wish: RecordWish
  /** The managing login changes its own password: recovery must try the new one too. */
  readonly ownLogin?: boolean
  /** Thrown when the subject is not there: to an engine, dropping what is missing is no work at all. */
  readonly ifMissing?: Fault
}

export interface Performed {
  readonly operationId: string
  readonly outcomes: readonly TargetOutcome[]
}

/** What the ledger is made of. */
export interface LedgerParts {
  readonly store: Store
  readonly links: Links
  readonly leases: Leases
  /** Wakes the worker: an operation waits for it. */
  readonly onPostponed: () => void
}

/** How long a change waits for another one of the same subject before it gets the dialect's conflict. */
const CONFLICT_WAIT_MS = 5_000

/** Carries out changes so that a crash at any point leaves nothing half-done and nothing unknown. */
export interface Ledger {
  /** Returns once everything has settled; throws the reason once everything has been undone. */
  perform(order: Order): Promise<Performed>
  /** The steps that `perform` would run now, and why it would refuse; nothing is written. */
  preview(order: Omit<Order, 'replay'>): Promise<readonly Plan[]>
}

export function createLedger(parts: LedgerParts): Ledger {
  return {
    perform: order => perform(parts, order),
    preview: order => preview(parts, order),
  }
}

async function preview(parts: LedgerParts, order: Omit<Order, 'replay'>): Promise<readonly Plan[]> {
  const id = newOperationId(await parts.store.now())
  const planned: Planned[] = []
  for (const target of order.targets) {
    await using attempt = await openTarget(parts, id, 0, target, order.signal)
    planned.push(await planTarget(attempt))
  }
  checkThere(order, planned)
  return planned.map(one => one.plan)
}

async function perform(parts: LedgerParts, order: Order): Promise<Performed> {
  const id = newOperationId(await parts.store.now())
  const attempts: Attempt[] = []
  try {
    for (const target of order.targets) attempts.push(await openTarget(parts, id, 1, target, order.signal))
    let planned = await Promise.all(attempts.map(planTarget))
    checkThere(order, planned)
    refuse(planned.map(one => one.plan))
    const waited = await begin(parts, id, order, planned)
    using lease = parts.leases.hold(id)
    if (waited) planned = await planAgain(parts, id, order, attempts)
    const outcomes = await run(parts, id, attempts, planned, lease.signal)
    return { operationId: id, outcomes }
  } finally {
    await Promise.all(attempts.map(closeAttempt))
  }
}

interface Planned {
  readonly facts: Facts
  readonly plan: Plan
}

function checkThere(order: Pick<Order, 'targets'>, planned: readonly Planned[]): void {
  for (const [at, { ifMissing }] of order.targets.entries()) {
    if (ifMissing && !planned[at]!.facts.exists) throw ifMissing
  }
}

/** Writes the operation. Another one open on the same subject is waited for; true if that happened. */
async function begin(parts: LedgerParts, id: string, order: Order, planned: readonly Planned[]): Promise<boolean> {
  const until = performance.now() + CONFLICT_WAIT_MS
  for (let waited = false; ; waited = true) {
    try {
      await writeBeginning(parts, id, order, planned)
      return waited
    } catch (error) {
      const busy = isFault(error) && error.code === 'conflict'
      if (!busy || performance.now() > until || order.signal.aborted) throw error
      await sleep(50)
    }
  }
}

function writeBeginning(parts: LedgerParts, id: string, order: Order, planned: readonly Planned[]): Promise<void> {
  const { caller } = order
  const origin = {
    operatorId: caller.operator.id,
    keyId: caller.key.id,
    address: caller.address,
    dialect: caller.dialect,
    requestId: caller.requestId,
  }
  return parts.store.transaction(async tables => {
    const now = await tables.now()
    const targets = order.targets.map(({ instanceId, change, wish, ownLogin }, at) => ({
      instanceId,
      subject: subjectOf(change),
      change,
      incarnation: planned[at]!.facts.incarnation,
      steps: planned[at]!.plan.steps.flatMap(showStep),
      record: { ...wish, ownLogin },
    }))
    await tables.operations.begin({
      ...origin,
      id,
      projectId: order.projectId,
      createdAt: now,
      worker: parts.leases.worker,
      leaseUntil: now + LEASE_MS,
      targets,
    })
    for (const target of targets) {
      await tables.audit.add({
        ...origin,
        projectId: order.projectId,
        at: now,
        operationId: id,
        action: target.change.kind,
        subject: target.subject.key,
        detail: target.steps.map(step => step.statement),
        outcome: 'begun',
      })
    }
    if (order.replay) await tables.replays.save({ ...order.replay, operationId: id })
  })
}

/** Somebody else changed the subject while we waited: what was planned may be wrong by now. */
async function planAgain(
  parts: LedgerParts,
  id: string,
  order: Order,
  attempts: readonly Attempt[],
): Promise<Planned[]> {
  const planned = await Promise.all(attempts.map(planTarget))
  try {
    checkThere(order, planned)
    refuse(planned.map(one => one.plan))
  } catch (error) {
    await close(parts.store, id, held(parts, 1), toFault(error))
    throw error
  }
  return planned
}

async function run(
  parts: LedgerParts,
  id: string,
  attempts: readonly Attempt[],
  planned: readonly Planned[],
  leaseLost: AbortSignal,
): Promise<readonly TargetOutcome[]> {
  let done = 0
  try {
    for (const attempt of attempts) {
      await runSteps(attempt, planned[done]!.plan, leaseLost)
      done++
    }
    const outcomes = await Promise.all(attempts.map(readBack))
    await settle(
      parts.store,
      id,
      held(parts, 1),
      outcomes,
      planned.map(one => one.plan.steps.flatMap(showStep)),
    )
    return outcomes
  } catch (error) {
    throw await giveUp(parts, id, attempts, planned, toFault(error))
  }
}

/** After a failure in the living request: take back what was done, or leave it to the worker where we can't know. Answers what to throw. */
async function giveUp(
  parts: LedgerParts,
  id: string,
  attempts: readonly Attempt[],
  planned: readonly Planned[],
  fault: Fault,
): Promise<Fault> {
  if (!isTransient(fault)) {
    const taken = await takeBack(
      attempts,
      planned.map(one => one.facts),
    ).then(
      () => true,
      () => false,
    )
    if (taken) {
      await close(parts.store, id, held(parts, 1), fault)
      return fault
    }
  }
  await postpone(parts.store, id, held(parts, 1), fault, 0)
  parts.onPostponed()
  return new Fault(
    'unavailable',
    'server',
    'The server did not answer in time; the change will be finished or undone as soon as it does',
    {
      cause: fault,
      retryAfterSeconds: 5,
      operationId: id,
    },
  )
}

function held(parts: LedgerParts, attempt: number): Held {
  return { worker: parts.leases.worker, attempt }
}
