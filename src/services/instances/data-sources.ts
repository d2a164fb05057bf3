import type { Access } from '../../domain/callers/access.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault, type Violation } from '../../domain/fault.ts'
import { newShortId } from '../../domain/id.ts'
import type { DataSource, Rows } from '../../domain/servers/data-source.ts'
import type { Store, Tables } from '../../store/store.ts'
import { accessToEach, checkAccess, checkRight, findConnection, findSeen, type Seen } from '../access/access.ts'
import { viewerAs } from '../access/connection-access.ts'
import { auditOf } from '../operations/audit.ts'
import { lastWord } from '../operations/contention.ts'
import { changeStore } from '../operations/store-change.ts'
import type { TablePreviews } from './table-previews.ts'

export interface DataSourceWish {
  readonly name: string
  readonly content: DataSource['content']
}

/** Without content, the rows that are there stay; of a table none are. */
export type DataSourceChange = Pick<DataSourceWish, 'name'> & Partial<DataSourceWish>

/** A data source, as its caller sees it. */
export interface DataSourceSeen {
  readonly source: DataSource
  readonly access: Access
}

/** Tables behind connections, and rows that were sent to us, under names that people share. Who makes one is its admin; nobody else sees it until it is shared. */
export interface DataSources {
  /** `seenBy` narrows to what another member sees; only an admin may ask that. */
  list(
    caller: Caller,
    projectId: string,
    cut: { readonly q: string; readonly offset: number; readonly limit: number; readonly seenBy?: string },
  ): Promise<{ readonly items: readonly DataSourceSeen[]; readonly total: number }>
  get(caller: Caller, id: string): Promise<DataSourceSeen>
  create(caller: Caller, projectId: string, wish: DataSourceWish): Promise<DataSourceSeen>
  change(caller: Caller, id: string, wish: DataSourceChange): Promise<DataSourceSeen>
  /** Other rows for one that holds rows itself. */
  replaceRows(caller: Caller, id: string, rows: Rows): Promise<DataSourceSeen>
  remove(caller: Caller, id: string): Promise<void>
  /** Its columns and first rows: of a table as they are now, by its connection's own login. */
  preview(caller: Caller, id: string, signal: AbortSignal): Promise<Rows>
}

/** Rows of a preview. */
const SHOWN = 10

export function createDataSources(store: Store, previews: TablePreviews): DataSources {
  const list: DataSources['list'] = async (caller, projectId, { q, offset, limit, seenBy = caller.operator.id }) => {
    checkRight(caller, projectId, seenBy === caller.operator.id ? 'belong' : 'administer')
    const visibleTo = await viewerAs(store.read, caller, projectId, seenBy)
    const { items, total } = await store.read.dataSources.listByOffset({ projectId, q, visibleTo }, offset, limit)
    const ids = items.map(({ id }) => id)
    const all = await accessToEach(store.read, caller, projectId, 'data-source', ids)
    return { items: items.flatMap(source => seenWith(source, all.get(source.id))), total }
  }

  function create(caller: Caller, projectId: string, wish: DataSourceWish): Promise<DataSourceSeen> {
    checkRight(caller, projectId, 'change')
    checkName(wish)
    return changeStore(store, async tables => {
      await checkConnection(tables, caller, projectId, wish)
      const now = await tables.now()
      const by = { createdBy: caller.operator.id, createdAt: now, updatedAt: now }
      const source: DataSource = { ...tidy(wish), ...by, id: newShortId(), projectId, version: 1 }
      await tables.dataSources.add(source)
      await shareWithMaker(tables, caller, source)
      await note(tables, caller, source, 'data-source.create')
      return { source, access: 'admin' }
    })
  }

  function change(caller: Caller, id: string, { name, content }: DataSourceChange): Promise<DataSourceSeen> {
    checkName({ name })
    return changeTo(caller, id, async (tables, source) => {
      const wish = { name, content: content ?? rowsOf(source) }
      await checkConnection(tables, caller, source.projectId, wish, source)
      return tidy(wish)
    })
  }

  function replaceRows(caller: Caller, id: string, rows: Rows): Promise<DataSourceSeen> {
    return changeTo(caller, id, async (_tables, { name, content }) => {
      if (content.kind === 'csv') return { name, content: { kind: 'csv', ...rows } }
      throw new Fault('invalid', 'data-source', 'Only a data source of type CSV takes rows; this one reads a table')
    })
  }

  function changeTo(
    caller: Caller,
    id: string,
    wishFor: (tables: Tables, source: DataSource) => Promise<DataSourceWish>,
  ): Promise<DataSourceSeen> {
    const work = async (tables: Tables) => {
      const { source, access } = await mustEdit(tables, caller, id)
      const wish = await wishFor(tables, source)
      const after = await tables.dataSources.save({ ...source, ...wish, updatedAt: await tables.now() })
      await note(tables, caller, source, 'data-source.change')
      return { source: after, access }
    }
    return lastWord(undefined, () => changeStore(store, work))
  }

  function remove(caller: Caller, id: string): Promise<void> {
    return changeStore(store, async tables => {
      const { source, access } = await mustSee(tables, caller, id)
      checkAccess(access, 'remove')
      await tables.dataSources.remove(id)
      await note(tables, caller, source, 'data-source.delete')
    })
  }

  async function preview(caller: Caller, id: string, signal: AbortSignal): Promise<Rows> {
    const { content } = (await mustSee(store.read, caller, id)).source
    if (content.kind === 'csv') return { columns: content.columns, rows: content.rows.slice(0, SHOWN) }
    const connection = await store.read.connections.find(content.connectionId)
    if (!connection) throw new Fault('not_found', 'connection', 'The connection of this data source is gone')
    return previews.of(connection, content.table, SHOWN, signal)
  }

  return { list, get: (caller, id) => mustSee(store.read, caller, id), create, change, replaceRows, remove, preview }
}

