import { goesForward } from '../../domain/change.ts'
import { Fault, isTransient, toFault } from '../../domain/fault.ts'
import type { OperationTarget, StepShown } from '../../domain/operation.ts'
import { showStep } from '../../engines/engine.ts'
import type { ClaimedOperation, DoneTarget } from '../../store/store.ts'
import { type Planned, planTarget, readBack, refuse, runSteps } from '../attempt.ts'
import type { HeldLease } from '../leases.ts'
import { postpone } from '../outcome.ts'
import type { RecoveryParts } from '../recover.ts'
import type { RecordWish } from '../settlement.ts'
import { isAnother, madeAnew, ranOf } from '../unwind.ts'
import { noteOf } from './order.ts'
import { closeUndone, failure, finishSome } from './outcome.ts'
import { onEach, type Reached, reach } from './reach.ts'

/** What was dropped meanwhile may not stay a moment longer than its server is away. */
const DROP_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 30_000

/** Of the time for an attempt: whoever waits for one server leaves the others some. */
const OPENING = 0.6

/** An operation that was left behind, or that waits for some of its servers. */
interface Recovering {
  readonly operation: ClaimedOperation
  readonly lease: HeldLease
  readonly looked: Map<number, Planned>
}

/** Each server by itself: one that is away keeps nothing on the others from coming to its end. */
export async function recoverFanOut(
  parts: RecoveryParts,
  operation: ClaimedOperation,
  since: number,
  stopping: AbortSignal,
): Promise<void> {
  using lease = parts.leases.hold(operation.id, operation.attempts, since)
  const signal = AbortSignal.any([stopping, lease.signal, AbortSignal.timeout(parts.deadlineMs)])
  const later = (fault: Fault) => postpone(parts.store, operation.id, lease.held, fault, waitOf(operation))
  try {
    const all = { operation: operation.id, attempt: operation.attempts }
    const end = (instanceId: string, until: AbortSignal) => endEarlier(parts, operation, instanceId, until)
    await using reachable = await reach(parts, all, openTargets(operation), signal, OPENING * parts.deadlineMs, end)
    const work: Recovering = { operation, lease, looked: new Map() }
    const unseen = await onEach(reachable.reached, one => lookAt(work, one))
    const away = new Map([...reachable.failed, ...unseen])
    const seen = reachable.reached.filter(({ instanceId }) => !unseen.has(instanceId))
    const left = await bringToEnd(parts, work, seen, away)
    if (left) await later(left)
  } catch (error) {
    await later(toFault(error))
  }
}

/** Ending earlier sessions may mean to wait for them: first it is seen whether the server is there at all. */
async function endEarlier(
  { store, links }: RecoveryParts,
  { id, attempts }: ClaimedOperation,
  instanceId: string,
  signal: AbortSignal,
): Promise<void> {
  const { installation } = store
  const probe = await links.open(instanceId, { installation, operation: `probe-${id}`, attempt: attempts }, signal)
  await probe[Symbol.asyncDispose]()
  await links.endSession(instanceId, { installation, operation: id }, signal)
}

function openTargets({ targets }: ClaimedOperation) {
  return targets.flatMap(({ instanceId, change, record, isOver }, position) =>
    isOver ? [] : [{ instanceId, change, position, wish: (record ?? {}) as unknown as RecordWish }],
  )
}

async function lookAt({ looked }: Recovering, { attempts }: Reached): Promise<void> {
  for (const [position, attempt] of attempts) looked.set(position, await planTarget(attempt))
}

/** Answers why some of it is still open. */
async function bringToEnd(
  parts: RecoveryParts,
  work: Recovering,
  seen: readonly Reached[],
  away: ReadonlyMap<string, Fault>,
): Promise<Fault | undefined> {
  const { operation, lease } = work
  if (!isDecided(work)) {
    if (away.size > 0) return failure(away)
    await closeUndone(parts.store, operation, lease.held, interrupted())
    return undefined
  }
  await lease.confirm()
  const done: DoneTarget[] = []
  const failed = await onEach(seen, one => finishOn(work, one, done))
  const refused = [...failed].filter(([, fault]) => !isTransient(fault) && fault.code !== 'server_changed')
  // No repeat cures it: there it stays undone, with the reason.
  for (const [instanceId] of refused) done.push(...untouched(operation, instanceId, done))
  const why = refused[0]?.[1] ?? anotherOf(work)
  const left = await finishSome(parts.store, operation, lease.held, done, why)
  const open = new Map([...away, ...failed].filter(([id]) => !refused.some(([one]) => one === id)))
  return left === 0 ? undefined : failure(open.size > 0 ? open : new Map([['', interrupted()]]))
}

/** Once any of it is so, all of it is to be; and what only goes forward is done in any case. */
function isDecided({ operation, looked }: Recovering): boolean {
  const isForward = (target: OperationTarget) => goesForward(target.change) || noteOf(target.record)?.forward === true
  if (operation.targets.some(target => target.isOver || isForward(target))) return true
  return [...looked].some(([at, { facts, plan }]) => facts.applied || ranOf(operation.targets[at]!, plan).length > 0)
}

function interrupted(): Fault {
  return new Fault('unavailable', 'server', 'It was interrupted before anything was changed')
}

async function finishOn({ operation, lease, looked }: Recovering, { attempts }: Reached, done: DoneTarget[]) {
  for (const [position, attempt] of attempts) {
    const { facts, plan } = looked.get(position)!
    const target = operation.targets[position]!
    if (isAnother(target, facts)) {
      done.push({ position, steps: [] })
      continue
    }
    refuse([{ ...plan, refusals: plan.refusals.filter(({ code }) => !isMet(target, code)) }])
    await runSteps(attempt, plan, lease)
    done.push({
      position,
      outcome: await readBack(attempt),
      steps: withNew(target.steps, plan.steps.flatMap(showStep)),
    })
  }
}

/** What is to be taken back and is not there any more needs no taking back. */
function isMet({ kind, record }: OperationTarget, code: string): boolean {
  return code === 'not_found' && kind !== 'create-user' && noteOf(record)?.forward === true
}

function untouched({ targets }: ClaimedOperation, instanceId: string, done: readonly DoneTarget[]): DoneTarget[] {
  const isHere = (target: OperationTarget, at: number) =>
    target.instanceId === instanceId && !target.isOver && !done.some(({ position }) => position === at)
  return targets.flatMap((target, position) => (isHere(target, position) ? [{ position, steps: target.steps }] : []))
}

function anotherOf({ operation, looked }: Recovering): Fault | undefined {
  for (const [position, { facts }] of looked)
    if (isAnother(operation.targets[position]!, facts)) return madeAnew(operation.targets[position]!)
  return undefined
}

function withNew(known: readonly StepShown[], ran: readonly StepShown[]): readonly StepShown[] {
  const isKnown = (step: StepShown) => known.some(one => one.statement === step.statement)
  return [...known, ...ran.filter(step => !isKnown(step))]
}

function waitOf({ attempts, targets }: ClaimedOperation): number {
  const longest = targets.some(({ kind }) => kind.startsWith('drop-')) ? DROP_WAIT_MS : LONGEST_WAIT_MS
  return Math.min(longest, 500 * 2 ** Math.min(attempts - 1, 10))
}
