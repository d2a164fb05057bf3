import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { GrantShown } from '../../domain/users/grant.ts'
import type { Right } from '../../domain/users/role.ts'
import type { DatabaseUser, Session, UserKey } from '../../domain/users/user.ts'
import type { AdminClient } from '../../engines/engine.ts'
import type { Store } from '../../store/store.ts'
import type { Instances } from '../instances/instances.ts'
import type { Links } from '../links/links.ts'
import { defaultTls } from '../links/targets.ts'
import { wholeKey } from './account-key.ts'
import { findLogin, knownIncarnations } from './finding.ts'
import { type UserShown, withRecord, withRecords } from './user-view.ts'

/** The logins of an instance, read from its server on every request. */
export interface Users {
  list(caller: Caller, instanceId: string, page: KeyPage, signal: AbortSignal): Promise<Page<UserShown>>
  get(caller: Caller, instanceId: string, key: UserKey, signal: AbortSignal): Promise<UserShown>
  /** Every login of the name: where a host or a database is part of a login, there may be several. For a caller that has the right. */
  named(
    caller: Caller,
    instanceId: string,
    name: string,
    right: Right,
    signal: AbortSignal,
  ): Promise<readonly UserShown[]>
  grants(caller: Caller, instanceId: string, key: UserKey, signal: AbortSignal): Promise<GrantsShown>
  sessions(caller: Caller, instanceId: string, key: UserKey, signal: AbortSignal): Promise<readonly Session[]>
  /** A login that an operation has just read, with its record. */
  shown(instanceId: string, user: DatabaseUser): Promise<UserShown | undefined>
  /** Tries the login; throws `refused` when its own server turns it away. */
  verify(shown: UserShown, password: Secret, signal: AbortSignal): Promise<LoginProof>
  /** Strings for the usual clients, password included: for the one reply that hands it over. */
  connectionStrings(shown: UserShown, password: string): Promise<Readonly<Record<string, string>>>
}

/** A login that was tried. */
export interface LoginProof {
  readonly at: number
  /** `host:port` of the servers it was tried on. */
  readonly servers: readonly string[]
}

export interface GrantsShown {
  readonly grants: readonly GrantShown[]
  /** Databases that could not be asked. */
  readonly unreadable: readonly string[]
}

export interface UserParts {
  readonly store: Store
  readonly links: Links
  readonly instances: Instances
}

export function createUsers({ store, links, instances }: UserParts): Users {
  async function list(
    caller: Caller,
    instanceId: string,
    page: KeyPage,
    signal: AbortSignal,
  ): Promise<Page<UserShown>> {
    const instance = await instances.allow(caller, instanceId, 'read')
    const rows = `users ${JSON.stringify(page)}`
    const found = await links.readShared(instance, rows, signal, client =>
      client.listUsers(page, names => knownIncarnations(store.read, instance, names)),
    )
    return { items: await withRecords(store.read, instance, found.items), next: found.next }
  }

  async function get(caller: Caller, instanceId: string, key: UserKey, signal: AbortSignal): Promise<UserShown> {
    const instance = await instances.allow(caller, instanceId, 'read')
    const subject = whole(instance, key)
    const user = await links.read(instance, signal, client => findLogin(store.read, client, instance, subject))
    if (!user) throw noUser(subject)
    return withRecord(store.read, instance, user)
  }

  async function named(caller: Caller, instanceId: string, name: string, right: Right, signal: AbortSignal) {
    const instance = await instances.allow(caller, instanceId, right)
    const { userHost, authDatabase } = links.engineOf(instance).about.capabilities
    const found = await links.read(instance, signal, async client => {
      if (userHost || authDatabase) return (await everyLogin(client, name)).filter(user => user.name === name)
      const user = await findLogin(store.read, client, instance, whole(instance, { name }))
      return user ? [user] : []
    })
    if (found.length === 0) throw noUser({ name })
    return withRecords(store.read, instance, found)
  }

  async function grants(caller: Caller, instanceId: string, key: UserKey, signal: AbortSignal): Promise<GrantsShown> {
    const instance = await instances.allow(caller, instanceId, 'read')
    return links.read(instance, signal, async client => {
      const subject = whole(instance, key)
      if (!(await findLogin(store.read, client, instance, subject))) throw noUser(subject)
      return client.listGrants(subject)
    })
  }

  async function sessions(
    caller: Caller,
    instanceId: string,
    key: UserKey,
    signal: AbortSignal,
  ): Promise<readonly Session[]> {
    const instance = await instances.allow(caller, instanceId, 'read')
    return links.read(instance, signal, async client => {
      const subject = whole(instance, key)
      if (!(await findLogin(store.read, client, instance, subject))) throw noUser(subject)
      return client.listSessions(subject)
    })
  }

  function whole(instance: Instance, key: UserKey): UserKey {
    return wholeKey(links.engineOf(instance).about, instance, key)
  }

  async function shown(instanceId: string, user: DatabaseUser): Promise<UserShown | undefined> {
    const instance = await store.read.instances.find(instanceId)
    return instance && withRecord(store.read, instance, user)
  }

  async function verify({ instance, user }: UserShown, password: Secret, signal: AbortSignal): Promise<LoginProof> {
    const { host, port } = await links.manager(instance, signal)
    if (await links.canLogIn(instance, user, password, signal))
      return { at: await store.now(), servers: [`${host}:${port}`] }
    throw new Fault(
      'refused',
      'user',
      `${user.name} was changed, but its server turns the new login away (a locked login, or the server's own rules); its password waits in the operation's answer`,
    )
  }

  async function connectionStrings(
    { instance, user }: UserShown,
    password: string,
  ): Promise<Readonly<Record<string, string>>> {
    const [connection] = await store.read.connections.ofInstance(instance.id)
    if (!connection) return {}
    const { advertise } = instance
    return links.engineOf(instance).connectionStrings({
      host: advertise.host ?? connection.host,
      port: advertise.port ?? connection.port,
      database: user.grants[0]?.database ?? instance.defaultDatabase ?? connection.database,
      name: user.name,
      authDatabase: user.authDatabase,
      password,
      tls: (connection.tls ?? defaultTls(connection.host)).mode,
    })
  }

  return { list, get, named, grants, sessions, shown, verify, connectionStrings }
}

/** Those whose name holds a text. */
async function everyLogin(client: AdminClient, q: string): Promise<readonly DatabaseUser[]> {
  const all: DatabaseUser[] = []
  for (let page: Page<DatabaseUser> | undefined; !page || page.next !== undefined; ) {
    page = await client.listUsers({ limit: 1000, after: page?.next, q })
    all.push(...page.items)
  }
  return all
}

export function noUser({ name, host }: UserKey): Fault {
  return new Fault('not_found', 'user', `No user ${host === undefined ? name : `${name}@${host}`} on this instance`)
}
