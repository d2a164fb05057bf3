import { Fault, isTransient, toFault } from '../../domain/fault.ts'
import type { OperationTarget, StepShown } from '../../domain/operations/operation.ts'
import { goesForward } from '../../domain/users/change.ts'
import { showStep } from '../../engines/engine.ts'
import type { ClaimedOperation } from '../../store/interface/operations.ts'
import { type Planned, planTarget, readBack, refuse, runSteps } from '../attempt.ts'
import type { HeldLease } from '../leases.ts'
import { postpone } from '../outcome.ts'
import { isCuredByTime, LONGEST_WAIT_MS, type RecoveryParts, waitAfter } from '../recover.ts'
import type { RecordWish } from '../settlement.ts'
import { isAnother, madeAnew, ranOf, setsPassword, undoOf } from '../unwind.ts'
import { noteOf } from './order.ts'
import { closeUndone, type EndedTarget, failure, finishSome } from './outcome.ts'
import { instancesOf, type Reached, reachOne } from './reach.ts'
import type { Rest, Rests } from './rests.ts'
import { isApplied, takeBackOne } from './take-back.ts'

/** What was dropped meanwhile may not stay a moment longer than its server is away. */
const DROP_WAIT_MS = 2_000

/** Of the time for an attempt: whoever waits for one server leaves the others some. */
const OPENING = 0.6

/** An operation that was left behind, or that waits for some of its servers. */
interface Recovering {
  readonly operation: ClaimedOperation
  readonly lease: HeldLease
  readonly looked: Map<number, Planned>
  readonly verdict: Verdict
}

export interface FanOutRecoveryParts extends RecoveryParts {
  readonly rests: Rests
}

/** Each server by itself: one that is away, or silent, or will not, keeps nothing on the others from coming to its end. */
export async function recoverFanOut(
  parts: FanOutRecoveryParts,
  operation: ClaimedOperation,
  since: number,
  stopping: AbortSignal,
): Promise<void> {
  using lease = parts.leases.hold(operation.id, operation.attempts, since)
  const signal = AbortSignal.any([stopping, lease.signal, AbortSignal.timeout(parts.deadlineMs)])
  const later = (fault: Fault, ms: number) => postpone(parts.store, operation.id, lease.held, fault, ms)
  try {
    const resting = restingIn(parts, operation)
    const ids = instancesOf(openTargets(operation)).filter(id => !resting.has(id))
    const work: Recovering = { operation, lease, looked: new Map(), verdict: verdictOf(ids.length) }
    if (isDecided(work)) work.verdict.bringAbout()
    const open = new Map<string, Fault>()
    const end = (id: string) => endOn(parts, work, id, signal).catch(error => void open.set(id, toFault(error)))
    await Promise.all(ids.map(end))
    const waits = [...open].map(([id, fault]) => waitOn(parts, operation, id, fault))
    const left = new Map([...open, ...[...resting].map(([id, { fault }]) => [id, fault] as const)])
    if (left.size > 0) await later(failure(left), Math.min(...waits, ...[...resting.values()].map(one => one.leftMs)))
    else if (!(await work.verdict.reached)) await closeUndone(parts.store, operation, lease.held, interrupted())
  } catch (error) {
    await later(toFault(error), waitAfter(operation.attempts))
  }
}

/** Who gave its answer a moment ago, while others are waited for. Where nobody else is left, an operator wants it to be asked. */
function restingIn({ rests }: FanOutRecoveryParts, operation: ClaimedOperation): ReadonlyMap<string, Rest> {
  const ids = instancesOf(openTargets(operation))
  const resting = new Map<string, Rest>()
  for (const id of ids) {
    const rest = rests.find(operation.id, id)
    if (rest) resting.set(id, rest)
  }
  return resting.size === ids.length ? new Map() : resting
}

function waitOn({ rests }: FanOutRecoveryParts, operation: ClaimedOperation, instanceId: string, fault: Fault): number {
  if (isTransient(fault) || isCuredByTime(fault)) return Math.min(longestFor(operation), waitAfter(operation.attempts))
  rests.note(operation.id, instanceId, fault)
  return rests.find(operation.id, instanceId)!.leftMs
}

/** Is it to be done, or was nothing of it? */
interface Verdict {
  readonly reached: Promise<boolean>
  /** It is known by now. */
  readonly isReached: boolean
  bringAbout(): void
  /** One server more was looked at, or could not be. */
  next(): void
}

function verdictOf(servers: number): Verdict {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let left = servers
  let isReached = false
  const reach = (verdict: boolean) => {
    isReached = true
    resolve(verdict)
  }
  return {
    reached: promise,
    get isReached() {
      return isReached
    },
    bringAbout: () => reach(true),
    next: () => {
      if (--left === 0) reach(false)
    },
  }
}

