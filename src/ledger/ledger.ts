import { endOf } from '../domain/change.ts'
import { Fault, isTransient, toFault } from '../domain/fault.ts'
import { newOperationId } from '../domain/id.ts'
import type { TargetOutcome } from '../domain/operation.ts'
import { type Plan, showStep } from '../engines/engine.ts'
import type { Held, Store } from '../store/store.ts'
import {
  type Attempt,
  openAttempts,
  type Planned,
  planAll,
  readBackAll,
  refuse,
  runSteps,
  takeBack,
} from './attempt.ts'
import { begin } from './begin.ts'
import { orLate, tooLate } from './deadline.ts'
import type { Leases } from './leases.ts'
import type { Links } from './links.ts'
import type { Order, Performed } from './order.ts'
import { close, postpone, settle, type Written } from './outcome.ts'

/** What the ledger is made of. */
export interface LedgerParts {
  readonly store: Store
  readonly links: Links
  readonly leases: Leases
  /** Wakes the worker: an operation waits for it. */
  readonly onPostponed: () => void
}

/** Carries out changes so that a crash at any point leaves nothing half-done and nothing unknown. */
export interface Ledger {
  /** Returns once everything has settled; throws the reason once everything has been undone. */
  perform(order: Order): Promise<Performed>
  /** The steps that `perform` would run now, and why it would refuse; nothing is written. */
  preview(order: Omit<Order, 'replay'>): Promise<readonly Plan[]>
}

/** An engine that says `conflict` was overtaken by another change: planned anew, this one may go through. */
const TRIES = 4

export function createLedger(parts: LedgerParts): Ledger {
  return {
    perform: order => perform(parts, order),
    preview: order => preview(parts, order),
  }
}

async function preview(parts: LedgerParts, order: Omit<Order, 'replay'>): Promise<readonly Plan[]> {
  const id = newOperationId(await parts.store.now())
  await using attempts = await openAttempts(parts, id, 0, order.targets, order.signal)
  const planned = await planAll(attempts.all)
  checkThere(order, planned)
  return planned.map(one => one.plan)
}

/** A server that is silent must not make its caller wait longer than was promised: the work then goes on alone. */
async function perform(parts: LedgerParts, order: Order): Promise<Performed> {
  const id = newOperationId(await parts.store.now())
  let begunAs: string | undefined
  const work = performWhole(parts, order, id, () => (begunAs = id))
  return orLate(work, order.signal, () => tooLate(begunAs))
}

async function performWhole(parts: LedgerParts, order: Order, id: string, onBegun: () => void): Promise<Performed> {
  await using attempts = await openAttempts(parts, id, 1, order.targets, order.signal)
  const planned = await planWhole(order, attempts.all)
  if (order.signal.aborted) throw tooLate()
  const { operation, waited } = await begin(parts.store, { id, worker: parts.leases.worker, order, planned })
  onBegun()
  using lease = parts.leases.hold(id)
  const work = { operation, order, attempts: attempts.all, before: planned, leaseLost: lease.signal }
  try {
    // Somebody else changed the subject while we waited: what was planned may be wrong by now.
    const outcomes = await carryOut(parts, work, waited ? await planWhole(order, attempts.all) : planned)
    return { operationId: id, outcomes }
  } catch (error) {
    throw await giveUp(parts, work, toFault(error))
  }
}

/** A plan for every target, or the reason why there is none. */
async function planWhole(order: Order, attempts: readonly Attempt[]): Promise<readonly Planned[]> {
  const planned = await planAll(attempts)
  checkThere(order, planned)
  refuse(planned.map(one => one.plan))
  return planned
}

function checkThere(order: Pick<Order, 'targets'>, planned: readonly Planned[]): void {
  for (const [at, { ifMissing, change, check }] of order.targets.entries()) {
    const { facts } = planned[at]!
    if (ifMissing && !facts.exists) throw ifMissing
    if (facts.exists && facts.incarnation === undefined && endOf(change)?.until !== undefined) throw nameless()
    check?.(facts)
  }
}

function nameless(): Fault {
  return new Fault(
    'unsupported',
    'user',
    'Nothing on the server tells this login from a later one of its name, so it can have no end: a login that Rolecall makes can',
  )
}

/** An operation that has been written, in the hands of the request that asked for it. */
interface Work {
  readonly operation: Written
  readonly order: Order
  readonly attempts: readonly Attempt[]
  /** What was so before anything was done. */
  readonly before: readonly Planned[]
  readonly leaseLost: AbortSignal
}

async function carryOut(
  parts: LedgerParts,
  work: Work,
  planned: readonly Planned[],
): Promise<readonly TargetOutcome[]> {
  const ran = await runAll(work, planned)
  const outcomes = await readBackAll(work.attempts)
  const steps = ran.map(one => one.plan.steps.flatMap(showStep))
  await settle(parts.store, work.operation, firstAttempt(parts), outcomes, steps)
  return outcomes
}

/** Answers the plans that went through. */
async function runAll(work: Work, planned: readonly Planned[], tries = TRIES): Promise<readonly Planned[]> {
  try {
    for (const [at, attempt] of work.attempts.entries()) await runSteps(attempt, planned[at]!.plan, work.leaseLost)
    return planned
  } catch (error) {
    if (toFault(error).code !== 'conflict' || work.leaseLost.aborted || tries === 1) throw error
    return runAll(work, await planWhole(work.order, work.attempts), tries - 1)
  }
}

/** After a failure in the living request: take back what was done, or leave it to the worker where we can't know. Answers what to throw. */
async function giveUp(parts: LedgerParts, { operation, attempts, before }: Work, fault: Fault): Promise<Fault> {
  const { id } = operation
  const facts = before.map(one => one.facts)
  if (!isTransient(fault) && (await succeeds(takeBack(attempts, facts)))) {
    await close(parts.store, id, firstAttempt(parts), fault)
    return fault
  }
  await postpone(parts.store, id, firstAttempt(parts), fault, 0)
  parts.onPostponed()
  return tooLate(id, fault)
}

function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

function firstAttempt({ leases }: LedgerParts): Held {
  return { worker: leases.worker, attempt: 1 }
}
