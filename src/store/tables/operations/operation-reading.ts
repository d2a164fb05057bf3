import type { SelectQueryBuilder } from 'kysely'
import type { Operation } from '../../../domain/operations/operation.ts'
import type { KeyPage } from '../../../domain/page.ts'
import { type Context, contains, OPEN } from '../../context.ts'
import type { OperationFilter } from '../../interface/operations.ts'
import type { OperationRow } from '../../rows/operations.ts'
import type { Schema } from '../../schema.ts'
import { operationIsVisible } from '../servers/visibility.ts'
import { operationsFrom } from './operation-rows.ts'

type Rows = SelectQueryBuilder<Schema, 'operations', OperationRow>

/** Operations with their targets in one statement, newest first: state and outcome are of one moment. */
export async function readOperations(context: Context, narrow: (rows: Rows) => Rows): Promise<Operation[]> {
  const { db, vault } = context
  const rows = await db
    .selectFrom(narrow(db.selectFrom('operations').selectAll()).as('o'))
    .leftJoin('operationTargets as t', 't.operationId', 'o.id')
    .selectAll('o')
    .select(['t.position', 't.open', 't.instanceId', 't.subjectKind', 't.subjectKey', 't.kind', 't.change'])
    .select(['t.password', 't.incarnation', 't.record', 't.outcome', 't.outcomePassword', 't.searchText'])
    .orderBy('o.id', 'desc')
    .orderBy('t.position')
    .execute()
  return operationsFrom(vault, rows, await readSteps(context, [...new Set(rows.map(row => row.id))]))
}

async function readSteps({ db }: Context, ids: readonly string[]) {
  if (ids.length === 0) return []
  const query = db.selectFrom('operationSteps').selectAll().where('operationId', 'in', ids)
  return await query.orderBy('operationId').orderBy('target').orderBy('position').execute()
}

export function newestFirst(context: Context, filter: OperationFilter, page: KeyPage): (rows: Rows) => Rows {
  return rows => {
    let query = rows.where('projectId', '=', filter.projectId)
    if (filter.visibleTo !== undefined)
      query = query.where(operationIsVisible(context, filter.projectId, filter.visibleTo))
    if (page.after !== undefined) query = query.where('id', '<', page.after)
    if (filter.state === 'stuck') query = query.where('nextTryAt', 'is not', null)
    if (filter.state) query = query.where('state', '=', storedState(filter.state))
    if (asksForTargets(filter, page)) query = query.where('id', 'in', targetsOf(context, filter, page))
    return query.orderBy('id', 'desc').limit(page.limit + 1)
  }
}

function storedState(state: NonNullable<OperationFilter['state']>) {
  return state === 'stuck' || state === 'open' ? OPEN : state
}

function asksForTargets({ instanceId, subject }: OperationFilter, { q }: KeyPage): boolean {
  return instanceId !== undefined || subject !== undefined || (q !== undefined && q !== '')
}

function targetsOf(context: Context, { instanceId, subject }: OperationFilter, { q }: KeyPage) {
  let query = context.db.selectFrom('operationTargets').select('operationId')
  if (instanceId !== undefined) query = query.where('instanceId', '=', instanceId)
  if (subject) query = query.where('subjectKind', '=', subject.kind).where('subjectKey', '=', subject.key)
  if (q) query = query.where(contains(context, 'searchText', q))
  return query
}
