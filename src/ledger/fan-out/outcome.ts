import { Fault, isTransient } from '../../domain/fault.ts'
import type { Operation, OperationTarget } from '../../domain/operations/operation.ts'
import type { Change, ChangeKind } from '../../domain/users/change.ts'
import type { DoneTarget, Held } from '../../store/interface/operations.ts'
import type { Store, Tables } from '../../store/store.ts'
import { takenOver } from '../leases.ts'
import { ANSWER_MS, addAudit, toRecord, type Written } from '../outcome.ts'
import { type RecordWish, remember } from '../settlement.ts'

export interface EndedTarget extends DoneTarget {
  /** It was left alone: what has its name was made by others since. */
  readonly isAnother?: boolean
}

/**
 * These targets have come to their end, and are remembered; the rest stays open. What the project wants is so from now on, but for what
 * is to go: that is there until it is gone from everywhere. Answers how many are left.
 */
export async function finishSome(
  store: Store,
  operation: Written,
  held: Held,
  done: readonly EndedTarget[],
  fault?: Fault,
): Promise<number> {
  const left = await store.transaction(async tables => {
    const now = await tables.now()
    const reason = fault && toRecord(fault, now)
    const open = await tables.operations.finishTargets(operation.id, held, done, now, now + ANSWER_MS, reason)
    if (open === undefined) return undefined
    for (const one of done) await rememberOne(tables, operation, one, now, fault)
    await follow(tables, operation, done, open)
    return open
  })
  if (left === undefined) throw takenOver(operation.id)
  return left
}

async function rememberOne(tables: Tables, operation: Written, done: DoneTarget, now: number, fault?: Fault) {
  const target = operation.targets[done.position]!
  const wish = (target.record ?? {}) as unknown as RecordWish
  if (done.outcome) await remember(tables, operation, target, done.outcome, wish, now)
  await addAudit(
    tables,
    operation,
    target,
    done.outcome ? 'settled' : 'undone',
    now,
    done.outcome ? undefined : fault?.message,
  )
}

async function follow(tables: Tables, operation: Written, done: readonly EndedTarget[], open: number): Promise<void> {
  const { kind, key } = operation.targets[0]!.subject
  const record = { projectId: operation.projectId, kind: kind as 'user' | 'role', key }
  const all = done.map(one => ({ ...one, target: operation.targets[one.position]! }))
  const at = all.filter(({ target }) => target.subject.kind === kind && target.subject.key === key)
  const made = at.filter(({ target }) => isHad(target.kind)).map(one => [one.target.instanceId, placeOf(one)])
  const gone = at.filter(({ target, outcome, isAnother }) => !isHad(target.kind) && (outcome || isAnother))
  const dropped = gone.map(({ target }) => target.instanceId)
  await tables.projectRecords.move(record, Object.fromEntries(made), dropped)
  await tables.projectRecords.finish(operation.id, open)
}

/** One that others dropped meanwhile stays known as who it was: whoever is made by its name after that is another. */
function placeOf({ outcome, target }: DoneTarget & { readonly target: OperationTarget }): string | null {
  if (!outcome) return null
  return (outcome.user ? outcome.user.incarnation : target.incarnation) ?? ''
}

function isHad(kind: ChangeKind): boolean {
  return !kind.startsWith('drop-') && !kind.startsWith('undo-')
}

/** What is to happen to the targets of an operation that is taken back. */
interface TurningBack {
  readonly turned: Parameters<Tables['operations']['turnBack']>[2]
  /** Nothing is left of these; or, where there is an outcome, what can't be had back. */
  readonly over: readonly DoneTarget[]
  readonly told: Fault
}

/** What can't be taken back is remembered as what it is; for the project, all is as it was. */
export async function turnBack(
  store: Store,
  operation: Written,
  held: Held,
  { turned, over, told }: TurningBack,
): Promise<void> {
  const isMine = await store.transaction(async tables => {
    const now = await tables.now()
    if (!(await tables.operations.turnBack(operation.id, held, turned))) return false
    await tables.operations.finishTargets(operation.id, held, over, now, now + ANSWER_MS, toRecord(told, now))
    const before = { ...operation, targets: operation.targets.map(withoutEnd) }
    for (const one of over) await rememberOne(tables, before, one, now, told)
    await tables.projectRecords.undo(operation.id)
    return true
  })
  if (!isMine) throw takenOver(operation.id)
}

/** Its password is new, and nothing else is. */
function withoutEnd(target: OperationTarget): OperationTarget {
  return { ...target, change: { ...target.change, end: undefined } as Change }
}

/** Nothing of it is left: everything is as it was. */
export async function closeUndone(store: Store, operation: Written, held: Held, fault: Fault): Promise<void> {
  await store.transaction(async tables => {
    const now = await tables.now()
    if (!(await tables.operations.undo(operation.id, held, toRecord(fault, now), now))) return
    await tables.projectRecords.undo(operation.id)
    for (const target of operation.targets) await addAudit(tables, operation, target, 'undone', now, fault.message)
  })
}

/** One fault for all: why each instance failed, by its id. */
export function failure(failed: ReadonlyMap<string, Fault>, operationId?: string): Fault {
  const [one] = [...failed.values()].filter(fault => !isTransient(fault))
  const words = [...new Set([...failed.values()].map(({ message }) => message))].join('; ')
  const details = { operationId, failed, retryAfterSeconds: 5 }
  return new Fault(one?.code ?? 'unavailable', one?.subject ?? 'server', words, details)
}

export function isFanOut({ targets }: Pick<Operation, 'targets'>): boolean {
  return targets.some(({ record }) => record?.fanOut !== undefined)
}
