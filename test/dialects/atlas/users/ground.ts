import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Db, MongoClient } from 'mongodb'
import type { Parts } from '../../../../src/app.ts'
import type { AppWish } from '../../../support/app.ts'
import { ADMIN, ADMIN_PASSWORD, type RunningInstance, startInstance } from '../../../support/mongodb/instance.ts'
import { aProxy, type TcpProxy } from '../../../support/proxy.ts'
import { SECANTUS, type TestServer } from '../../../support/servers.ts'
import { type Atlas, anAtlas } from '../atlas.ts'

/** One MongoDB server behind a door that can be shut. */
export interface Cluster {
  readonly name: string
  readonly server: TestServer
  readonly door: TcpProxy
  readonly instance: string
}

/** A project with two MongoDB servers of its own, `east` and `west`. */
export interface Ground extends AsyncDisposable {
  readonly atlas: Atlas
  readonly east: Cluster
  readonly west: Cluster
  /** A server that is no cluster of the project yet; `before`: what others do there first. */
  join(name: string, before?: (admin: Db) => Promise<void>): Promise<Cluster>
}

export const usersPath = '/databaseUsers'
export const userPath = (name: string) => `${usersPath}/admin/${encodeURIComponent(name)}`

export async function twoClusters(wish: AppWish = {}): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-clusters-'))
  // Servers that join later are put away with the others.
  const stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const servers: RunningInstance[] = await Promise.all(['east', 'west'].map(name => startInstance(join(folder, name))))
  for (const server of servers) stack.use(server)
  const flags = {
    '--timeouts-statement-ms': '1500',
    '--atlas-cluster-ms': '4000',
    '--atlas-look-ms': '1000',
    ...wish.flags,
  }
  const atlas = stack.use(await anAtlas({ ...wish, flags }))
  const attach = async (name: string, { port }: RunningInstance): Promise<Cluster> => {
    const server = serverAt(name, port)
    const door = stack.use(await aProxy(server))
    const more = { name: `to ${name}`, instanceName: name }
    const { instance } = await atlas.running.connect({ ...server, port: door.port }, more)
    return { name, server, door, instance }
  }
  const [east, west] = [await attach('east', servers[0]!), await attach('west', servers[1]!)]
  return {
    atlas,
    east,
    west,
    join: async (name, before) => {
      const server = stack.use(await startInstance(join(folder, name)))
      if (before) {
        await using admin = await adminOf({ server: serverAt(name, server.port) })
        await before(admin.db('admin'))
      }
      return attach(name, server)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function serverAt(name: string, port: number): TestServer {
  const login = { username: ADMIN, password: ADMIN_PASSWORD, database: 'admin' }
  return { name: `${SECANTUS} ${name}`, engine: 'mongodb', host: '127.0.0.1', port, ...login }
}

/** A client of the server itself, past Rolecall. */
export async function clientOf(
  { server }: Pick<Cluster, 'server'>,
  username: string,
  password: string,
): Promise<MongoClient> {
  const auth = { username, password }
  const client = new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, { auth })
  return client.connect()
}

export function adminOf(cluster: Pick<Cluster, 'server'>): Promise<MongoClient> {
  return clientOf(cluster, ADMIN, ADMIN_PASSWORD)
}

export async function logsIn(cluster: Cluster, username: string, password: string): Promise<boolean> {
  try {
    await using _client = await clientOf(cluster, username, password)
    return true
  } catch {
    return false
  }
}

/** The names of logins of `admin` that the server has, our own administrator left out. */
export async function loginsOn(cluster: Cluster): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: 1 })
  return (users as { user: string }[])
    .map(({ user }) => user)
    .filter(user => user !== ADMIN)
    .sort()
}

/** Names of roles that the server has and nobody brought with it. */
export async function rolesOn(cluster: Cluster): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { roles } = await admin.db('admin').command({ rolesInfo: 1 })
  return (roles as { role: string }[]).map(({ role }) => role).sort()
}

export const aUser = (username: string, more: Readonly<Record<string, unknown>> = {}) => ({
  databaseName: 'admin',
  username,
  password: `teal-Harbor-${username}`,
  roles: [{ databaseName: 'shop', roleName: 'readWrite' }],
  ...more,
})

export const passwordOf = (username: string) => `teal-Harbor-${username}`

/** What is still open, and where. */
export async function openTargetsOf({ atlas }: Ground): Promise<readonly (readonly [string, string])[]> {
  const { app, project } = atlas.running
  const { items } = await app.store.read.operations.list({ projectId: project, state: 'open' }, { limit: 20 })
  return items.flatMap(({ targets }) =>
    targets.filter(({ isOver }) => !isOver).map(({ kind, instanceId }) => [kind, instanceId] as const),
  )
}

export async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean, ms = 40_000): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(200)) {
    const found = await look()
    if (holds(found) || Date.now() > end) return found
  }
}

/** Holds up whoever has read all users of the project, between that and what it does then. */
export function aGate() {
  let door: PromiseWithResolvers<void> | undefined
  let waiting = 0
  const parts = (real: Parts): Parts => {
    const { projectRecords } = real.store.read
    const list: typeof projectRecords.list = async (project, kind) => {
      const found = await projectRecords.list(project, kind)
      if (kind !== 'user' || !door) return found
      waiting += 1
      await door.promise
      return found
    }
    return {
      ...real,
      store: { ...real.store, read: { ...real.store.read, projectRecords: { ...projectRecords, list } } },
    }
  }
  const shut = () => {
    waiting = 0
    door = Promise.withResolvers<void>()
  }
  const open = () => {
    door?.resolve()
    door = undefined
  }
  const held = () =>
    until(
      async () => waiting,
      count => count > 0,
    )
  return { parts, shut, open, held }
}
