import { type Fault, isTransient, toFault } from '../../domain/fault.ts'
import type { OperationTarget } from '../../domain/operation.ts'
import { planTarget, refuse, runSteps } from '../attempt.ts'
import { tooLate } from '../deadline.ts'
import type { LedgerParts } from '../ledger.ts'
import { postpone } from '../outcome.ts'
import { closeUndone, failure } from './outcome.ts'
import { onEach, type Reached, reach } from './reach.ts'
import type { Work } from './work.ts'

/**
 * One instance failed: on the others nothing stays. What can't be taken back now, for the server is away, is the worker's from now on:
 * it takes it back when the server returns. Answers what to tell.
 */
export async function takeAllBack(parts: LedgerParts, work: Work, failed: ReadonlyMap<string, Fault>): Promise<Fault> {
  const { operation } = work.begun
  const { held } = work.lease
  try {
    await work.lease.confirm()
    const stuck = await takeBackNow(parts, work, failed)
    if (stuck.size === 0) {
      const told = failure(failed)
      await closeUndone(parts.store, operation, held, told)
      return told
    }
    await turnBack(parts, work, stuck)
    parts.onPostponed()
    return failure(failed, operation.id)
  } catch (error) {
    await postpone(parts.store, operation.id, held, toFault(error), 0).catch(() => undefined)
    parts.onPostponed()
    return tooLate(operation.id, error)
  }
}

/** Answers where that could not be done, and why. Where nobody knows what was done, what was sent may still take effect. */
async function takeBackNow(
  parts: LedgerParts,
  { begun, reached, order, planned, lease }: Work,
  failed: ReadonlyMap<string, Fault>,
): Promise<ReadonlyMap<string, Fault>> {
  const unsure = [...failed].filter(([id, fault]) => isTransient(fault) && reached.some(one => one.instanceId === id))
  const sure = order.targets
    .map((target, position) => ({ ...target, position }))
    .filter(({ instanceId }) => reached.some(one => one.instanceId === instanceId))
    .filter(({ instanceId }) => !unsure.some(([id]) => id === instanceId))
  // The links of before may have used up their time.
  const signal = AbortSignal.timeout(order.perInstanceMs)
  const half = order.perInstanceMs / 2
  await using again = await reach(parts, { operation: begun.operation.id, attempt: 1 }, sure, signal, half)
  const late = await onEach(again.reached, one => takeBackOn({ planned, lease }, one))
  return new Map([...unsure, ...again.failed, ...late])
}

/** Last first. */
async function takeBackOn({ planned, lease }: Pick<Work, 'planned' | 'lease'>, { attempts }: Reached): Promise<void> {
  for (const [position, attempt] of [...attempts].reverse()) {
    const undo = planned.get(position)?.undo
    if (!undo) continue
    const { plan } = await planTarget({ ...attempt, change: undo })
    refuse([{ ...plan, refusals: plan.refusals.filter(({ code }) => code !== 'not_found') }])
    await runSteps(attempt, plan, lease)
  }
}

/** What is open from now on is the taking back, on the instances that still need it. */
async function turnBack({ store }: LedgerParts, work: Work, stuck: ReadonlyMap<string, Fault>): Promise<void> {
  const { operation } = work.begun
  const { held } = work.lease
  const turned = operation.targets.flatMap((target, position) => {
    const undo = work.planned.get(position)?.undo
    return stuck.has(target.instanceId) && undo ? [{ position, change: undo, record: recordOf(target) }] : []
  })
  const isTurned = (at: number) => turned.some(({ position }) => position === at)
  const over = operation.targets.flatMap((_, position) => (isTurned(position) ? [] : [{ position, steps: [] }]))
  await store.transaction(async tables => {
    const now = await tables.now()
    if (!(await tables.operations.turnBack(operation.id, held, turned))) return
    await tables.operations.finishTargets(operation.id, held, over, now)
    await tables.projectRecords.undo(operation.id)
  })
  const [fault] = [...stuck.values()].filter(isTransient)
  await postpone(store, operation.id, held, fault ?? [...stuck.values()][0]!, 0)
}

function recordOf({ record }: OperationTarget): Readonly<Record<string, unknown>> {
  return { ...record, undo: undefined, fanOut: { forward: true } }
}