function seenWith(source: DataSource, access: Access | undefined): readonly DataSourceSeen[] {
  return access ? [{ source, access }] : []
}

async function mustSee(tables: Tables, caller: Caller, id: string): Promise<DataSourceSeen> {
  const entity = { kind: 'data-source', id } as const
  const seen: Seen<DataSource> | undefined = await findSeen(tables, caller, entity, one => tables.dataSources.find(one))
  if (!seen) throw new Fault('not_found', 'data-source', `No data source ${id}`)
  return { source: seen.thing, access: seen.access }
}

async function mustEdit(tables: Tables, caller: Caller, id: string): Promise<DataSourceSeen> {
  const seen = await mustSee(tables, caller, id)
  checkAccess(seen.access, 'edit')
  return seen
}

/** Only through a connection that the caller sees; one that was chosen by somebody else before may stay. */
async function checkConnection(
  tables: Tables,
  caller: Caller,
  projectId: string,
  { content }: DataSourceWish,
  before?: DataSource,
): Promise<void> {
  if (content.kind !== 'table') return
  const { connectionId, table } = content
  if (before?.content.kind === 'table' && same(before.content, content)) return
  const seen = await findConnection(tables, caller, connectionId)
  // Held, so that it is not deleted between this look and our commit.
  const held = seen?.thing.projectId === projectId && (await tables.connections.hold(connectionId))
  const violations: Violation[] = []
  if (!held)
    violations.push({ pointer: '/databaseConnection', detail: 'must be the id of a connection that you may see' })
  if (!isName(table))
    violations.push({ pointer: '/tableName', detail: 'must have 1 to 255 characters and no control characters' })
  if (violations.length > 0)
    throw new Fault('invalid', 'data-source', 'The data source is not acceptable', { violations })
}

function rowsOf({ content }: DataSource): DataSource['content'] {
  return content.kind === 'csv' ? content : { kind: 'csv', columns: [], rows: [] }
}

function same(one: { connectionId: string; table: string }, other: { connectionId: string; table: string }): boolean {
  return one.connectionId === other.connectionId && one.table === other.table
}

async function shareWithMaker(tables: Tables, caller: Caller, { id, projectId, createdAt }: DataSource): Promise<void> {
  if (!(await tables.members.find(projectId, caller.operator.id))) return
  const entity = { kind: 'data-source', id } as const
  const subject = { kind: 'user', id: caller.operator.id } as const
  await tables.access.set({ projectId, entity, subject, access: 'admin', since: createdAt })
}

function checkName({ name }: Pick<DataSourceWish, 'name'>): void {
  if (isName(name.trim())) return
  const violations = [{ pointer: '/name', detail: 'must have 1 to 255 characters and no control characters' }]
  throw new Fault('invalid', 'data-source', 'The data source is not acceptable', { violations })
}

function isName(name: string): boolean {
  const length = [...name].length
  return length >= 1 && length <= 255 && !/\p{Cc}/u.test(name) && name.isWellFormed()
}

function tidy({ name, content }: DataSourceWish): DataSourceWish {
  return { name: name.trim(), content }
}

async function note(tables: Tables, caller: Caller, { projectId, id }: DataSource, action: string): Promise<void> {
  const at = await tables.now()
  await tables.audit.add(auditOf(caller, { projectId, action, subject: id, detail: [], at }))
}
