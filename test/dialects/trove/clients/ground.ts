import type { AddressInfo } from 'node:net'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { aRunningApp, type RunningApp } from '../../../support/app.ts'
import { type Exchange, trafficOf } from '../../../support/clients/traffic.ts'
import { engineClient } from '../../../support/logins.ts'
import { startInstance } from '../../../support/mariadb/instance.ts'
import { startCluster } from '../../../support/postgresql/cluster.ts'
import {
  mysqlServers,
  ownMariadb,
  ownPostgresql,
  postgresqlMajors,
  serverOf,
  serverOfInstance,
  type TestServer,
} from '../../../support/servers.ts'

/** A server of one test file's own: whole lists are compared, and its root is switched on and off. */
export interface OwnServer extends AsyncDisposable {
  /** As the login that Rolecall has there, which is not its root. */
  readonly server: TestServer
  /** Behind Rolecall's back; answers the rows of the last one. */
  sql(...statements: readonly string[]): Promise<readonly Row[]>
}

type Row = Readonly<Record<string, string>>

/** A kind of server that the clients are tried on. */
export interface Kind {
  readonly name: string
  readonly isLeftOut: boolean
  /** Its word in this API, and its root. */
  readonly datastore: string
  readonly root: string
  /** A host is part of a user's name. */
  readonly hosts: boolean
  start(): Promise<OwnServer>
  /** How somebody makes a login there without Rolecall. */
  makeLogin(name: string, host?: string): string
  /** Asks for the statements that drop every login and database of tests, each as a `statement`. */
  readonly leftovers: string
  dropLogin(name: string, host?: string): string
}

const MANAGER = { username: 'manager', password: 'password-of-the-manager' }

const MARIADB: Kind = {
  name: 'MariaDB',
  isLeftOut: mysqlServers().length === 0,
  datastore: 'mariadb',
  root: 'root',
  hosts: true,
  async start() {
    const instance = await startInstance(await ownMariadb())
    const server = serverOfInstance(instance)
    const sql = (...statements: readonly string[]) => statementsAs(server, statements)
    // The server would take us for these, which are nearer than root@%.
    await sql("drop user if exists root@'127.0.0.1', root@localhost, root@'::1'")
    return { server, sql, [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose]() }
  },
  leftovers: `select concat('drop database \`', schema_name, '\`') as statement from information_schema.schemata
    where schema_name not in ('mysql', 'information_schema', 'performance_schema', 'sys')
    union all select concat('drop user ', quote(user), '@', quote(host)) from mysql.user
    where user not in ('dba', 'mariadb.sys') and is_role = 'N'`,
  makeLogin: (name, host = '%') => `create user \`${name}\`@\`${host}\``,
  dropLogin: (name, host = '%') => `drop user \`${name}\`@\`${host}\``,
}

const POSTGRESQL: Kind = {
  name: 'PostgreSQL',
  isLeftOut: postgresqlMajors().length === 0,
  datastore: 'postgresql',
  root: 'postgres',
  hosts: false,
  async start() {
    const cluster = await startCluster(await ownPostgresql())
    const server = { ...serverOf(cluster), ...MANAGER }
    const sql = (...statements: readonly string[]) => statementsAs(server, statements)
    const manager = `create role ${MANAGER.username} superuser login password '${MANAGER.password}'`
    // Without a word in the server's log: there is a password in it.
    await statementsAs(serverOf(cluster), ["set log_statement = 'none'", manager])
    return { server, sql, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() }
  },
  leftovers: `select format('drop database %I', datname) as statement from pg_database where datname !~ '^(postgres|template.)$'
    union all select format('drop role %I', rolname) from pg_roles where rolcanlogin and rolname not in ('postgres', 'manager')`,
  makeLogin: name => `create role "${name}" login`,
  dropLogin: name => `drop role "${name}"`,
}

export const KINDS = [MARIADB, POSTGRESQL] as const

/** A Rolecall on a real socket with a server under management: what a client is pointed at. */
export interface Ground {
  readonly kind: Kind
  readonly own: OwnServer
  readonly server: TestServer
  readonly running: RunningApp
  readonly origin: string
  /** The server's id as an instance. */
  readonly instance: string
  readonly traffic: Exchange[]
}

export interface Held<D extends AsyncDisposable> extends Ground {
  readonly driver: D
}

/** Clients are fetched when they are first needed. */
const INSTALL_MS = 600_000

/** One Rolecall, one server and one client for all tests around. */
export function theClient<D extends AsyncDisposable>(kind: Kind, open: (ground: Ground) => Promise<D>): Held<D> {
  const held = {} as { -readonly [key in keyof Held<D>]: Held<D>[key] }
  beforeAll(async () => {
    Object.assign(held, await aGround(kind))
    held.driver = await open(held)
  }, INSTALL_MS)
  beforeEach(() => clear(held))
  afterAll(async () => {
    await held.driver?.[Symbol.asyncDispose]()
    await held.running?.[Symbol.asyncDispose]()
    await held.own?.[Symbol.asyncDispose]()
  })
  return held
}

async function aGround(kind: Kind): Promise<Ground> {
  const own = await kind.start()
  const running = await aRunningApp()
  const { server } = own
  const { instance, connection } = await running.connect(server, { instanceName: 'main' })
  // From the first contact on its version is known.
  await running.native('POST', `/connections/${connection}/test`)
  const { port } = running.app.http.server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const ground = { kind, own, server, running, origin, instance, traffic: trafficOf(running.app.http.server) }
  await disableRoot(ground)
  return ground
}

/** What a test that failed left behind is not the next one's business. */
async function clear({ kind, own }: Ground): Promise<void> {
  const left = await own.sql(kind.leftovers)
  if (left.length > 0) await own.sql(...left.map(({ statement }) => statement!))
}

/** For clients that can only enable it. */
export async function disableRoot({ running, instance }: Ground): Promise<void> {
  const headers = { 'x-auth-token': running.key.privateKey }
  await running.ask('DELETE', `/v1.0/${running.project}/instances/${instance}/root`, { key: null, headers })
}

/** Its password may stand in no file of Rolecall's, and in no log of the server's. */
export function heard<T extends { readonly password?: string }>({ running }: Ground, user: T): T {
  running.heard(user, '')
  return user
}

const REFUSED = ['42501', '3D000', 'ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR']

/** True if the login may do everything in the database: it makes a table there, fills it, and drops it. */
export async function mayWrite(server: TestServer, username: string, password: string, database: string) {
  try {
    await statementsAs({ ...server, username, password, database }, STATEMENTS)
    return true
  } catch (error) {
    if (REFUSED.includes((error as { code?: string }).code ?? '')) return false
    throw error
  }
}

const STATEMENTS = ['create table written (a int)', 'insert into written values (1)', 'drop table written']

async function statementsAs(server: TestServer, statements: readonly string[]): Promise<readonly Row[]> {
  const client = await clientOf(server)
  try {
    let rows: readonly Row[] = []
    for (const statement of statements) rows = await client.rows(statement)
    return rows
  } finally {
    await client.end()
  }
}

interface Client {
  rows(statement: string): Promise<readonly Row[]>
  end(): Promise<void>
}

async function clientOf(server: TestServer): Promise<Client> {
  const { engine, host, port, username: user, password, database } = server
  if (engine !== 'mysql') {
    const client = await engineClient(server)
    return { rows: async statement => (await client.query(statement)).rows, end: () => client.end() }
  }
  const client = await mysql.createConnection({ host, port, user, password, database })
  return {
    rows: async statement => (await client.query(statement))[0] as unknown as readonly Row[],
    end: () => client.end(),
  }
}
