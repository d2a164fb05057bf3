import type { CsvContent, DataSource, Rows } from '../../../domain/servers/data-source.ts'
import { type Context, contains, fromJson, searchable, staleVersion, withNulls } from '../../context.ts'
import type { DataSourceFilter, DataSources } from '../../interface/servers.ts'
import type { DataSourceRow } from '../../rows/servers.ts'
import { visibleEntities } from './visibility.ts'

export function dataSourceTable(context: Context): DataSources {
  const { db } = context
  return {
    async add(source) {
      await db.insertInto('dataSources').values(toRow(source)).execute()
    },
    async find(id) {
      const row = await db.selectFrom('dataSources').selectAll().where('id', '=', id).executeTakeFirst()
      return row && sourceFrom(row)
    },
    async listByOffset(filter, offset, limit) {
      const query = filtered(context, filter)
      const rows = await query.selectAll().orderBy('createdAt').orderBy('id').limit(limit).offset(offset).execute()
      const { total } = await query.select(eb => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      return { items: rows.map(sourceFrom), total }
    },
    async save(source) {
      const saved = { ...source, version: source.version + 1 }
      const query = db.updateTable('dataSources').set(toRow(saved)).where('id', '=', source.id)
      const { numUpdatedRows } = await query.where('version', '=', source.version).executeTakeFirst()
      if (numUpdatedRows !== 1n) throw staleVersion('data-source')
      return saved
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('dataSources').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
    async using(connectionIds, limit) {
      if (connectionIds.length === 0) return []
      const query = db
        .selectFrom('dataSources')
        .select('id')
        .where('connectionId', 'in', [...connectionIds])
      const rows = await query.orderBy('createdAt').orderBy('id').limit(limit).execute()
      return rows.map(({ id }) => id)
    },
  }
}

function filtered(context: Context, { projectId, q, visibleTo }: DataSourceFilter) {
  let query = context.db.selectFrom('dataSources').where('projectId', '=', projectId)
  if (q) query = query.where(contains(context, 'searchText', q))
  if (visibleTo === undefined) return query
  query = query.where('id', 'in', visibleEntities(context, 'data-source', projectId, visibleTo))
  return query
}

function toRow({ content, ...source }: DataSource): DataSourceRow {
  const { id, projectId, name, createdBy, createdAt, updatedAt, version } = source
  const table = content.kind === 'table' ? content : undefined
  const rows = content.kind === 'csv' ? JSON.stringify({ columns: content.columns, rows: content.rows }) : undefined
  return withNulls({
    ...{ id, projectId, name, createdBy, createdAt, updatedAt, version },
    kind: content.kind,
    connectionId: table?.connectionId,
    tableName: table?.table,
    rows,
    searchText: searchable(name),
  })
}

function sourceFrom(row: DataSourceRow): DataSource {
  const { id, projectId, name, createdBy, createdAt, updatedAt, version } = row
  return { id, projectId, name, content: contentOf(row), createdBy, createdAt, updatedAt, version }
}

function contentOf({ connectionId, tableName, rows }: DataSourceRow): DataSource['content'] {
  if (connectionId !== null) return { kind: 'table', connectionId, table: tableName ?? '' }
  const csv: Rows = rows === null ? { columns: [], rows: [] } : fromJson<Rows>(rows)
  return { kind: 'csv', ...csv } satisfies CsvContent
}
