import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endsWithUs } from '../ends-with-us.ts'

/** PostgreSQL refuses to run as root, so as root it runs as nobody. */
const ACCOUNT = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

export const SUPERUSER = 'postgres'
export const PASSWORD = 'a-superuser-of-tests'

export interface Cluster {
  readonly programs: string
  readonly folder: string
  readonly port: number
  readonly log: string
}

export interface RunningCluster extends Cluster, AsyncDisposable {
  readonly process: ChildProcess
}

/** A data folder with a superuser that has a password, and a log of every statement. */
export async function makeCluster(
  programs: string,
  folder: string,
  settings: readonly string[] = [],
): Promise<Cluster> {
  makeFolder(folder)
  const password = join(folder, 'password')
  writeFileSync(password, PASSWORD, { mode: 0o600 })
  give(password)
  runOnce(join(programs, 'bin', 'initdb'), [
    ...[`--pgdata=${join(folder, 'data')}`, `--username=${SUPERUSER}`, `--pwfile=${password}`],
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'],
  ])
  const port = await freePort()
  appendFileSync(join(folder, 'data', 'postgresql.conf'), [...SETTINGS, `port = ${port}`, ...settings, ''].join('\n'))
  return { programs, folder, port, log: join(folder, 'server.log') }
}

const SETTINGS = [
  "listen_addresses = '127.0.0.1'",
  "unix_socket_directories = ''",
  'fsync = off',
  'full_page_writes = off',
  'max_connections = 200',
  'shared_buffers = 64MB',
  "log_statement = 'all'",
  'log_connections = on',
  "log_line_prefix = '%m [%p] %a '",
  "password_encryption = 'scram-sha-256'",
]

/** Starts a cluster's server, and answers when it takes connections. */
export async function startCluster(cluster: Cluster): Promise<RunningCluster> {
  const log = openSync(cluster.log, 'a')
  const server = spawn(join(cluster.programs, 'bin', 'postgres'), ['-D', join(cluster.folder, 'data')], {
    ...ACCOUNT,
    cwd: '/',
    env: { LC_ALL: 'C', PATH: process.env.PATH },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  endsWithUs(server, 'QUIT')
  await ready(server, cluster)
  return { ...cluster, process: server, [Symbol.asyncDispose]: () => stop(server) }
}

const READY_MS = 30_000

async function ready(server: ChildProcess, { folder, log }: Cluster): Promise<void> {
  const end = Date.now() + READY_MS
  while (Date.now() < end) {
    if (server.exitCode !== null) break
    if (isReady(join(folder, 'data', 'postmaster.pid'))) return
    await sleep(20)
  }
  server.kill('SIGKILL')
  throw new Error(`PostgreSQL did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`)
}

// The last line of the pid file says how far the server is.
function isReady(pidFile: string): boolean {
  try {
    return readFileSync(pidFile, 'utf8').trimEnd().split('\n').at(-1)?.trim() === 'ready'
  } catch {
    return false
  }
}

// SIGINT: fast shutdown. Sessions that are still open are ended.
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill('SIGINT')
  await gone
}

/** A copy of a stopped cluster that follows the original: a standby. */
export async function copyAsStandby(original: Cluster, folder: string): Promise<Cluster> {
  makeFolder(folder)
  const data = join(folder, 'data')
  cpSync(join(original.folder, 'data'), data, { recursive: true })
  chmodSync(data, 0o700)
  const port = await freePort()
  const primary = `host=127.0.0.1 port=${original.port} user=${SUPERUSER} password=${PASSWORD}`
  appendFileSync(join(data, 'postgresql.conf'), `port = ${port}\nprimary_conninfo = '${primary}'\n`)
  writeFileSync(join(data, 'standby.signal'), '')
  if (ACCOUNT.uid !== undefined) runOnceAsRoot('chown', ['-R', `${ACCOUNT.uid}:${ACCOUNT.gid}`, data])
  return { ...original, folder, port, log: join(folder, 'server.log') }
}

export function give(path: string): void {
  if (ACCOUNT.uid !== undefined) chownSync(path, ACCOUNT.uid, ACCOUNT.gid)
}

function makeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  give(folder)
}

function runOnce(program: string, flags: readonly string[]): void {
  const done = spawnSync(program, flags, {
    ...ACCOUNT,
    cwd: '/',
    env: { LC_ALL: 'C', PATH: process.env.PATH },
    encoding: 'utf8',
  })
  if (done.status !== 0) throw new Error(`${program} failed:\n${done.error?.message ?? done.stderr}`)
}

function runOnceAsRoot(program: string, flags: readonly string[]): void {
  const done = spawnSync(program, flags, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${program} failed:\n${done.stderr}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
