import { Fault } from '../../../domain/fault.ts'
import type { Secret } from '../../../domain/secret.ts'
import { type Context, fromJson, OPEN, toJson, withNulls } from '../../context.ts'
import type { ProjectRecords } from '../../interface/users.ts'
import type { Places, ProjectRecord, RecordPlan } from '../../project-record.ts'
import type { ProjectRecordRow } from '../../rows/users.ts'
import type { Place, Vault } from '../../sealing/vault.ts'

type Named = Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>
type Column = 'password' | 'next_password'

export const projectRecordPlace = ({ projectId, kind, key }: Named, column: Column): Place => [
  'project_records',
  `${projectId} ${kind} ${key}`,
  column,
]

export function projectRecordTable(context: Context): ProjectRecords {
  const { db, vault } = context
  // One that an operator gave up is open no more, and what it was to become is nothing.
  const rows = db
    .selectFrom('projectRecords')
    .leftJoin('operations', join =>
      join.onRef('operations.id', '=', 'projectRecords.operationId').on('operations.state', '=', OPEN),
    )
    .selectAll('projectRecords')
    .select('operations.id as stillOpen')
  const one = ({ projectId, kind, key }: Named) => ({ projectId, kind, key })
  const find = async ({ projectId, kind, key }: Named) => {
    const own = rows.where('projectRecords.projectId', '=', projectId).where('kind', '=', kind)
    const row = await own.where('key', '=', key).executeTakeFirst()
    return row && recordFrom(vault, row)
  }
  return {
    async list(projectId, kind) {
      const own = rows.where('projectRecords.projectId', '=', projectId).where('kind', '=', kind)
      const found = await own.orderBy('projectRecords.createdAt').orderBy('key').execute()
      return found.map(row => recordFrom(vault, row))
    },
    find: (projectId, kind, key) => find({ projectId, kind, key }),
    async hold(named) {
      // What it joins is seen as it is once the row is held.
      return (await holdRow(context, named)) && find(named)
    },
    async namesakes({ projectId, kind, key }) {
      const others = rows.where('projectRecords.projectId', '!=', projectId).where('kind', '=', kind)
      const found = await others.where('key', '=', key).orderBy('projectRecords.projectId').execute()
      return found.map(row => recordFrom(vault, row))
    },
    async projects() {
      const found = await db.selectFrom('projectRecords').select('projectId').distinct().execute()
      return found.map(({ projectId }) => projectId)
    },
    async put(record) {
      const row = toRow(vault, record)
      const added = db.insertInto('projectRecords').values(row)
      await added.onConflict(taken => taken.columns(['projectId', 'kind', 'key']).doUpdateSet(row)).execute()
    },
    async remove(record) {
      await db
        .deleteFrom('projectRecords')
        .where(eb => eb.and(one(record)))
        .execute()
    },
    begin: (plan, now) => begin(context, plan, now),
    finish: (operationId, open) => finish(context, operationId, open),
    move: (record, made, dropped) => move(context, record, made, dropped),
    undo: operationId => undo(context, operationId),
  }
}

/**
 * One open change of a record: a second one waits for it, as with every other subject. Whether one is open is asked in a statement of
 * its own: only once the row is held does PostgreSQL see what was committed meanwhile.
 */
async function begin(context: Context, plan: RecordPlan, now: number): Promise<void> {
  const { db, vault } = context
  const { projectId, kind, key, operationId, change, next, password } = plan
  const anew = { createdAt: now, places: '{}', current: null, password: null }
  const made = { projectId, kind, key, ...anew, ...CLOSED } satisfies ProjectRecordRow
  const added = db.insertInto('projectRecords').values(made)
  await added.onConflict(taken => taken.columns(['projectId', 'kind', 'key']).doNothing()).execute()
  const held = await holdRow(context, plan)
  if (held?.operationId && (await isOpen(context, held.operationId))) throw underWay(kind)
  const row = {
    operationId,
    change,
    next: toJson(next) ?? null,
    nextPassword: password ? vault.seal(password, projectRecordPlace(plan, 'next_password')) : null,
  }
  // One that may be so no more is better forgotten too early than brought to a server that joins.
  const had = change === 'create' ? anew : password === null ? { password } : {}
  const query = db.updateTable('projectRecords').set({ ...had, ...row })
  await query.where('projectId', '=', projectId).where('kind', '=', kind).where('key', '=', key).execute()
}

