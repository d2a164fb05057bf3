import type { FaultRecord } from '../domain/fault.ts'
import { Fault } from '../domain/fault.ts'
import type { Operation, StepShown, TargetOutcome } from '../domain/operation.ts'
import type { Held, Store, Tables } from '../store/store.ts'
import { type RecordWish, remember } from './settlement.ts'

/** How long an answer that nobody took is kept, sealed. */
const ANSWER_MS = 24 * 3_600_000

/** What was written of an operation when it began, and stays so. */
export type Written = Pick<
  Operation,
  'id' | 'projectId' | 'operatorId' | 'keyId' | 'address' | 'dialect' | 'requestId' | 'targets'
>

/** The change is done: outcome, what we remember of the subject, and the audit line, in one transaction. */
export async function settle(
  store: Store,
  operation: Written,
  held: Held,
  outcomes: readonly TargetOutcome[],
  steps: readonly (readonly StepShown[])[],
): Promise<void> {
  const { id } = operation
  const mine = await store.transaction(async tables => {
    const now = await tables.now()
    // Without a new password in it there is nothing that only this answer could tell.
    const answerUntil = outcomes.some(({ password }) => password) ? now + ANSWER_MS : 0
    if (!(await tables.operations.settle(id, held, outcomes, steps, now, answerUntil))) return false
    for (const [at, target] of operation.targets.entries()) {
      await remember(tables, operation, target, outcomes[at]!, (target.record ?? {}) as unknown as RecordWish, now)
    }
    await addAudit(tables, operation, 'settled', now)
    return true
  })
  if (!mine)
    throw new Fault('conflict', 'operation', 'Another worker has taken this operation over', { operationId: id })
}

/** Nothing of the change is left, for a reason that no repeat can cure. */
export async function close(store: Store, id: string, held: Held, fault: Fault): Promise<void> {
  await store.transaction(async tables => {
    const now = await tables.now()
    if (!(await tables.operations.undo(id, held, toRecord(fault, now), now))) return
    await addAudit(tables, await mustFind(tables, id), 'undone', now, fault.message)
  })
}

/** It waits for its next try, `waitMs` from now. */
export async function postpone(store: Store, id: string, held: Held, fault: Fault, waitMs: number): Promise<void> {
  await store.transaction(async tables => {
    const now = await tables.now()
    await tables.operations.postpone(id, held, toRecord(fault, now), now + waitMs)
  })
}

function toRecord(fault: Fault, at: number): FaultRecord {
  return { code: fault.code, subject: fault.subject, message: fault.message, at }
}

async function mustFind(tables: Tables, id: string): Promise<Operation> {
  const operation = await tables.operations.find(id)
  if (!operation) throw new Fault('not_found', 'operation', `No operation ${id}`)
  return operation
}

async function addAudit(
  tables: Tables,
  operation: Written,
  outcome: 'settled' | 'undone',
  at: number,
  reason?: string,
): Promise<void> {
  const { projectId, operatorId, keyId, address, dialect, requestId, id: operationId } = operation
  for (const target of operation.targets) {
    const detail = target.steps.map(step => step.statement)
    await tables.audit.add({
      projectId,
      at,
      operatorId,
      keyId,
      address,
      dialect,
      requestId,
      operationId,
      action: target.kind,
      subject: target.subject.key,
      detail,
      outcome,
      reason,
    })
  }
}
