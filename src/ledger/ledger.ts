import { Fault, isTransient, toFault } from '../domain/fault.ts'
import { newOperationId } from '../domain/id.ts'
import type { StepShown, TargetOutcome } from '../domain/operations/operation.ts'
import { endOf } from '../domain/users/change.ts'
import { type FoundBehind, type Plan, showStep } from '../engines/engine.ts'
import type { Store } from '../store/store.ts'
import { type Attempt, openAttempts, type Planned, planAll, readBackAll, refuse, runSteps } from './attempt.ts'
import { begin, beginAnew } from './begin.ts'
import { orLate, tooLate } from './deadline.ts'
import { type HeldLease, isTakenOver, type Leases } from './leases.ts'
import type { Links } from './links.ts'
import type { Order, OrderTarget, Performed } from './order.ts'
import { close, postpone, settle, type Written } from './outcome.ts'
import { unwind } from './unwind.ts'

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
  const plannedAt = await parts.store.now()
  const id = newOperationId(plannedAt)
  let begunAs: string | undefined
  const work = performWhole(parts, order, { id, plannedAt }, () => (begunAs = id))
  return orLate(work, order.signal, () => tooLate(begunAs))
}

async function performWhole(
  parts: LedgerParts,
  order: Order,
  { id, plannedAt }: { readonly id: string; readonly plannedAt: number },
  onBegun: () => void,
): Promise<Performed> {
  await using attempts = await openAttempts(parts, id, 1, order.targets, order.signal)
  const planned = await planWhole(order, attempts.all)
  if (order.signal.aborted) throw tooLate()
  const begun = await begin(parts.store, { id, worker: parts.leases.worker, order, planned, plannedAt })
  onBegun()
  using lease = parts.leases.hold(id, 1, begun.since)
  const work: Work = {
    operation: begun.operation,
    order,
    attempts: attempts.all,
    lease,
    planned,
    hasSent: false,
    found: new Map(),
  }
  try {
    if (begun.waited) await planAnew(parts, work)
    return { operationId: id, outcomes: await carryOut(parts, work) }
  } catch (error) {
    throw await giveUp(parts, work, toFault(error))
  }
}

/** Somebody else changed the subject while we waited: what was planned may be wrong by now. */
async function planAnew(parts: LedgerParts, work: Work): Promise<void> {
  const { order, attempts, lease } = work
  work.planned = await planWhole(order, attempts)
  work.operation = await beginAnew(parts.store, work.operation, lease.held, order, work.planned)
}

/** A plan for every target, or the reason why there is none. */
async function planWhole(order: Order, attempts: readonly Attempt[]): Promise<readonly Planned[]> {
  const planned = await planAll(attempts)
  checkThere(order, planned)
  refuse(planned.map(one => one.plan))
  return planned
}

function checkThere({ targets }: Pick<Order, 'targets'>, planned: readonly Planned[]): void {
  for (const [at, target] of targets.entries()) checkOne(target, planned[at]!)
}

function checkOne({ ifMissing, change, check }: OrderTarget, { facts }: Planned): void {
  if (ifMissing && !facts.exists) throw ifMissing
  if (facts.exists && facts.incarnation === undefined && endOf(change)?.until !== undefined) throw nameless()
  check?.(facts)
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
  operation: Written
  readonly order: Order
  readonly attempts: readonly Attempt[]
  readonly lease: HeldLease
  planned: readonly Planned[]
  /** Something may have changed on an engine. */
  hasSent: boolean
  /** Of those that have been done. */
  readonly found: Map<Attempt, FoundBehind>
}

async function carryOut(parts: LedgerParts, work: Work): Promise<readonly TargetOutcome[]> {
  const steps = await runAll(work)
  const outcomes = await readBackAll(work.attempts, work.found)
  await settle(parts.store, work.operation, work.lease.held, { outcomes, steps })
  return outcomes
}

/** Answers the steps that were run, of each target. */
async function runAll(work: Work): Promise<readonly (readonly StepShown[])[]> {
  const ran: StepShown[][] = work.attempts.map(() => [])
  for (let tries = TRIES; ; tries--) {
    try {
      await runEach(work, ran)
      return ran
    } catch (error) {
      const fault = toFault(error)
      if (fault.code !== 'conflict' || isTakenOver(fault) || tries === 1) throw fault
      await planRest(work, ran)
    }
  }
}

async function runEach(work: Work, ran: readonly StepShown[][]): Promise<void> {
  for (const [at, attempt] of work.attempts.entries()) {
    const { plan } = work.planned[at]!
    if (plan.steps.length > 0) work.hasSent = true
    const found = await runSteps(attempt, plan, work.lease, step => ran[at]!.push(...showStep(step)))
    if (found) work.found.set(attempt, found)
  }
}

/** What we have dropped ourselves is not there any more, and is not missing. */
async function planRest(work: Work, ran: readonly StepShown[][]): Promise<void> {
  work.planned = await planAll(work.attempts)
  for (const [at, target] of work.order.targets.entries())
    if (ran[at]!.length === 0) checkOne(target, work.planned[at]!)
  refuse(work.planned.map(one => one.plan))
}

/** After a failure in the living request: take back what was done, or leave it to the worker where we can't know. Answers what to throw. */
async function giveUp(parts: LedgerParts, work: Work, fault: Fault): Promise<Fault> {
  const { operation, lease } = work
  const told = isTransient(fault) ? undefined : await endHere(parts, work, fault)
  if (told) return told
  // A store that is away takes nothing down: then the lease runs out by itself.
  await postpone(parts.store, operation.id, lease.held, fault, 0).catch(() => undefined)
  parts.onPostponed()
  return tooLate(operation.id, fault)
}

/** Undefined where it could not be brought to an end now. */
async function endHere({ store }: LedgerParts, work: Work, fault: Fault): Promise<Fault | undefined> {
  try {
    if (work.hasSent) return await unwind(store, work, fault)
    await close(store, work.operation.id, work.lease.held, fault)
    return fault
  } catch {
    return undefined
  }
}