/** Nobody else changes it until the end of the transaction. */
async function holdRow(
  { db, words, locking }: Context,
  { projectId, kind, key }: Named,
): Promise<ProjectRecordRow | undefined> {
  const named = db.selectFrom('projectRecords').selectAll().where('projectId', '=', projectId)
  const own = named.where('kind', '=', kind).where('key', '=', key)
  return (words.rowLocks && locking ? own.forUpdate() : own).executeTakeFirst()
}

async function isOpen({ db }: Context, operationId: string): Promise<boolean> {
  const query = db.selectFrom('operations').select('id').where('id', '=', operationId).where('state', '=', OPEN)
  return (await query.executeTakeFirst()) !== undefined
}

function underWay(kind: ProjectRecord['kind']): Fault {
  return new Fault('conflict', kind, `Another change of this ${kind} is under way: try again when it has settled`, {
    retryAfterSeconds: 1,
  })
}

const CLOSED = { operationId: null, change: null, next: null, nextPassword: null } as const

/** What was wanted is so now; while some servers are still to follow, it is all the same. */
async function finish(context: Context, operationId: string, open: number): Promise<void> {
  const { db, vault } = context
  const row = await rowOf(context, operationId)
  if (!row) return
  if (row.change === 'remove') return open === 0 ? removeRow(context, operationId) : undefined
  const before = recordFrom(vault, { ...row, stillOpen: operationId })
  const next = row.nextPassword && vault.openLater(row.nextPassword, projectRecordPlace(before, 'next_password'))
  const password = next ? sealedPassword(vault, before, next) : row.password
  const after = { ...CLOSED, current: row.next ?? row.current, password }
  await db.updateTable('projectRecords').set(after).where('operationId', '=', operationId).execute()
}

/** Several servers may come to their end at once: the row is held before it is read. A login that was made is not unmade by a later refusal. */
async function move(context: Context, record: Named, made: Places, dropped: readonly string[]): Promise<void> {
  const { projectId, kind, key } = record
  const row = await holdRow(context, record)
  if (!row) return
  const had = fromJson<Places>(row.places)
  const news = Object.entries(made).filter(([id, place]) => place !== null || typeof had[id] !== 'string')
  const all = Object.entries({ ...had, ...Object.fromEntries(news) })
  const places = JSON.stringify(Object.fromEntries(all.filter(([id]) => !dropped.includes(id))))
  const query = context.db.updateTable('projectRecords').set({ places }).where('projectId', '=', projectId)
  await query.where('kind', '=', kind).where('key', '=', key).execute()
}

async function undo(context: Context, operationId: string): Promise<void> {
  const row = await rowOf(context, operationId)
  if (row?.current === null) return removeRow(context, operationId)
  await context.db.updateTable('projectRecords').set(CLOSED).where('operationId', '=', operationId).execute()
}

async function removeRow({ db }: Context, operationId: string): Promise<void> {
  await db.deleteFrom('projectRecords').where('operationId', '=', operationId).execute()
}

function rowOf({ db }: Context, operationId: string): Promise<ProjectRecordRow | undefined> {
  return db.selectFrom('projectRecords').selectAll().where('operationId', '=', operationId).executeTakeFirst()
}

function sealedPassword(vault: Vault, record: Named, password: Secret): string {
  return vault.seal(password, projectRecordPlace(record, 'password'))
}

function toRow(vault: Vault, record: ProjectRecord): ProjectRecordRow {
  const { projectId, kind, key, createdAt, places, current, password, open } = record
  return withNulls({
    ...{ projectId, kind, key, createdAt, places: JSON.stringify(places) },
    current: toJson(current),
    password: password && sealedPassword(vault, record, password),
    operationId: open?.operationId,
    change: open?.change,
    next: undefined,
    nextPassword: undefined,
  }) as ProjectRecordRow
}

function recordFrom(vault: Vault, row: ProjectRecordRow & { readonly stillOpen: string | null }): ProjectRecord {
  const { projectId, kind, key, createdAt, stillOpen, change } = row
  const named = { projectId, kind, key }
  return {
    ...named,
    createdAt,
    places: fromJson<Places>(row.places),
    current: row.current === null ? undefined : fromJson(row.current),
    password: row.password === null ? undefined : vault.openLater(row.password, projectRecordPlace(named, 'password')),
    open: stillOpen !== null && change !== null ? { operationId: stillOpen, change } : undefined,
  }
}
