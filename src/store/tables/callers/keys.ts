import { type SelectQueryBuilder, sql } from 'kysely'
import type { KeyProject } from '../../../domain/callers/api-key.ts'
import { cutPage } from '../../../domain/page.ts'
import { type Context, searchable, toJson, within, withNulls } from '../../context.ts'
import type { Keys } from '../../interface/callers.ts'
import type { ApiKeyRow } from '../../rows/callers.ts'
import type { Schema } from '../../schema.ts'
import { callerFrom, digestFrom, keysFrom, OPERATOR_COLUMNS, toRow } from './key-rows.ts'

/** Writing down every use of a key would make a write of every read. */
const TOUCH_MS = 60_000

export function keyTable(context: Context): Keys {
  const { db, vault } = context
  return {
    async add(key, secret) {
      await db
        .insertInto('apiKeys')
        .values(toRow(vault, key, secret))
        .execute()
      for (const project of key.projects) await setProject(context, key.id, project)
    },
    find: async id => keysFrom(await withProjects(context).where('k.id', '=', id).execute())[0],
    findByPublicKey: async publicKey =>
      keysFrom(await withProjects(context).where('k.publicKey', '=', publicKey).execute())[0],
    match: async secret => (await match(context, 'secretHash', vault.hash(secret.reveal())))?.match,
    async matchPublic(publicKey) {
      const found = await match(context, 'publicKey', publicKey)
      return found && { ...found.match, digest: digestFrom(vault, found.row) }
    },
    async list(projectId, page, operatorId) {
      const rows = await withProjects(context, pageOfKeys(context, projectId, page, operatorId)).execute()
      return cutPage(keysFrom(rows), page.limit, key => key.id)
    },
    listOf: async operatorId => keysFrom(await withProjects(context).where('k.operatorId', '=', operatorId).execute()),
    async describe(id, description) {
      const { publicKey } = await db
        .selectFrom('apiKeys')
        .select('publicKey')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      const said = withNulls({ description, searchText: searchable(publicKey, description) })
      await db.updateTable('apiKeys').set(said).where('id', '=', id).execute()
    },
    async setNetworks(id, networks) {
      await db
        .updateTable('apiKeys')
        .set({ networks: JSON.stringify(networks) })
        .where('id', '=', id)
        .execute()
    },
    setProject: (keyId, project) => setProject(context, keyId, project),
    removeProject: (keyId, projectId) => removeProject(context, keyId, projectId),
    async move(keyId, from, to) {
      await db.updateTable('apiKeys').set({ homeProjectId: to.projectId }).where('id', '=', keyId).execute()
      await removeProject(context, keyId, from)
      await setProject(context, keyId, to)
    },
    async revoke(id, at) {
      const query = db.updateTable('apiKeys').set({ revokedAt: at }).where('id', '=', id)
      return (await query.where('revokedAt', 'is', null).executeTakeFirst()).numUpdatedRows > 0n
    },
    async touch(id, at) {
      const isOld = sql<boolean>`coalesce(${sql.ref('lastUsedAt')}, 0) <= ${at - TOUCH_MS}`
      await db.updateTable('apiKeys').set({ lastUsedAt: at }).where('id', '=', id).where(isOld).execute()
    },
  }
}

/** One query: the key, its projects as rows, its operator, and the operator's roles as one text. */
async function match({ db }: Context, column: 'secretHash' | 'publicKey', value: string) {
  const rows = await db
    .selectFrom('apiKeys as k')
    .innerJoin('operators as o', 'o.id', 'k.operatorId')
    .leftJoin('keyProjects as p', 'p.keyId', 'k.id')
    .selectAll('k')
    .select(['p.projectId', 'p.role', 'p.scopes'])
    .select(OPERATOR_COLUMNS)
    .select(eb =>
      eb
        .selectFrom('members')
        .whereRef('members.operatorId', '=', 'k.operatorId')
        .select(
          sql<string | null>`string_agg(${sql.ref('members.projectId')} || ' ' || ${sql.ref('members.role')}, ',')`.as(
            'list',
          ),
        )
        .as('memberships'),
    )
    .where(`k.${column}`, '=', value)
    .orderBy('p.projectId')
    .execute()
  const [row] = rows
  return row && { row, match: { key: keysFrom(rows)[0]!, ...callerFrom(row) } }
}

function withProjects({ db }: Context, keys?: SelectQueryBuilder<Schema, 'apiKeys', ApiKeyRow>) {
  const from = keys ? db.selectFrom(keys.as('k')) : db.selectFrom('apiKeys as k')
  return from
    .leftJoin('keyProjects as p', 'p.keyId', 'k.id')
    .selectAll('k')
    .select(['p.projectId', 'p.role', 'p.scopes'])
    .orderBy('k.id')
    .orderBy('p.projectId')
}

function pageOfKeys(context: Context, projectId: string, page: Parameters<Keys['list']>[1], operatorId?: string) {
  const query = context.db
    .selectFrom('apiKeys')
    .selectAll()
    .where('id', 'in', eb => eb.selectFrom('keyProjects').select('keyId').where('projectId', '=', projectId))
    .where(within(context, page, 'id', 'searchText'))
  const own = operatorId === undefined ? query : query.where('operatorId', '=', operatorId)
  return own.orderBy('id').limit(page.limit + 1)
}

async function setProject({ db }: Context, keyId: string, project: KeyProject): Promise<void> {
  const may = withNulls({ role: project.role as string, scopes: toJson(project.scopes) })
  await db
    .insertInto('keyProjects')
    .values({ keyId, projectId: project.projectId, ...may })
    .onConflict(taken => taken.columns(['keyId', 'projectId']).doUpdateSet(may))
    .execute()
}

async function removeProject({ db }: Context, keyId: string, projectId: string): Promise<void> {
  await db.deleteFrom('keyProjects').where('keyId', '=', keyId).where('projectId', '=', projectId).execute()
}
