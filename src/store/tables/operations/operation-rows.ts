import type { Dialect } from '../../../domain/callers/caller.ts'
import type { FaultCode, FaultRecord, FaultSubject } from '../../../domain/fault.ts'
import type { Operation, OperationTarget, StepShown, TargetOutcome } from '../../../domain/operations/operation.ts'
import type { Change, ChangeKind, Subject } from '../../../domain/users/change.ts'
import { passwordOf } from '../../../domain/users/change.ts'
import { fromJson, searchable, toJson, withNulls, withoutNulls } from '../../context.ts'
import type { NewOperation } from '../../interface/operations.ts'
import type { OperationRow, StepRow, TargetRow } from '../../rows/operations.ts'
import type { Place, Vault } from '../../sealing/vault.ts'

/** An operation beside one of its targets: what one statement reads. */
export type OperationAndTarget = OperationRow & { [K in Exclude<keyof TargetRow, 'operationId'>]: TargetRow[K] | null }

export const targetPlace = (operationId: string, position: number, column: 'password' | 'outcome_password'): Place => [
  'operation_targets',
  `${operationId} ${position}`,
  column,
]

export function toOperationRow(operation: NewOperation): OperationRow {
  return {
    ...withNulls({ keyId: operation.keyId }),
    id: operation.id,
    projectId: operation.projectId,
    state: 'open',
    operatorId: operation.operatorId,
    address: operation.address,
    dialect: operation.dialect,
    requestId: operation.requestId,
    createdAt: operation.createdAt,
    settledAt: null,
    // Counted before the work, so a crash in the middle still uses up an attempt.
    attempts: 1,
    nextTryAt: null,
    worker: operation.worker,
    leaseUntil: operation.leaseUntil,
    ...toFaultRow(undefined),
    abandonedBy: null,
    answer: 'none',
    answerUntil: null,
  }
}

export function toFaultRow(fault: FaultRecord | undefined) {
  return withNulls({
    faultCode: fault?.code as string | undefined,
    faultSubject: fault?.subject as string | undefined,
    faultMessage: fault?.message,
    faultAt: fault?.at,
  })
}

/** A fault as it stands in a row. */
type FaultColumns = Pick<OperationRow, 'faultCode' | 'faultSubject' | 'faultMessage' | 'faultAt'>

type NewTarget = NewOperation['targets'][number]

export function toTargetRow(vault: Vault, operationId: string, target: NewTarget, position: number): TargetRow {
  return {
    ...withNulls({ incarnation: target.incarnation, record: toJson(target.record) }),
    operationId,
    position,
    open: 1,
    instanceId: target.instanceId,
    subjectKind: target.subject.kind,
    subjectKey: target.subject.key,
    kind: target.change.kind,
    ...toChangeRow(vault, operationId, position, target.change),
    outcome: null,
    outcomePassword: null,
    searchText: searchable(target.subject.key),
  }
}

/** A password in it is sealed apart. */
export function toChangeRow(vault: Vault, operationId: string, position: number, change: Change) {
  const password = passwordOf(change)
  return {
    change: JSON.stringify({ ...change, password: undefined }),
    password: password ? vault.seal(password, targetPlace(operationId, position, 'password')) : null,
  }
}

export function toOutcomeRow(vault: Vault, operationId: string, position: number, outcome: TargetOutcome) {
  const { password, ...plain } = outcome
  return withNulls({
    outcome: JSON.stringify(plain),
    outcomePassword: password && vault.seal(password, targetPlace(operationId, position, 'outcome_password')),
  })
}

export function toStepRows(operationId: string, target: number, steps: readonly StepShown[]): StepRow[] {
  return steps.map(({ database, statement, why }, position) => ({
    ...withNulls({ database }),
    operationId,
    target,
    position,
    statement,
    why,
  }))
}

