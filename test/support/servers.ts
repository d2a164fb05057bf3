import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../src/domain/secret.ts'
import type { Target } from '../../src/engines/engine.ts'
import { systemLookup } from '../../src/services/network/lookup.ts'
import { ADMIN, ADMIN_PASSWORD, type Instance, makeInstance } from './mariadb/instance.ts'
import { mariadbPrograms } from './mariadb/programs.ts'
import { ADMIN as MONGODB_ADMIN, ADMIN_PASSWORD as MONGODB_PASSWORD } from './mongodb/instance.ts'
import { programsOf } from './postgresql/binaries.ts'
import { type Cluster, makeCluster, PASSWORD, SUPERUSER } from './postgresql/cluster.ts'

/** A real database server for tests, with a login that may do everything. */
export interface TestServer {
  readonly name: string
  /** Its word; PostgreSQL where it is left out. */
  readonly engine?: 'mysql' | 'mongodb'
  /** Undefined for a server that `ROLECALL_TEST_POSTGRESQL_URL` points to: it says itself. */
  readonly major?: number
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  readonly password: string
  /** Every statement that the server was sent; undefined where the server is not ours. */
  readonly log?: string
}

const MAJORS: readonly number[] = [13, 14, 15, 16, 17, 18]

/** The newest, and the last before roles were administered by option. */
export const NEWEST = 18

/**
 * Majors to test: all, or those of `POSTGRESQL_MAJORS=16,18`; none where `ENGINES` leaves PostgreSQL out. A server of
 * `ROLECALL_TEST_POSTGRESQL_URL` is of one major, which `POSTGRESQL_MAJORS` may say.
 */
export function postgresqlMajors(): readonly number[] {
  if (process.env.ENGINES && !process.env.ENGINES.split(',').includes('postgresql')) return []
  const asked = process.env.POSTGRESQL_MAJORS?.split(',').map(Number)
  if (process.env.ROLECALL_TEST_POSTGRESQL_URL) return [asked?.[0] ?? NEWEST]
  return asked ? MAJORS.filter(major => asked.includes(major)) : MAJORS
}

/** Those of `wanted` that this run tests; a run that is narrowed to others tests its newest. */
export function postgresqlMajorsOf(...wanted: readonly number[]): readonly number[] {
  const all = postgresqlMajors()
  const some = all.filter(major => wanted.includes(major))
  return some.length > 0 ? some : all.slice(-1)
}

/** A server of this major, started by whoever asks first and shared by the whole run; it stops when the run ends. */
export async function postgresqlServer(major: number = NEWEST): Promise<TestServer> {
  const url = process.env.ROLECALL_TEST_POSTGRESQL_URL
  if (url) return serverAt(new URL(url))
  const programs = programsOf(major)
  const { port, log } = await shared(`PostgreSQL ${major}`, `postgresql-${major}`, folder =>
    startKeeper(POSTGRESQL_KEEPER, programs, folder),
  )
  return {
    name: `PostgreSQL ${major}`,
    major,
    host: '127.0.0.1',
    port,
    database: 'postgres',
    username: SUPERUSER,
    password: PASSWORD,
    log,
  }
}

function serverAt({ hostname, port, pathname, username, password }: URL): TestServer {
  const database = decodeURIComponent(pathname.slice(1)) || 'postgres'
  const login = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  return {
    name: 'PostgreSQL at ROLECALL_TEST_POSTGRESQL_URL',
    host: hostname,
    port: Number(port || 5432),
    database,
    ...login,
  }
}

interface KeeperState {
  readonly port: number
  readonly log: string
  readonly failed?: string
}

const START_MS = 60_000

// Workers of one run have one parent, vitest itself: its pid is what they share.
async function shared(
  what: string,
  name: string,
  start: (folder: string) => void,
  startMs = START_MS,
): Promise<KeeperState> {
  const folder = join(tmpdir(), `rolecall-test-${process.ppid}-${name}`)
  if (claim(folder)) start(folder)
  const end = Date.now() + startMs
  while (Date.now() < end) {
    const state = stateIn(folder)
    if (state?.failed) throw new Error(`${what} did not start: ${state.failed}`)
    if (state) return state
    await sleep(30)
  }
  throw new Error(`${what} did not start within ${startMs / 1000} s: see ${folder}`)
}

function claim(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o755 })
    return true
  } catch {
    return false
  }
}

const POSTGRESQL_KEEPER = new URL('./postgresql/keeper.ts', import.meta.url)
const MARIADB_KEEPER = new URL('./mariadb/keeper.ts', import.meta.url)
const MONGODB_KEEPER = new URL('./mongodb/keeper.ts', import.meta.url)

function startKeeper(keeper: URL, ...parts: readonly string[]): void {
  spawn(process.execPath, [fileURLToPath(keeper), ...parts, String(process.ppid)], {
    detached: true,
    stdio: 'ignore',
  }).unref()
}

