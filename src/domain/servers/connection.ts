import type { Secret } from '../secret.ts'
import type { UserKey } from '../users/user.ts'
import type { EngineName } from './instance.ts'

/** How the link to a server is protected. There is no silent downgrade: `prefer` is not offered. */
export interface Tls {
  readonly mode: 'disable' | 'require' | 'verify-ca' | 'verify-full'
  /** PEM. */
  readonly ca?: string
  readonly serverName?: string
  /** PEM. */
  readonly clientCertificate?: string
  /** PEM; write-only. */
  readonly clientKey?: Secret
}

/** Where the password comes from: sealed in the store, or fetched when it is needed. `undefined`: none is needed. */
export type Credential =
  | { readonly kind: 'sealed'; readonly secret: Secret }
  | { readonly kind: 'unreadable' } // sealed under a key that is gone
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Stored coordinates and a credential: exactly what WireMock calls a database connection. */
export interface Connection {
  /** 5 to 10 lower-case letters and digits. */
  readonly id: string
  readonly projectId: string
  readonly instanceId: string
  /** Unique in its project after trimming and NFC. */
  readonly name: string
  readonly engine: EngineName
  /** The type as its caller named it (`MARIADB` and `MYSQL` are one engine); answered as sent. */
  readonly databaseType: string
  readonly host: string
  readonly port: number
  /** More addresses of the same server or cluster; empty means host and port alone. */
  readonly hosts: readonly HostPort[]
  readonly database: string
  readonly username: string
  readonly credential?: Credential
  readonly authDatabase?: string
  readonly mechanism?: string
  /** Undefined: `verify-full` off loopback, `disable` on it. */
  readonly tls?: Tls
  readonly options: ConnectionOptions
  readonly createdBy: string
  readonly createdAt: number
  readonly updatedAt: number
  /** When its login last worked; a login that has worked once is protected. */
  readonly provedAt?: number
  /** Which login the server took it for on last contact, where its name alone doesn't say. */
  readonly account?: UserKey
  /** Rights that its login lacked on last contact; undefined before the first. */
  readonly missingRights?: readonly string[]
  readonly lastTest?: TestRecord
  /** The last of its instance, kept while operations are open there. */
  readonly removedAt?: number
  readonly version: number
}

export interface ConnectionOptions {
  /** Milliseconds, at most 30,000. */
  readonly connectTimeoutMs?: number
  readonly poolMax?: number
}

export interface TestRecord {
  readonly outcome: 'SUCCESS' | 'FAILURE'
  readonly detail?: string
  readonly at: number
}

/** Every address that leads to the server. */
export function addressesOf(connection: Pick<Connection, 'host' | 'port' | 'hosts'>): readonly HostPort[] {
  const all = [{ host: connection.host, port: connection.port }, ...connection.hosts]
  return all.filter((one, at) => all.findIndex(other => other.host === one.host && other.port === one.port) === at)
}
