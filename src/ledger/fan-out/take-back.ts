import { Fault, isTransient, toFault } from '../../domain/fault.ts'
import type { OperationTarget, TargetOutcome } from '../../domain/operations/operation.ts'
import type { Change } from '../../domain/users/change.ts'
import type { DoneTarget } from '../../store/interface/operations.ts'
import { type Attempt, planTarget, readBack, refuse, runSteps } from '../attempt.ts'
import { tooLate } from '../deadline.ts'
import type { HeldLease } from '../leases.ts'
import type { LedgerParts } from '../ledger.ts'
import { postpone, type Written } from '../outcome.ts'
import { isAnother, ranOf, setsPassword } from '../unwind.ts'
import { closeUndone, failure, turnBack } from './outcome.ts'
import { onEach, type Reached, reach } from './reach.ts'
import type { Work } from './work.ts'

/**
 * One instance failed: on the others nothing stays. What can't be taken back now, for the server is away, is the worker's from now on:
 * it takes it back when the server returns. A new password can't be taken back at all: where it is set, that is told. Answers what to tell.
 */
export async function takeAllBack(parts: LedgerParts, work: Work, failed: ReadonlyMap<string, Fault>): Promise<Fault> {
  const { operation } = work.begun
  try {
    await work.lease.confirm()
    await work.letGo()
    const { stuck, kept } = await takeBackNow(parts, work, failed)
    const told = failure(
      new Map([...failed, ...keptOf(operation, kept)]),
      stuck.size + kept.size > 0 ? operation.id : undefined,
    )
    await endOthers(parts, work, { stuck, kept }, told)
    return told
  } catch (error) {
    await postpone(parts.store, operation.id, work.lease.held, toFault(error), 0).catch(() => undefined)
    parts.onPostponed()
    return tooLate(operation.id, error)
  }
}

/** Nothing of it has been sent: nothing of it stays, and what it took the place of waits on. Answers what to tell. */
export async function withdraw(parts: LedgerParts, work: Work, told: Fault): Promise<Fault> {
  try {
    await endOthers(parts, work, { stuck: new Map(), kept: new Map() }, told)
    return told
  } catch (error) {
    // The lease runs out by itself.
    return tooLate(work.begun.operation.id, error)
  }
}

/** What could not be taken back. */
interface NotBack {
  /** By instance, and why: where nobody knows what was done, what was sent may still take effect. */
  readonly stuck: ReadonlyMap<string, Fault>
  /** By position: what has a new password now. */
  readonly kept: ReadonlyMap<number, TargetOutcome>
}

async function takeBackNow(parts: LedgerParts, work: Work, failed: ReadonlyMap<string, Fault>): Promise<NotBack> {
  const { begun, reached, order } = work
  const unsure = [...failed].filter(([id, fault]) => isTransient(fault) && reached.some(one => one.instanceId === id))
  const sure = order.targets
    .map((target, position) => ({ ...target, position }))
    .filter(({ instanceId }) => reached.some(one => one.instanceId === instanceId))
    .filter(({ instanceId }) => !unsure.some(([id]) => id === instanceId))
  // The links of before may have used up their time.
  const signal = AbortSignal.timeout(order.perInstanceMs)
  await using again = await reach(
    parts,
    { operation: begun.operation.id, attempt: 1 },
    sure,
    signal,
    order.perInstanceMs / 2,
  )
  const kept = new Map<number, TargetOutcome>()
  const late = await onEach(again.reached, one => takeBackOn(work, one, kept))
  return { stuck: new Map([...unsure, ...again.failed, ...late]), kept }
}

/** Last first. */
async function takeBackOn(
  { planned, lease, begun, done }: Work,
  { attempts }: Reached,
  kept: Map<number, TargetOutcome>,
): Promise<void> {
  for (const [position, attempt] of [...attempts].reverse()) {
    const target = begun.operation.targets[position]!
    const isSet = setsPassword(target) && (done.has(position) || (await isApplied(attempt, target)))
    await takeBackOne(attempt, planned.get(position)?.undo, lease)
    if (isSet) kept.set(position, await readBack(attempt))
  }
}

export async function takeBackOne(attempt: Attempt, undo: Change | undefined, lease: HeldLease): Promise<void> {
  if (!undo) return
  const { plan } = await planTarget({ ...attempt, change: undo })
  // What is not there any more needs no taking back.
  refuse([{ ...plan, refusals: plan.refusals.filter(({ code }) => code !== 'not_found') }])
  await runSteps(attempt, plan, lease)
}

/** Is any of it so, by what its server says now? */
export async function isApplied(attempt: Attempt, target: OperationTarget): Promise<boolean> {
  const { facts, plan } = await planTarget(attempt)
  if (isAnother(target, facts)) return false
  return facts.applied || (facts.exists && ranOf(target, plan).length > 0)
}

function keptOf({ targets }: Written, kept: NotBack['kept']): [string, Fault][] {
  return [...kept.keys()].map(position => [targets[position]!.instanceId, passwordStays()])
}

function passwordStays(): Fault {
  return new Fault('unavailable', 'server', 'The new password is set and can’t be taken back: it stays')
}

/** What is open from now on is the taking back, on the instances that still need it, and what this took the place of. */
async function endOthers(parts: LedgerParts, work: Work, { stuck, kept }: NotBack, told: Fault): Promise<void> {
  const { operation } = work.begun
  const { held } = work.lease
  const turned = operation.targets.flatMap((target, position) => {
    const change = leftFor(work, position, stuck)
    return change ? [{ position, change, record: recordOf(target) }] : []
  })
  if (turned.length + stuck.size + kept.size === 0) return closeUndone(parts.store, operation, held, told)
  const isTurned = (at: number) => turned.some(({ position }) => position === at)
  const over = operation.targets.flatMap((_, at) => (isTurned(at) ? [] : [endOf(work, at, kept.get(at))]))
  await turnBack(parts.store, operation, held, { turned, over, told })
  if (turned.length === 0) return
  const [fault] = [...stuck.values()].toSorted((one, other) => Number(isTransient(other)) - Number(isTransient(one)))
  await postpone(parts.store, operation.id, held, fault ?? waitsOn(), 0)
  parts.onPostponed()
}

function waitsOn(): Fault {
  return new Fault(
    'unavailable',
    'server',
    'An earlier change waits for this server; the one that was to take its place came to nothing',
  )
}

/** What is still to be done there. */
function leftFor(work: Work, position: number, stuck: NotBack['stuck']): Change | undefined {
  const { instanceId, instead } = work.order.targets[position]!
  const again = work.superseded.has(instanceId) ? instead : undefined
  if (!stuck.has(instanceId)) return again
  const undo = work.planned.get(position)?.undo
  // A login that may be there with our mark is taken for made: it has to go first.
  return undo?.kind === 'replace-user' && again?.kind === 'replace-user' ? { ...undo, ...again } : (undo ?? again)
}

function endOf({ done, begun }: Work, position: number, outcome?: TargetOutcome): DoneTarget {
  if (!outcome) return { position, steps: [] }
  return { position, outcome, steps: done.get(position)?.steps ?? begun.operation.targets[position]!.steps }
}

function recordOf({ record }: OperationTarget): Readonly<Record<string, unknown>> {
  return { ...record, undo: undefined, fanOut: { forward: true } }
}
