import { type Static, Type } from 'typebox'
import type { Rows } from '../../../domain/servers/data-source.ts'
import type { DataSourceChange, DataSourceSeen, DataSourceWish } from '../../../services/instances/data-sources.ts'
import { ref } from '../../request.ts'
import type { Wrong } from '../bodies/shape.ts'
import { Pagination } from './connections.ts'
import { together } from './coordinates.ts'

const Column = Type.Object({
  name: Type.String(),
  type: Type.Optional(Type.Object({ name: Type.String(), format: Type.Optional(Type.String()) })),
})
const Cells = Type.Array(Type.Array(Type.String()))

export const DataSourceBody = Type.Object({
  dataSource: Type.Object({
    name: Type.String(),
    type: Type.Optional(
      Type.Unsafe<string>({ type: 'string', enum: ['CSV', 'DATABASE'], description: 'CSV without it' }),
    ),
    databaseConnection: Type.Optional(Type.String({ description: 'Id of a connection' })),
    tableName: Type.Optional(Type.String({ description: 'A table or view' })),
    columnsMetadata: Type.Optional(Type.Array(Column)),
    rows: Type.Optional(Cells),
  }),
})

const Shown = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    aclObject: Type.String(),
    lastUpdatedTime: Type.String({ format: 'date-time' }),
    version: Type.Integer(),
    type: Type.Enum(['CSV', 'DATABASE']),
    state: Type.Enum(['ENABLED', 'DISABLED']),
    databaseConnection: Type.Optional(Type.String()),
    tableName: Type.Optional(Type.String()),
    columnsMetadata: Type.Optional(Type.Array(Column)),
    rowsPreview: Type.Optional(Cells),
    links: Type.Object({ self: Type.String(), acl: Type.String() }),
  },
  { $id: 'DataSource' },
)

export const SingleDataSource = Type.Object({ dataSource: ref(Shown) })
export const DataSourceList = together('DataSources', [
  Type.Object({ dataSources: Type.Array(ref(Shown)) }),
  ref(Pagination),
])

export const dataSourceSchemas = [Shown, DataSourceList]

type Input = Static<typeof DataSourceBody>

/** What its type asks for and a schema can't say. */
export function missingIn({ dataSource }: Input): readonly Wrong[] {
  if (dataSource.type !== 'DATABASE') return unevenIn(dataSource)
  return (['databaseConnection', 'tableName'] as const).flatMap(name => {
    const pointer = `/dataSource/${name}`
    const detail = `json pointer ${pointer} not present; it is required and must have json type string`
    return dataSource[name] === undefined ? [{ pointer, detail }] : []
  })
}

function unevenIn({ columnsMetadata = [], rows = [] }: Input['dataSource']): readonly Wrong[] {
  return rows.flatMap((row, at) => {
    const pointer = `/dataSource/rows/${at}`
    const detail = `json pointer ${pointer} has ${row.length} items; it must have one for each of the ${columnsMetadata.length} columns`
    return row.length === columnsMetadata.length ? [] : [{ pointer, detail }]
  })
}

export function toDataSource({ dataSource }: Input): DataSourceWish {
  const { name, type, databaseConnection: connectionId = '', tableName: table = '' } = dataSource
  if (type === 'DATABASE') return { name, content: { kind: 'table', connectionId, table } }
  const { columnsMetadata = [], rows = [] } = dataSource
  return { name, content: { kind: 'csv', columns: columnsMetadata as Rows['columns'], rows } }
}

/** One that brings no rows keeps those that are there. */
export function toDataSourceChange(input: Input): DataSourceChange {
  const { name, type, columnsMetadata, rows } = input.dataSource
  return type !== 'DATABASE' && !columnsMetadata && !rows ? { name } : toDataSource(input)
}

export function fromDataSource({ source }: DataSourceSeen, preview?: Rows) {
  const { id, name, content, updatedAt, version } = source
  const self = `/v1/data-sources/${id}`
  const table = content.kind === 'table' && { databaseConnection: content.connectionId, tableName: content.table }
  return {
    id,
    name,
    aclObject: id,
    lastUpdatedTime: new Date(updatedAt).toISOString(),
    version,
    type: content.kind === 'table' ? 'DATABASE' : 'CSV',
    state: 'ENABLED',
    ...table,
    ...(preview && { columnsMetadata: preview.columns, rowsPreview: preview.rows }),
    links: { self, acl: `${self}/acl{?subjectId}` },
  }
}