function stateIn(folder: string): KeeperState | undefined {
  const file = join(folder, 'state.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeeperState) : undefined
}

/** How an engine reaches the server, as its superuser unless told otherwise. */
export function targetOf(server: TestServer, change: Partial<Target> = {}): Target {
  return {
    hosts: [{ host: server.host, port: server.port }],
    database: server.database,
    username: server.username,
    password: new Secret(server.password),
    tls: { mode: 'disable' },
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 10_000,
    resolve: systemLookup,
    ...change,
  }
}

/** A server of one test file's own, which it may configure, stop and start. */
export async function ownPostgresql(major: number = NEWEST, settings: readonly string[] = []): Promise<Cluster> {
  return makeCluster(programsOf(major), ownFolder(), settings)
}

/** A folder for a cluster, in one that its account may enter. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-own-postgresql-'))
  chmodSync(folder, 0o755)
  return join(folder, 'cluster')
}

/** How such a server is reached. */
export function serverOf(cluster: Cluster): TestServer {
  const { port, log } = cluster
  return {
    name: 'PostgreSQL of a test',
    host: '127.0.0.1',
    port,
    database: 'postgres',
    username: SUPERUSER,
    password: PASSWORD,
    log,
  }
}

/** Installing it may come first. */
const MARIADB_START_MS = 300_000

/** The MariaDB that this machine has, started by whoever asks first and shared by the whole run. */
export async function mariadbServer(): Promise<TestServer> {
  const start = (folder: string) => startKeeper(MARIADB_KEEPER, folder)
  const { port, log } = await shared('MariaDB', 'mariadb', start, MARIADB_START_MS)
  return mariadbAt('MariaDB', port, log)
}

function mariadbAt(name: string, port: number, log: string): TestServer {
  return {
    name,
    engine: 'mysql',
    host: '127.0.0.1',
    port,
    database: '',
    username: ADMIN,
    password: ADMIN_PASSWORD,
    log,
  }
}

export interface FamilyServer {
  readonly name: string
  readonly variant: 'mariadb' | 'mysql'
  readonly start: () => Promise<TestServer>
}

/** Servers of the MySQL family to test: MariaDB, and the one that `ROLECALL_TEST_MYSQL_URL` points to; none where `ENGINES` leaves them out. */
export function mysqlServers(): readonly FamilyServer[] {
  if (process.env.ENGINES && !process.env.ENGINES.split(',').includes('mysql')) return []
  const url = process.env.ROLECALL_TEST_MYSQL_URL
  const start = async () => mysqlAt(new URL(url!))
  const elsewhere = { name: 'MySQL at ROLECALL_TEST_MYSQL_URL', variant: 'mysql', start } as const
  return [{ name: 'MariaDB', variant: 'mariadb', start: mariadbServer }, ...(url ? [elsewhere] : [])]
}

function mysqlAt({ hostname, port, username, password }: URL): TestServer {
  const login = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  return {
    name: 'MySQL at ROLECALL_TEST_MYSQL_URL',
    engine: 'mysql',
    host: hostname,
    port: Number(port || 3306),
    database: '',
    ...login,
  }
}

/** A MariaDB of one test file's own, which it may configure, stop and start. */
export async function ownMariadb(settings: readonly string[] = []): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-own-mariadb-'))
  chmodSync(folder, 0o755)
  return makeInstance(mariadbPrograms(), join(folder, 'instance'), settings)
}

/** How such a server is reached. */
export function serverOfInstance({ port, log }: Instance): TestServer {
  return mariadbAt('MariaDB of a test', port, log)
}

/** Fetching it may come first. */
const MONGODB_START_MS = 300_000

export const SECANTUS = 'SecantusDB'

/** A server that speaks MongoDB's protocol and can be had by its package's name, shared by the whole run. */
async function secantusServer(): Promise<TestServer> {
  const start = (folder: string) => startKeeper(MONGODB_KEEPER, folder)
  const { port } = await shared('SecantusDB', 'mongodb', start, MONGODB_START_MS)
  return mongodbAt(SECANTUS, '127.0.0.1', port, MONGODB_ADMIN, MONGODB_PASSWORD)
}

/** How such a server of a test file's own is reached. */
export function serverOfMongodb({ port }: { readonly port: number }): TestServer {
  return mongodbAt(SECANTUS, '127.0.0.1', port, MONGODB_ADMIN, MONGODB_PASSWORD)
}

function mongodbAt(name: string, host: string, port: number, username: string, password: string): TestServer {
  return { name, engine: 'mongodb', host, port, database: 'admin', username, password }
}

/** Servers of MongoDB's protocol to test: SecantusDB, and the one that `ROLECALL_TEST_MONGODB_URL` points to; none where `ENGINES` leaves them out. */
export function mongodbServers(): readonly { readonly name: string; readonly start: () => Promise<TestServer> }[] {
  if (process.env.ENGINES && !process.env.ENGINES.split(',').includes('mongodb')) return []
  const url = process.env.ROLECALL_TEST_MONGODB_URL
  const elsewhere = url
    ? [{ name: 'MongoDB at ROLECALL_TEST_MONGODB_URL', start: async () => mongodbOf(new URL(url)) }]
    : []
  return [{ name: SECANTUS, start: secantusServer }, ...elsewhere]
}

function mongodbOf({ hostname, port, username, password }: URL): TestServer {
  const [name, secret] = [username, password].map(decodeURIComponent) as [string, string]
  return mongodbAt('MongoDB at ROLECALL_TEST_MONGODB_URL', hostname, Number(port || 27017), name, secret)
}
