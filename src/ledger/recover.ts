import { Fault, isTransient, toFault } from '../domain/fault.ts'
import type { OperationTarget, StepShown, TargetOutcome } from '../domain/operation.ts'
import { showStep } from '../engines/engine.ts'
import type { ClaimedOperation, Held, Store } from '../store/store.ts'
import {
  type Attempt,
  type AttemptTarget,
  type OpenAttempts,
  openAttempts,
  ownPassword,
  type Planned,
  planAll,
  readBack,
  refuse,
  runSteps,
  takeBack,
} from './attempt.ts'
import type { HeldLease, Leases } from './leases.ts'
import type { Links } from './links.ts'
import { close, postpone, settle } from './outcome.ts'
import { mayUndo, type RecordWish } from './settlement.ts'

export interface RecoveryParts {
  readonly store: Store
  readonly links: Links
  readonly leases: Leases
  /** Passes when the attempt has taken too long; it is tried again later. */
  readonly deadlineMs: number
}

/** A stuck operation is tried for ever, at most this far apart. */
const LONGEST_WAIT_MS = 30_000

/** Brings an operation that its process left behind to its end: asks the engine what has been applied, never our notes. */
export async function recover(parts: RecoveryParts, operation: ClaimedOperation, stopping: AbortSignal): Promise<void> {
  const held: Held = { worker: operation.worker, attempt: operation.attempts }
  using lease = parts.leases.hold(operation.id)
  const signal = AbortSignal.any([stopping, lease.signal, AbortSignal.timeout(parts.deadlineMs)])
  let attempts: OpenAttempts | undefined
  try {
    await endEarlierAttempts(parts, operation, signal)
    attempts = await openAttempts(parts, operation.id, operation.attempts, operation.targets.map(wishOf), signal)
    const { all } = attempts
    const looked = await planAll(all)
    await bringToEnd(parts, operation, all, looked, held, lease).catch(error =>
      handOver(parts.store, operation, all, held, toFault(error)),
    )
  } catch (error) {
    // Nobody has looked yet. Whatever kept us from it, what may have been applied must not be called undone.
    await postpone(parts.store, operation.id, held, toFault(error), waitAfter(operation.attempts))
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

async function bringToEnd(
  parts: RecoveryParts,
  operation: ClaimedOperation,
  attempts: readonly Attempt[],
  looked: readonly Planned[],
  held: Held,
  lease: HeldLease,
): Promise<void> {
  const untouched = looked.every(({ facts }, at) => !facts.applied && mayUndo(operation.targets[at]!))
  if (untouched) return close(parts.store, operation.id, held, interrupted())
  await lease.confirm()
  const finished: Finished[] = []
  for (const [at, attempt] of attempts.entries()) {
    finished.push(await finish(operation.targets[at]!, attempt, looked[at]!, lease.signal))
  }
  const outcomes = finished.map(({ outcome }) => outcome)
  const steps = finished.map(one => one.steps)
  await settle(parts.store, operation, held, outcomes, steps)
}

function interrupted(): Fault {
  return new Fault('unavailable', 'server', 'It was interrupted before anything was changed')
}

interface Finished {
  readonly outcome: TargetOutcome
  readonly steps: readonly StepShown[]
}

async function finish(
  target: OperationTarget,
  attempt: Attempt,
  { facts, plan }: Planned,
  leaseLost: AbortSignal,
): Promise<Finished> {
  if (isAnother(target, facts.exists ? facts.incarnation : undefined)) return { outcome: {}, steps: target.steps }
  refuse([plan])
  await runSteps(attempt, plan, leaseLost)
  return { outcome: await readBack(attempt), steps: withNew(target.steps, plan.steps.flatMap(showStep)) }
}

/** What earlier attempts ran stays in the ledger, with what this one had to add. */
function withNew(known: readonly StepShown[], ran: readonly StepShown[]): readonly StepShown[] {
  const isKnown = (step: StepShown) =>
    known.some(one => one.statement === step.statement && one.database === step.database)
  return [...known, ...ran.filter(step => !isKnown(step))]
}

/** Somebody dropped the subject and made another of its name: it is not the one we were asked to change. */
function isAnother(target: OperationTarget, incarnation: string | undefined): boolean {
  return target.incarnation !== undefined && incarnation !== undefined && target.incarnation !== incarnation
}

/** What a repeat may cure is tried again later; for the rest, what was done is taken back. */
async function handOver(
  store: Store,
  operation: ClaimedOperation,
  attempts: readonly Attempt[],
  held: Held,
  fault: Fault,
): Promise<void> {
  if (isTransient(fault) || fault.code === 'server_changed') {
    return postpone(store, operation.id, held, fault, waitAfter(operation.attempts))
  }
  try {
    await takeBackWhatIsOurs(attempts)
    await close(store, operation.id, held, fault)
  } catch (error) {
    await postpone(store, operation.id, held, toFault(error), waitAfter(operation.attempts))
  }
}

async function takeBackWhatIsOurs(attempts: readonly Attempt[]): Promise<void> {
  const looked = await planAll(attempts)
  await takeBack(
    attempts,
    looked.map(({ facts }) => facts),
  )
}

/** 0.5, 1, 2, … 30 seconds. */
export function waitAfter(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.min(attempts - 1, 10))
}