/** Rows of one operation follow one another, one for each of its targets. */
export function operationsFrom(vault: Vault, rows: readonly OperationAndTarget[], steps: readonly StepRow[]) {
  const byTarget = Map.groupBy(steps, step => `${step.operationId} ${step.target}`)
  const stepsOf = (target: TargetRow) => (byTarget.get(`${target.operationId} ${target.position}`) ?? []).map(stepFrom)
  return [...Map.groupBy(rows, row => row.id).values()].map(own =>
    operationFrom(
      own[0]!,
      own.flatMap(targetRow).map(target => targetFrom(vault, target, stepsOf(target), own[0]!.state)),
    ),
  )
}

/** None where the operation has no targets. */
function targetRow(row: OperationAndTarget): TargetRow[] {
  return row.position === null
    ? []
    : [{ ...(row as OperationRow & Omit<TargetRow, 'operationId'>), operationId: row.id }]
}

function operationFrom(row: OperationRow, targets: readonly OperationTarget[]): Operation {
  const { id, projectId, state, operatorId, keyId, address, requestId, createdAt, ...rest } = withoutNulls(row)
  const { settledAt, attempts, nextTryAt, abandonedBy, answer } = rest
  return withoutNulls({
    id,
    projectId,
    state,
    operatorId,
    keyId,
    address,
    dialect: row.dialect as Dialect,
    requestId,
    createdAt,
    settledAt,
    targets,
    attempts,
    nextTryAt,
    lastFault: faultFrom(row),
    abandonedBy,
    answer,
  })
}

export function faultFrom({ faultCode, faultSubject, faultMessage, faultAt }: FaultColumns): FaultRecord | undefined {
  if (faultCode === null || faultSubject === null || faultMessage === null || faultAt === null) return undefined
  return { code: faultCode as FaultCode, subject: faultSubject as FaultSubject, message: faultMessage, at: faultAt }
}

function targetFrom(
  vault: Vault,
  row: TargetRow,
  steps: readonly StepShown[],
  state: OperationRow['state'],
): OperationTarget {
  return withoutNulls({
    instanceId: row.instanceId,
    subject: { kind: row.subjectKind, key: row.subjectKey } as Subject,
    kind: row.kind as ChangeKind,
    change: changeFrom(vault, row),
    incarnation: row.incarnation ?? undefined,
    steps,
    record: recordFrom(row),
    outcome: outcomeFrom(row),
    isOver: state === 'open' && row.open === 0 ? true : undefined,
  })
}

function changeFrom(vault: Vault, row: TargetRow): Change {
  const change = fromJson<Change>(row.change)
  // Some changes have no password unless one was asked for.
  if (row.password === null && (change.kind === 'rename-user' || change.kind === 'replace-user')) return change
  if (!WITH_PASSWORD.includes(change.kind)) return change
  return {
    ...change,
    password: vault.openLater(row.password, targetPlace(row.operationId, row.position, 'password')),
  } as Change
}

const WITH_PASSWORD: readonly ChangeKind[] = ['create-user', 'reset-user', 'rename-user', 'replace-user']

function recordFrom(row: Pick<TargetRow, 'record'>): Readonly<Record<string, unknown>> | undefined {
  return row.record === null ? undefined : fromJson(row.record)
}

/** As it is kept for ever: without its password. */
function outcomeFrom(row: TargetRow): TargetOutcome | undefined {
  return row.outcome === null ? undefined : fromJson(row.outcome)
}

/** With its password, while that is kept. */
export function wholeOutcomeFrom(vault: Vault, row: TargetRow): TargetOutcome {
  const plain = row.outcome === null ? {} : fromJson<TargetOutcome>(row.outcome)
  if (row.outcomePassword === null) return plain
  const { operationId, position, outcomePassword } = row
  return {
    ...plain,
    password: vault.openLater(outcomePassword, targetPlace(operationId, position, 'outcome_password')),
  }
}

function stepFrom({ database, statement, why }: StepRow): StepShown {
  return withoutNulls({ database: database ?? undefined, statement, why })
}
