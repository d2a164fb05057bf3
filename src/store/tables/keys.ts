import { createHash } from 'node:crypto'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { ApiKey, KeyProject } from '../../domain/api-key.ts'
import { cutPage } from '../../domain/page.ts'
import type { Role } from '../../domain/role.ts'
import { Secret } from '../../domain/secret.ts'
import { type Context, fromJson, searchable, toJson, within, withNulls, withoutNulls } from '../context.ts'
import type { ApiKeyRow, KeyProjectRow, OperatorRow, Schema } from '../schema.ts'
import type { Vault } from '../sealing/vault.ts'
import type { KeyMatch, Keys } from '../store.ts'
import { operatorFrom } from './operators.ts'

/** The realm that the Atlas API challenges with; part of what is hashed. */
const DIGEST_REALM = 'MMS Public API'
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
    setProject: (keyId, project) => setProject(context, keyId, project),
    async revoke(id, at) {
      const query = db.updateTable('apiKeys').set({ revokedAt: at }).where('id', '=', id)
      await query.where('revokedAt', 'is', null).execute()
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

const OPERATOR_COLUMNS = [
  'o.username as oUsername',
  'o.email as oEmail',
  'o.name as oName',
  'o.issuer as oIssuer',
  'o.subject as oSubject',
  'o.first as oFirst',
  'o.homeProjectId as oHomeProjectId',
  'o.disabledAt as oDisabledAt',
  'o.createdAt as oCreatedAt',
] as const

type WithOperator = { readonly operatorId: string; readonly memberships: string | null } & {
  readonly [K in Exclude<keyof OperatorRow, 'id' | 'searchText'> as `o${Capitalize<K>}`]: OperatorRow[K]
}

function callerFrom(row: WithOperator): Pick<KeyMatch, 'operator' | 'memberships'> {
  const operator = operatorFrom({
    id: row.operatorId,
    username: row.oUsername,
    email: row.oEmail,
    name: row.oName,
    issuer: row.oIssuer,
    subject: row.oSubject,
    first: row.oFirst,
    homeProjectId: row.oHomeProjectId,
    disabledAt: row.oDisabledAt,
    createdAt: row.oCreatedAt,
    searchText: '',
  })
  return { operator, memberships: membershipsFrom(row.memberships ?? '') }
}

function membershipsFrom(text: string): ReadonlyMap<string, Role> {
  const pairs = text.split(',').filter(pair => pair !== '')
  return new Map(pairs.map(pair => pair.split(' ') as [string, Role]))
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

function toRow(vault: Vault, key: ApiKey, secret: Secret): ApiKeyRow {
  return withNulls({
    id: key.id,
    publicKey: key.publicKey,
    operatorId: key.operatorId,
    homeProjectId: key.homeProjectId,
    description: key.description,
    networks: JSON.stringify(key.networks),
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revokedAt: key.revokedAt,
    lastUsedAt: key.lastUsedAt,
    secretHash: vault.hash(secret.reveal()),
    digestMd5: vault.seal(digestHalf('md5', key, secret), ['api_keys', key.id, 'digest_md5']),
    digestSha256: vault.seal(digestHalf('sha256', key, secret), ['api_keys', key.id, 'digest_sha256']),
    searchText: searchable(key.publicKey, key.description),
  })
}

function digestHalf(algorithm: 'md5' | 'sha256', key: ApiKey, secret: Secret): Secret {
  const text = `${key.publicKey}:${DIGEST_REALM}:${secret.reveal()}`
  return new Secret(createHash(algorithm).update(text).digest('hex'))
}

function digestFrom(vault: Vault, row: ApiKeyRow) {
  return {
    md5: vault.openLater(row.digestMd5, ['api_keys', row.id, 'digest_md5']),
    sha256: vault.openLater(row.digestSha256, ['api_keys', row.id, 'digest_sha256']),
  }
}

type KeyAndProject = ApiKeyRow & { [K in Exclude<keyof KeyProjectRow, 'keyId'>]: KeyProjectRow[K] | null }

/** Rows of one key follow one another, one for each of its projects. */
function keysFrom(rows: readonly KeyAndProject[]): ApiKey[] {
  return [...Map.groupBy(rows, row => row.id).values()].map(keyFrom)
}

function keyFrom(rows: readonly KeyAndProject[]): ApiKey {
  const { id, publicKey, operatorId, homeProjectId, description, ...rest } = withoutNulls(rows[0]!)
  const { networks, createdAt, expiresAt, revokedAt, lastUsedAt } = rest
  return withoutNulls({
    id,
    publicKey,
    operatorId,
    homeProjectId,
    description,
    networks: fromJson<string[]>(networks),
    projects: rows.flatMap(projectFrom),
    createdAt,
    expiresAt,
    revokedAt,
    lastUsedAt,
  })
}

function projectFrom({ projectId, role, scopes }: KeyAndProject): KeyProject[] {
  if (projectId === null) return []
  return [
    withoutNulls({ projectId, role: role as Role, scopes: scopes === null ? undefined : fromJson<string[]>(scopes) }),
  ]
}
