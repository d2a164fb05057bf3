import { Fault, isTransient, toFault } from '../domain/fault.ts'
import type { OperationTarget, StepShown, TargetOutcome } from '../domain/operations/operation.ts'
import { showStep } from '../engines/engine.ts'
import type { ClaimedOperation } from '../store/interface/operations.ts'
import type { Store } from '../store/store.ts'
import {
  type AttemptTarget,
  type OpenAttempts,
  openAttempts,
  ownPassword,
  type Planned,
  planAll,
  readBack,
  refuse,
  runSteps,
} from './attempt.ts'
import type { Leases } from './leases.ts'
import type { Links } from './links.ts'
import { close, postpone, settle } from './outcome.ts'
import { mayUndo, type RecordWish } from './settlement.ts'
import { isAnother, madeAnew, ranOf, type Unfinished, unwind } from './unwind.ts'

export interface RecoveryParts {
  readonly store: Store
  readonly links: Links
  readonly leases: Leases
  /** Passes when the attempt has taken too long; it is tried again later. */
  readonly deadlineMs: number
}

/** A stuck operation is tried for ever, at most this far apart. */
export const LONGEST_WAIT_MS = 30_000

/** An operation that was left behind, in the hands of the attempt that took it up. */
interface Recovering extends Unfinished {
  readonly operation: ClaimedOperation
}

/**
 * Brings an operation that its process left behind to its end: asks the engine what has been applied, never our notes. `since`: when it
 * was asked for, by `performance.now()`.
 */
export async function recover(
  parts: RecoveryParts,
  operation: ClaimedOperation,
  since: number,
  stopping: AbortSignal,
): Promise<void> {
  using lease = parts.leases.hold(operation.id, operation.attempts, since)
  const signal = AbortSignal.any([stopping, lease.signal, AbortSignal.timeout(parts.deadlineMs)])
  let attempts: OpenAttempts | undefined
  try {
    await endEarlierAttempts(parts, operation, signal)
    attempts = await openAttempts(parts, operation.id, operation.attempts, operation.targets.map(wishOf), signal)
    const looked = await planAll(attempts.all)
    const unfinished = { operation, attempts: attempts.all, lease }
    await bringToEnd(parts, unfinished, looked).catch(error => handOver(parts.store, unfinished, toFault(error)))
  } catch (error) {
    // Nobody has looked yet. Whatever kept us from it, what may have been applied must not be called undone.
    await postpone(parts.store, operation.id, lease.held, toFault(error), waitAfter(operation.attempts))
  } finally {
    await attempts?.[Symbol.asyncDispose]()
  }
}

/** A statement sent before a crash can take effect seconds later: the old sessions are ended, and seen gone, before anybody looks. */
async function endEarlierAttempts(
  parts: RecoveryParts,
  operation: ClaimedOperation,
  signal: AbortSignal,
): Promise<void> {
  const session = { installation: parts.store.installation, operation: operation.id }
  for (const target of operation.targets)
    await parts.links.endSession(target.instanceId, session, signal, ownPassword(wishOf(target)))
}

/** The target as it was ordered. */
function wishOf({ instanceId, change, record }: OperationTarget): AttemptTarget {
  const wish = (record ?? {}) as unknown as RecordWish & { readonly ownLogin?: boolean }
  return { instanceId, change, wish, ownLogin: wish.ownLogin }
}

async function bringToEnd(parts: RecoveryParts, unfinished: Recovering, looked: readonly Planned[]): Promise<void> {
  const { operation, lease } = unfinished
  const others = operation.targets.filter((target, at) => isAnother(target, looked[at]!.facts))
  const why = others[0] ? madeAnew(others[0]) : undefined
  // What takes away leaves nothing to be seen: then it shows in what is no longer to be done.
  const isUntouched = (target: OperationTarget, { facts, plan }: Planned) =>
    others.includes(target) || (!facts.applied && mayUndo(target) && ranOf(target, plan).length === 0)
  if (operation.targets.every((target, at) => isUntouched(target, looked[at]!)))
    return close(parts.store, operation.id, lease.held, why ?? interrupted())
  await lease.confirm()
  const finished: Finished[] = []
  for (const [at, target] of operation.targets.entries())
    finished.push(others.includes(target) ? NOTHING : await finish(unfinished, at, looked[at]!))
  const outcomes = finished.map(({ outcome }) => outcome)
  const steps = finished.map(one => one.steps)
  await settle(parts.store, operation, lease.held, { outcomes, steps, fault: why })
}

function interrupted(): Fault {
  return new Fault('unavailable', 'server', 'It was interrupted before anything was changed')
}

interface Finished {
  /** Undefined: it was left alone. */
  readonly outcome?: TargetOutcome
  readonly steps: readonly StepShown[]
}

const NOTHING: Finished = { steps: [] }

async function finish({ operation, attempts, lease }: Recovering, at: number, { plan }: Planned): Promise<Finished> {
  const attempt = attempts[at]!
  refuse([plan])
  await runSteps(attempt, plan, lease)
  return {
    outcome: await readBack(attempt),
    steps: withNew(operation.targets[at]!.steps, plan.steps.flatMap(showStep)),
  }
}

/** What earlier attempts ran stays in the ledger, with what this one had to add. */
function withNew(known: readonly StepShown[], ran: readonly StepShown[]): readonly StepShown[] {
  const isKnown = (step: StepShown) =>
    known.some(one => one.statement === step.statement && one.database === step.database)
  return [...known, ...ran.filter(step => !isKnown(step))]
}

/** What a repeat may cure is tried again later; for the rest, what was done is taken back. */
async function handOver(store: Store, unfinished: Recovering, fault: Fault): Promise<void> {
  const { operation, lease } = unfinished
  const later = (why: Fault) => postpone(store, operation.id, lease.held, why, waitAfter(operation.attempts))
  if (isTransient(fault) || isCuredByTime(fault)) return later(fault)
  await unwind(store, unfinished, fault).catch(error => later(toFault(error)))
}

/** Somebody accepts the server, or it is no standby any more when its election is over. */
export function isCuredByTime({ code }: Fault): boolean {
  return code === 'server_changed' || code === 'read_only'
}

/** 0.5, 1, 2, … 30 seconds. */
export function waitAfter(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.min(attempts - 1, 10))
}
