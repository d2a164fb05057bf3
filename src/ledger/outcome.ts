import { isDeepStrictEqual } from 'node:util'
import type { FaultRecord } from '../domain/fault.ts'
import { Fault } from '../domain/fault.ts'
import type { Operation, OperationTarget, StepShown, TargetOutcome } from '../domain/operations/operation.ts'
import type { Held } from '../store/interface/operations.ts'
import type { Store, Tables } from '../store/store.ts'
import { takenOver } from './leases.ts'
import { type RecordWish, remember } from './settlement.ts'

/** How long an answer that nobody took is kept, sealed. */
export const ANSWER_MS = 24 * 3_600_000

/** What was written of an operation when it began, and stays so. */
export type Written = Pick<
  Operation,
  'id' | 'projectId' | 'operatorId' | 'keyId' | 'address' | 'dialect' | 'requestId' | 'targets'
>

/** What has come of an operation. */
export interface Settling {
  /** One for each target; undefined where it was not done. */
  readonly outcomes: readonly (TargetOutcome | undefined)[]
  readonly steps: readonly (readonly StepShown[])[]
  /** Why some of it was not done. */
  readonly fault?: Fault
}

/** The change is done: outcome, what we remember of the subject, and the audit line, in one transaction. */
export async function settle(
  store: Store,
  operation: Written,
  held: Held,
  { outcomes, steps, fault }: Settling,
): Promise<void> {
  const { id } = operation
  const isAsWritten = operation.targets.every((target, at) => isDeepStrictEqual(target.steps, steps[at]))
  const other = isAsWritten ? undefined : steps
  const mine = await store.transaction(async tables => {
    const now = await tables.now()
    // Without a new password in it there is nothing that only this answer could tell.
    const answerUntil = outcomes.some(outcome => outcome?.password) ? now + ANSWER_MS : 0
    const reason = fault && toRecord(fault, now)
    if (!(await tables.operations.settle(id, held, outcomes, other, now, answerUntil, reason))) return false
    for (const [at, target] of operation.targets.entries()) {
      const outcome = outcomes[at]
      if (outcome)
        await remember(tables, operation, target, outcome, (target.record ?? {}) as unknown as RecordWish, now)
      const isUndone = fault !== undefined && !outcome && steps[at]!.length === 0
      await addAudit(
        tables,
        operation,
        target,
        isUndone ? 'undone' : 'settled',
        now,
        outcome ? undefined : fault?.message,
      )
    }
    return true
  })
  if (!mine) throw takenOver(id)
}

/** Nothing of the change is left, for a reason that no repeat can cure. */
export async function close(store: Store, id: string, held: Held, fault: Fault): Promise<void> {
  await store.transaction(async tables => {
    const now = await tables.now()
    if (!(await tables.operations.undo(id, held, toRecord(fault, now), now))) return
    const operation = await mustFind(tables, id)
    for (const target of operation.targets) await addAudit(tables, operation, target, 'undone', now, fault.message)
  })
}

/** It waits for its next try, `waitMs` from now. */
export async function postpone(store: Store, id: string, held: Held, fault: Fault, waitMs: number): Promise<void> {
  await store.transaction(async tables => {
    const now = await tables.now()
    await tables.operations.postpone(id, held, toRecord(fault, now), now + waitMs)
  })
}

export function toRecord(fault: Fault, at: number): FaultRecord {
  return { code: fault.code, subject: fault.subject, message: fault.message, at }
}

async function mustFind(tables: Tables, id: string): Promise<Operation> {
  const operation = await tables.operations.find(id)
  if (!operation) throw new Fault('not_found', 'operation', `No operation ${id}`)
  return operation
}

export async function addAudit(
  tables: Tables,
  operation: Written,
  target: OperationTarget,
  outcome: 'settled' | 'undone',
  at: number,
  reason?: string,
): Promise<void> {
  const { projectId, operatorId, keyId, address, dialect, requestId, id: operationId } = operation
  const origin = { projectId, operatorId, keyId, address, dialect, requestId, operationId }
  const detail = target.steps.map(step => step.statement)
  await tables.audit.add({ ...origin, at, action: target.kind, subject: target.subject.key, detail, outcome, reason })
}