/** Throws why something is still open there. Whoever waits for what the other servers show holds no link: they may need it. */
async function endOn(parts: RecoveryParts, work: Recovering, instanceId: string, signal: AbortSignal): Promise<void> {
  const { verdict } = work
  {
    await using one = await lookAt(parts, work, instanceId, signal).finally(() => verdict.next())
    if (verdict.isReached) {
      if (await verdict.reached) await bringToEnd(parts, work, one)
      return
    }
  }
  if (!(await verdict.reached)) return
  await using one = await lookAgain(parts, work, instanceId, signal)
  await bringToEnd(parts, work, one)
}

async function bringToEnd(parts: RecoveryParts, work: Recovering, one: Reached): Promise<void> {
  const { operation, lease } = work
  await lease.confirm()
  const done: EndedTarget[] = []
  const fault = await finishOn(work, one, done).then(() => undefined, toFault)
  const isOver = fault && isForGood(operation, one.instanceId, fault)
  if (isOver) await giveUp(work, one, done)
  const why = isOver ? fault : anotherOf(work, one.instanceId)
  if (done.length > 0) await finishSome(parts.store, operation, lease.held, done, why)
  if (fault && !isOver) throw fault
}

async function lookAt(parts: RecoveryParts, work: Recovering, instanceId: string, signal: AbortSignal) {
  const end = (until: AbortSignal) => endEarlier(parts, work.operation, instanceId, until)
  return lookAgain(parts, work, instanceId, signal, end)
}

async function lookAgain(
  parts: RecoveryParts,
  work: Recovering,
  instanceId: string,
  signal: AbortSignal,
  before?: (signal: AbortSignal) => Promise<void>,
): Promise<Reached & AsyncDisposable> {
  const { operation, looked, verdict } = work
  const attempt = { operation: operation.id, attempt: operation.attempts }
  const own = openTargets(operation).filter(target => target.instanceId === instanceId)
  await using opened = new AsyncDisposableStack()
  const one = opened.use(await reachOne(parts, attempt, own, signal, OPENING * parts.deadlineMs, before))
  for (const [position, attempt] of one.attempts) looked.set(position, await planTarget(attempt))
  if (isDecided(work)) verdict.bringAbout()
  opened.move()
  return one
}

/** No repeat cures it. What takes something away is tried for ever: whoever asked was told that it goes. */
function isForGood({ targets }: ClaimedOperation, instanceId: string, fault: Fault): boolean {
  if (isTransient(fault) || isCuredByTime(fault)) return false
  return !targets.some(target => target.instanceId === instanceId && !target.isOver && goesForward(target.change))
}

/** There nothing of it stays, but a password that nobody can have back. Last first. */
async function giveUp({ operation, lease, looked }: Recovering, { attempts }: Reached, done: EndedTarget[]) {
  for (const [position, attempt] of [...attempts].reverse()) {
    const target = operation.targets[position]!
    if (done.some(one => one.position === position)) continue
    const wasDone = !isAnother(target, looked.get(position)!.facts) && (await isApplied(attempt, target))
    if (wasDone) await takeBackOne(attempt, undoOf(target), lease)
    const outcome = wasDone && setsPassword(target) ? await readBack(attempt) : undefined
    done.push({ position, outcome, steps: target.steps })
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

/** Once any of it is so, all of it is to be; and what only goes forward is done in any case. */
function isDecided({ operation, looked }: Recovering): boolean {
  const isForward = (target: OperationTarget) => goesForward(target.change) || noteOf(target.record)?.forward === true
  if (operation.targets.some(target => target.isOver || isForward(target))) return true
  return [...looked].some(([at, { facts, plan }]) => facts.applied || ranOf(operation.targets[at]!, plan).length > 0)
}

function interrupted(): Fault {
  return new Fault('unavailable', 'server', 'It was interrupted before anything was changed')
}

async function finishOn({ operation, lease, looked }: Recovering, { attempts }: Reached, done: EndedTarget[]) {
  for (const [position, attempt] of attempts) {
    const { facts, plan } = looked.get(position)!
    const target = operation.targets[position]!
    if (isAnother(target, facts)) {
      done.push({ position, steps: [], isAnother: true })
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

function anotherOf({ operation, looked }: Recovering, instanceId: string): Fault | undefined {
  for (const [position, { facts }] of looked) {
    const target = operation.targets[position]!
    if (target.instanceId === instanceId && isAnother(target, facts)) return madeAnew(target)
  }
  return undefined
}

function withNew(known: readonly StepShown[], ran: readonly StepShown[]): readonly StepShown[] {
  const isKnown = (step: StepShown) => known.some(one => one.statement === step.statement)
  return [...known, ...ran.filter(step => !isKnown(step))]
}

function longestFor(operation: ClaimedOperation): number {
  return openTargets(operation).some(({ change }) => goesForward(change)) ? DROP_WAIT_MS : LONGEST_WAIT_MS
}
