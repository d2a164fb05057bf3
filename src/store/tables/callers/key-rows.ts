import { createHash } from 'node:crypto'
import type { ApiKey, KeyProject } from '../../../domain/callers/api-key.ts'
import { Secret } from '../../../domain/secret.ts'
import type { Role } from '../../../domain/users/role.ts'
import { fromJson, searchable, withNulls, withoutNulls } from '../../context.ts'
import type { KeyMatch } from '../../interface/callers.ts'
import type { ApiKeyRow, KeyProjectRow, OperatorRow } from '../../rows/callers.ts'
import type { Place, Vault } from '../../sealing/vault.ts'
import { operatorFrom } from './operators.ts'

/** The realm that the Atlas API challenges with; part of what is hashed. */
const DIGEST_REALM = 'MMS Public API'

/** The operator beside its key, under names of their own. */
export const OPERATOR_COLUMNS = [
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

export function callerFrom(row: WithOperator): Pick<KeyMatch, 'operator' | 'memberships'> {
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

export function toRow(vault: Vault, key: ApiKey, secret: Secret): ApiKeyRow {
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
    digestMd5: vault.seal(digestHalf('md5', key, secret), digestPlace(key.id, 'digest_md5')),
    digestSha256: vault.seal(digestHalf('sha256', key, secret), digestPlace(key.id, 'digest_sha256')),
    searchText: searchable(key.publicKey, key.description),
    madeBy: key.madeBy,
  })
}

export function digestPlace(id: string, column: 'digest_md5' | 'digest_sha256'): Place {
  return ['api_keys', id, column]
}

function digestHalf(algorithm: 'md5' | 'sha256', key: ApiKey, secret: Secret): Secret {
  const text = `${key.publicKey}:${DIGEST_REALM}:${secret.reveal()}`
  return new Secret(createHash(algorithm).update(text).digest('hex'))
}

export function digestFrom(vault: Vault, row: ApiKeyRow) {
  return {
    md5: vault.openLater(row.digestMd5, digestPlace(row.id, 'digest_md5')),
    sha256: vault.openLater(row.digestSha256, digestPlace(row.id, 'digest_sha256')),
  }
}

type KeyAndProject = ApiKeyRow & { [K in Exclude<keyof KeyProjectRow, 'keyId'>]: KeyProjectRow[K] | null }

/** Rows of one key follow one another, one for each of its projects. */
export function keysFrom(rows: readonly KeyAndProject[]): ApiKey[] {
  return [...Map.groupBy(rows, row => row.id).values()].map(keyFrom)
}

function keyFrom(rows: readonly KeyAndProject[]): ApiKey {
  const { id, publicKey, operatorId, homeProjectId, description, ...rest } = withoutNulls(rows[0]!)
  const { networks, createdAt, expiresAt, revokedAt, lastUsedAt, madeBy } = rest
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
    madeBy,
  })
}

function projectFrom({ projectId, role, scopes }: KeyAndProject): KeyProject[] {
  if (projectId === null) return []
  return [
    withoutNulls({ projectId, role: role as Role, scopes: scopes === null ? undefined : fromJson<string[]>(scopes) }),
  ]
}
