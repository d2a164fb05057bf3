import { Fault } from '../domain/fault.ts'
import type { OperationTarget, StepShown, TargetOutcome } from '../domain/operations/operation.ts'
import { type Change, isCreate, passwordOf } from '../domain/users/change.ts'
import { type Facts, type Plan, showStep } from '../engines/engine.ts'
import type { Store } from '../store/store.ts'
import { type Attempt, type Planned, planAll, planTarget, readBack, refuse, runSteps } from './attempt.ts'
import type { HeldLease } from './leases.ts'
import { close, settle, type Written } from './outcome.ts'

/** An operation that can't be finished, in the hands of an attempt that may act. */
export interface Unfinished {
  readonly operation: Written
  readonly attempts: readonly Attempt[]
  readonly lease: HeldLease
}

/**
 * What was refused for good is taken back, as far as that can be: then the operation is undone. A password that nobody knows any more, or
 * a login that is gone, can't be had back: that stays, is remembered as what it is, and the caller is told. Answers what to tell.
 */
export async function unwind(store: Store, unfinished: Unfinished, fault: Fault): Promise<Fault> {
  const { operation, attempts, lease } = unfinished
  await lease.confirm()
  const looked = await planAll(attempts)
  const left = operation.targets.map((target, at) => leftOf(target, looked[at]!))
  await takeBack(unfinished, left)
  if (left.every(one => one === 'nothing' || one === 'undo')) {
    await close(store, operation.id, lease.held, fault)
    return fault
  }
  return settlePartly(store, unfinished, looked, left, fault)
}

/** What a target that was not finished leaves: something that can be taken back, or that stays, as a half or as a whole. */
type Left = 'nothing' | 'undo' | 'half' | 'whole'

function leftOf(target: OperationTarget, { facts, plan }: Planned): Left {
  if (isAnother(target, facts)) return 'nothing'
  const isWhole = hasEffect(target, facts, plan) && (plan.steps.length === 0 || !facts.exists)
  if (canUndo(target, facts) && !(isWhole && setsPassword(target))) return 'undo'
  if (isWhole) return 'whole'
  return hasEffect(target, facts, plan) ? 'half' : 'nothing'
}

const canUndo = (target: OperationTarget, { exists }: Facts) =>
  undoOf(target) !== undefined && (exists || isCreate(target.kind))

/** Nobody knows the one before any more. */
export const setsPassword = ({ kind, change }: OperationTarget) => !isCreate(kind) && passwordOf(change) !== undefined

/** Something of it is so, and of what was to be done some is no longer to be done. */
function hasEffect(target: OperationTarget, facts: Facts, plan: Plan): boolean {
  return (facts.applied || !facts.exists) && ranOf(target, plan).length > 0
}

/** What was to be done and would not be done again. */
export function ranOf({ steps }: OperationTarget, plan: Plan): readonly StepShown[] {
  const toDo = plan.steps.flatMap(showStep)
  return steps.filter(step => !toDo.some(one => one.statement === step.statement && one.database === step.database))
}

/**
 * Somebody dropped the subject and made another of its name: it is not the one we were asked to change. One that had nothing to tell it by
 * (`nameless`) gets nothing of the kind by a change: what has, is another; of two without, nobody can tell.
 */
export function isAnother({ incarnation, record, kind }: OperationTarget, facts: Facts): boolean {
  if (!facts.exists) return false
  if (record?.nameless && !isCreate(kind)) return facts.incarnation !== undefined
  return incarnation !== undefined && facts.incarnation !== incarnation
}

export function madeAnew({ subject }: OperationTarget): Fault {
  return new Fault(
    'precondition_failed',
    subject.kind,
    'It was dropped and made anew by others meanwhile: that one is left alone',
  )
}

export function undoOf({ record }: OperationTarget): Change | undefined {
  return record?.undo as Change | undefined
}

/** Last first. */
async function takeBack({ operation, attempts, lease }: Unfinished, left: readonly Left[]): Promise<void> {
  for (const [at, attempt] of [...attempts.entries()].reverse()) {
    if (left[at] !== 'undo') continue
    const { plan } = await planTarget({ ...attempt, change: undoOf(operation.targets[at]!)! })
    // What is not there any more needs no taking back.
    refuse([{ ...plan, refusals: plan.refusals.filter(({ code }) => code !== 'not_found') }])
    await runSteps(attempt, plan, lease)
  }
}

async function settlePartly(
  store: Store,
  { operation, attempts, lease }: Unfinished,
  looked: readonly Planned[],
  left: readonly Left[],
  fault: Fault,
): Promise<Fault> {
  const told = stays(operation.id, fault)
  const outcomes: (TargetOutcome | undefined)[] = []
  for (const [at, attempt] of attempts.entries())
    outcomes.push(left[at] === 'whole' ? await readBack(attempt) : undefined)
  const steps = operation.targets.map((target, at) =>
    left[at] === 'whole' || left[at] === 'half' ? ranOf(target, looked[at]!.plan) : [],
  )
  await settle(store, operation, lease.held, { outcomes, steps, fault: told })
  return told
}

function stays(operationId: string, { code, subject, message, details }: Fault): Fault {
  const words = `${message}. What had been changed by then can't be taken back: the operation ${operationId} says what`
  return new Fault(code, subject, words, { ...details, operationId })
}
