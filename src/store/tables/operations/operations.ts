import { Fault } from '../../../domain/fault.ts'
import { cutPage } from '../../../domain/page.ts'
import type { Subject } from '../../../domain/users/change.ts'
import { type Context, OPEN, STILL_OPEN } from '../../context.ts'
import type { NewOperation, Operations } from '../../interface/operations.ts'
import { repeated } from '../../repeated.ts'
import type { TargetRow } from '../../rows/operations.ts'
import { operationAnswers } from './operation-answers.ts'
import { operationBacklog } from './operation-backlog.ts'
import { operationLeases } from './operation-leases.ts'
import { newestFirst, readOperations } from './operation-reading.ts'
import { toOperationRow, toStepRows, toTargetRow } from './operation-rows.ts'
import { operationTargets } from './operation-targets.ts'

export function operationTable(context: Context): Operations {
  const { db } = context
  return {
    ...operationLeases(context),
    ...operationAnswers(context),
    ...operationTargets(context),
    backlog: () => operationBacklog(context),
    begin: (operation, plannedAt) => begin(context, operation, plannedAt),
    find: async id => (await readOperations(context, rows => rows.where('id', '=', id)))[0],
    async list(filter, page) {
      const operations = await readOperations(context, newestFirst(context, filter, page))
      return cutPage(operations, page.limit, operation => operation.id)
    },
    async findOpen(instanceId, subject) {
      const id = openOn(context, instanceId).where('subjectKind', '=', subject.kind)
      const operations = await readOperations(context, rows =>
        rows.where('id', 'in', id.where('subjectKey', '=', subject.key)),
      )
      return operations[0]
    },
    async countOpen(instanceId) {
      const query = db
        .selectFrom('operationTargets')
        .where('instanceId', '=', instanceId)
        .where('open', '=', STILL_OPEN)
      const { rows } = await query
        .select(eb => eb.fn.count<number>('operationId').distinct().as('rows'))
        .executeTakeFirstOrThrow()
      return rows
    },
  }
}

function openOn({ db }: Context, instanceId: string) {
  const query = db.selectFrom('operationTargets').select('operationId').where('open', '=', STILL_OPEN)
  return query.where('instanceId', '=', instanceId)
}

async function begin(context: Context, operation: NewOperation, plannedAt = Number.MAX_SAFE_INTEGER): Promise<boolean> {
  const { db, vault } = context
  let isLate = false
  await repeated(context, 'begin operation', [toOperationRow(operation)], rows =>
    db.insertInto('operations').values(rows),
  )
  const targets = operation.targets.map((target, at) => toTargetRow(vault, operation.id, target, at))
  // Always in the same order, so that two operations on the same subjects wait for one another instead of in a circle.
  const ordered = targets.toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
  for (const target of ordered) {
    const { rows: added } = await repeated(context, 'begin target', [{ ...target, plannedAt }], ([row]) =>
      insertTarget(context, row!),
    )
    if (added.length === 0) throw underWay(target.subjectKind)
    isLate ||= added[0]!.ended !== null
  }
  const steps = operation.targets.flatMap((target, at) => toStepRows(operation.id, at, target.steps))
  if (steps.length > 0)
    await repeated(context, 'add steps', steps, rows => db.insertInto('operationSteps').values(rows))
  return isLate
}

function insertTarget(context: Context, { plannedAt, ...target }: TargetRow & { readonly plannedAt: number }) {
  const insert = context.db.insertInto('operationTargets').values(target)
  return insert.onConflict(held => held.doNothing()).returning(endedSince(context, target, plannedAt).as('ended'))
}

/** Those on one subject were written one after another: what ended just now is among the last. */
const LATEST = 8

/** Of one that is open elsewhere nobody knows when it ended here. */
function endedSince(
  { db }: Context,
  { operationId, instanceId, subjectKind, subjectKey }: TargetRow,
  plannedAt: number,
) {
  const others = db
    .selectFrom('operationTargets as other')
    .select('other.operationId')
    .where('other.instanceId', '=', instanceId)
    .where('other.subjectKind', '=', subjectKind)
    .where('other.subjectKey', '=', subjectKey)
    .where('other.operationId', '!=', operationId)
    .orderBy('other.operationId', 'desc')
    .limit(LATEST)
  return db
    .selectFrom(others.as('latest'))
    .innerJoin('operations', 'operations.id', 'latest.operationId')
    .select('operations.id')
    .where(eb => eb.or([eb('operations.state', '=', OPEN), eb('operations.settledAt', '>=', plannedAt)]))
    .limit(1)
}

function orderOf(target: { instanceId: string; subjectKind: string; subjectKey: string }): string {
  return JSON.stringify([target.instanceId, target.subjectKind, target.subjectKey])
}

function underWay(kind: Subject['kind']): Fault {
  return new Fault('conflict', kind, `Another change of this ${kind} is under way: try again when it has settled`, {
    retryAfterSeconds: 1,
  })
}
