import { Fault } from '../../../domain/fault.ts'
import type { Connection, Credential, Tls } from '../../../domain/servers/connection.ts'
import type { EngineName } from '../../../domain/servers/instance.ts'
import { userKeyFrom } from '../../../domain/users/user.ts'
import { fromJson, searchable, toJson, withNulls, withoutNulls } from '../../context.ts'
import type { ConnectionRow } from '../../rows/servers.ts'
import type { Place, Vault } from '../../sealing/vault.ts'

export const credentialPlace = (id: string): Place => ['connections', id, 'credential']
export const clientKeyPlace = (id: string): Place => ['connections', id, 'tls_client_key']

/** Without the credential, which `save` may leave alone, and without what tests and proofs write. */
export function toRow(vault: Vault, connection: Connection) {
  const name = connection.name.trim().normalize('NFC')
  return withNulls({
    id: connection.id,
    projectId: connection.projectId,
    instanceId: connection.instanceId,
    name: connection.name,
    nameKey: name,
    engine: connection.engine as string,
    databaseType: connection.databaseType,
    host: connection.host,
    port: connection.port,
    hosts: JSON.stringify(connection.hosts),
    database: connection.database,
    username: connection.username,
    authDatabase: connection.authDatabase,
    mechanism: connection.mechanism,
    ...toTlsRow(vault, connection.id, connection.tls),
    options: JSON.stringify(connection.options),
    createdBy: connection.createdBy,
    createdAt: connection.createdAt,
    updatedAt: connection.updatedAt,
    version: connection.version,
    searchText: searchable(name),
  })
}

function toTlsRow(vault: Vault, id: string, tls: Tls | undefined) {
  const { clientKey, ...plain } = tls ?? {}
  return { tls: tls && toJson(plain), tlsClientKey: clientKey && vault.seal(clientKey, clientKeyPlace(id)) }
}

export function toCredentialRow(
  vault: Vault,
  id: string,
  credential: Credential | undefined,
): Pick<ConnectionRow, 'credentialKind' | 'credential'> {
  if (!credential) return { credentialKind: null, credential: null }
  if (credential.kind === 'env') return { credentialKind: 'env', credential: credential.name }
  if (credential.kind === 'file') return { credentialKind: 'file', credential: credential.path }
  if (credential.kind === 'sealed') {
    return { credentialKind: 'sealed', credential: vault.seal(credential.secret, credentialPlace(id)) }
  }
  throw new Fault('invalid', 'connection', 'A credential that can not be read can not be stored: give a new one')
}

export function connectionFrom(vault: Vault, row: ConnectionRow): Connection {
  const { searchText: _, nameKey: _key, credentialKind: _kind, testOutcome: _test, ...shown } = withoutNulls(row)
  const { tlsClientKey: _clientKey, testDetail: _detail, testAt: _at, ...rest } = shown
  return withoutNulls({
    ...rest,
    engine: row.engine as EngineName,
    hosts: fromJson<Connection['hosts']>(row.hosts),
    credential: credentialFrom(vault, row),
    tls: tlsFrom(vault, row),
    options: fromJson<Connection['options']>(row.options),
    account: row.account === null ? undefined : userKeyFrom(row.account),
    missingRights: row.missingRights === null ? undefined : fromJson<string[]>(row.missingRights),
    lastTest: testFrom(row),
  })
}

function credentialFrom(vault: Vault, { id, credentialKind, credential }: ConnectionRow): Credential | undefined {
  if (credentialKind === null || credential === null) return undefined
  if (credentialKind === 'env') return { kind: 'env', name: credential }
  if (credentialKind === 'file') return { kind: 'file', path: credential }
  const secret = vault.open(credential, credentialPlace(id))
  return secret ? { kind: 'sealed', secret } : { kind: 'unreadable' }
}

function tlsFrom(vault: Vault, { id, tls, tlsClientKey }: ConnectionRow): Tls | undefined {
  if (tls === null) return undefined
  if (tlsClientKey === null) return fromJson(tls)
  return { ...fromJson<Tls>(tls), clientKey: vault.openLater(tlsClientKey, clientKeyPlace(id)) }
}

function testFrom({ testOutcome, testDetail, testAt }: ConnectionRow): Connection['lastTest'] {
  if (testOutcome === null || testAt === null) return undefined
  return withoutNulls({ outcome: testOutcome, detail: testDetail ?? undefined, at: testAt })
}
