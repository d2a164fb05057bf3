import { type SelectQueryBuilder, sql } from 'kysely'
import { cutPage } from '../../../domain/page.ts'
import type { Connection, Credential } from '../../../domain/servers/connection.ts'
import { userKeyText } from '../../../domain/users/user.ts'
import { type Context, contains, staleVersion, within } from '../../context.ts'
import type { ConnectionFilter, Connections } from '../../interface/servers.ts'
import type { ConnectionRow } from '../../rows/servers.ts'
import type { Schema } from '../../schema.ts'
import { setAddresses } from './addresses.ts'
import { connectionFrom, toCredentialRow, toRow } from './connection-rows.ts'
import { atSameFingerprint, atSamePort } from './same-server.ts'
import { visibleEntities } from './visibility.ts'

export function connectionTable(context: Context): Connections {
  const { db, vault } = context
  const select = () => db.selectFrom('connections').selectAll()
  return {
    async add(connection) {
      await db.insertInto('connections').values(toNewRow(context, connection)).execute()
      await setAddresses(context, connection)
    },
    async find(id) {
      const row = await select().where('id', '=', id).where('removedAt', 'is', null).executeTakeFirst()
      return row && connectionFrom(vault, row)
    },
    async listByOffset(filter, offset, limit) {
      const query = filtered(context, filter)
      const rows = await query.selectAll().orderBy('createdAt').orderBy('id').limit(limit).offset(offset).execute()
      const { total } = await query.select(eb => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      return { items: rows.map(row => connectionFrom(vault, row)), total }
    },
    async hold(id) {
      const query = select().where('id', '=', id).where('removedAt', 'is', null)
      const row = await (context.words.rowLocks ? query.forUpdate() : query).executeTakeFirst()
      return row && connectionFrom(vault, row)
    },
    async list(projectId, page, visibleTo) {
      const all =
        visibleTo === undefined ? select() : select().where('id', 'in', visible(context, projectId, visibleTo))
      const query = all
        .where('projectId', '=', projectId)
        .where('removedAt', 'is', null)
        .where(within(context, page, 'id', 'searchText'))
      const rows = await query
        .orderBy('id')
        .limit(page.limit + 1)
        .execute()
      return cutPage(
        rows.map(row => connectionFrom(vault, row)),
        page.limit,
        connection => connection.id,
      )
    },
    async ofInstance(instanceId) {
      const rows = await select().where('instanceId', '=', instanceId).orderBy('createdAt').orderBy('id').execute()
      return rows.map(row => connectionFrom(vault, row))
    },
    async elsewhere(instanceId, by, username) {
      const found = by === 'fingerprint' ? atSameFingerprint(context, instanceId) : atSamePort(context, instanceId)
      const all = select().where('provedAt', 'is not', null).where('id', 'in', found)
      const rows = await (username === undefined ? all : all.where('username', '=', username)).orderBy('id').execute()
      return rows.map(row => connectionFrom(vault, row))
    },
    save: (connection, credential) => save(context, connection, credential),
    async setProof(id, { at, missingRights, account }) {
      const login = account ? userKeyText(account) : null
      const proof = { provedAt: at, account: login, missingRights: JSON.stringify(missingRights) }
      await db.updateTable('connections').set(proof).where('id', '=', id).execute()
    },
    async setLastTest(id, { outcome, detail, at }) {
      const test = { testOutcome: outcome, testDetail: detail ?? null, testAt: at }
      await db.updateTable('connections').set(test).where('id', '=', id).execute()
    },
    async retire(id, at) {
      // No name has a control character in it, so the connection's own becomes free.
      const query = db.updateTable('connections').set({ removedAt: at, nameKey: `\u0001${id}` })
      await query.where('id', '=', id).execute()
    },
    async remove(id) {
      await stopManaging(context, id)
      const { numDeletedRows } = await db.deleteFrom('connections').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}

function filtered(context: Context, { projectId, q, databaseTypes, visibleTo }: ConnectionFilter) {
  let query: SelectQueryBuilder<Schema, 'connections', object> = context.db
    .selectFrom('connections')
    .where('projectId', '=', projectId)
    .where('removedAt', 'is', null)
  if (q !== undefined && q !== '') query = query.where(contains(context, 'searchText', q))
  if (visibleTo !== undefined) query = query.where('id', 'in', visible(context, projectId, visibleTo))
  if (databaseTypes) query = query.where('databaseType', 'in', ['', ...databaseTypes])
  return query
}

const visible = (context: Context, projectId: string, operatorId: string) =>
  visibleEntities(context, 'connection', projectId, operatorId)

async function save(context: Context, connection: Connection, credential?: Credential | null): Promise<Connection> {
  const { db, vault } = context
  const saved = { ...connection, version: connection.version + 1 }
  const secrets = credential === undefined ? {} : toCredentialRow(vault, connection.id, credential ?? undefined)
  const query = db
    .updateTable('connections')
    .set({ ...toRow(vault, saved), ...secrets })
    // A proof is of one login on one server.
    .set({
      provedAt: keptForLogin('provedAt', saved),
      account: keptForLogin('account', saved),
      missingRights: keptForLogin('missingRights', saved),
    })
    .where('id', '=', connection.id)
    .where('version', '=', connection.version)
  const row = await query.returningAll().executeTakeFirst()
  if (!row) throw staleVersion('connection')
  await stopManaging(context, connection.id, connection.instanceId)
  await setAddresses(context, saved)
  return connectionFrom(vault, row)
}

function keptForLogin(
  column: 'provedAt' | 'account' | 'missingRights',
  { username, instanceId, authDatabase }: Connection,
) {
  const same = sql`${sql.ref('username')} = ${username} and ${sql.ref('instanceId')} = ${instanceId}
    and coalesce(${sql.ref('authDatabase')}, '') = ${authDatabase ?? ''}`
  return sql<never>`case when ${same} then ${sql.ref(column)} end`
}

/** A connection that is gone, or leads elsewhere now, does not manage the instance that it managed. */
async function stopManaging({ db }: Context, id: string, except = ''): Promise<void> {
  const query = db.updateTable('instances').set({ managingConnectionId: null })
  await query.where('managingConnectionId', '=', id).where('id', '!=', except).execute()
}

function toNewRow({ vault }: Context, connection: Connection): ConnectionRow {
  const { id, credential, provedAt, account, missingRights, lastTest } = connection
  return {
    ...toRow(vault, connection),
    ...toCredentialRow(vault, id, credential),
    provedAt: provedAt ?? null,
    account: account ? userKeyText(account) : null,
    removedAt: null,
    missingRights: missingRights ? JSON.stringify(missingRights) : null,
    testOutcome: lastTest?.outcome ?? null,
    testDetail: lastTest?.detail ?? null,
    testAt: lastTest?.at ?? null,
  }
}
