import { addressesOf, type Connection, type Credential, type HostPort } from '../../domain/servers/connection.ts'
import { bareHost } from './connection-rules.ts'
import type { ConnectionWish } from './connection-wish.ts'

/** As it is stored: names trimmed, addresses bare. */
export function tidy(wish: ConnectionWish): ConnectionWish {
  const hosts = wish.hosts?.map(({ host, port }) => ({ host: bareHost(host), port }))
  return { ...wish, name: wish.name.trim(), host: bareHost(wish.host), hosts }
}

type Identity = Pick<Connection, 'id' | 'projectId' | 'instanceId' | 'createdBy' | 'createdAt'>

export function toConnection(wish: ConnectionWish, identity: Identity): Connection {
  const { name, engine, databaseType, host, port, database, username, authDatabase, mechanism, tls } = wish
  const { id, projectId, instanceId, createdBy, createdAt } = identity
  const common = {
    name,
    engine,
    databaseType,
    host,
    port,
    hosts: wish.hosts ?? [],
    database,
    username,
    authDatabase,
    mechanism,
    tls,
  }
  return {
    ...common,
    id,
    projectId,
    instanceId,
    createdBy,
    createdAt,
    credential: credentialOf(wish) ?? undefined,
    options: wish.options ?? {},
    updatedAt: createdAt,
    version: 1,
  }
}

export function toWish(connection: Connection): ConnectionWish {
  const { name, engine, databaseType, host, port, hosts, database, username, authDatabase, mechanism, tls, options } =
    connection
  return { name, engine, databaseType, host, port, hosts, database, username, authDatabase, mechanism, tls, options }
}

/** Undefined: nothing was said of it. */
export function credentialOf({
  password,
  credential,
}: Pick<ConnectionWish, 'password' | 'credential'>): Credential | undefined {
  return password ? { kind: 'sealed', secret: password } : credential
}

export function sameAddresses(before: Connection, wish: ConnectionWish): boolean {
  const texts = (all: readonly HostPort[]) =>
    all
      .map(({ host, port }) => `${host.toLowerCase()} ${port}`)
      .sort()
      .join()
  return texts(addressesOf(before)) === texts(addressesOf({ ...wish, hosts: wish.hosts ?? [] }))
}

/** Names of the fields that were given, never their values. */
export function fieldsOf(wish: Partial<ConnectionWish>): readonly string[] {
  return Object.keys(wish).filter(name => wish[name as keyof ConnectionWish] !== undefined)
}

/** A move without a new password carries the old secret to another server: told apart in the audit. */
export function actionOf(before: Connection, wish: ConnectionWish, raw: Partial<ConnectionWish>): string {
  const moved = before.engine !== wish.engine || !sameAddresses(before, wish)
  return moved && !raw.password && !raw.credential ? 'connection.move-with-stored-secret' : 'connection.change'
}
