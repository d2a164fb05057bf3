import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Problem } from '../exit-codes.ts'
import { type Account, accountForPostgres } from './account.ts'
import { findBinaries } from './binaries.ts'
import { abandonedHomes, clusterOf } from './home.ts'
import { stopLeftovers } from './leftovers.ts'
import { MANAGING_LOGIN, makeCluster } from './make-cluster.ts'
import { isFree } from './ports.ts'

/** Starting includes recovery after a kill -9, on a slow disk. */
const READY_WITHIN_MS = 60_000
const STOPPED_WITHIN_MS = 6000

/** Starts the demo's PostgreSQL, making its cluster the first time; answers when it takes logins. */
export async function startCluster(
  folder: string,
  { port, password }: { readonly port: number; readonly password: string },
  running: AsyncDisposableStack,
): Promise<void> {
  const account = accountForPostgres()
  const native = findBinaries(account)
  const cluster = clusterOf(folder)
  await stopLeftovers(cluster)
  if (!existsSync(cluster)) await makeCluster(cluster, { native, account, password })
  if (!(await isFree(port))) throw taken(port)
  const log = join(folder, 'postgres.log')
  const child = start(join(native, 'bin', 'postgres'), cluster, { account, port, log })
  running.defer(() => stop(child))
  await untilReady(child, { port, password, log })
}

/** Stops and removes it, whatever state it is in, and those of folders that are gone. */
export async function removeCluster(folder: string): Promise<void> {
  await remove(clusterOf(folder))
  for (const home of abandonedHomes()) {
    await remove(join(home, 'postgres'))
    rmSync(home, { recursive: true, force: true })
  }
}

async function remove(cluster: string): Promise<void> {
  await stopLeftovers(cluster)
  rmSync(cluster, { recursive: true, force: true, maxRetries: 5 })
}

function start(
  program: string,
  cluster: string,
  { account, port, log }: { readonly account: Account; readonly port: number; readonly log: string },
): ChildProcess {
  const file = openSync(log, 'w', 0o600)
  const flags = { ...SETTINGS, port: String(port) }
  const child = spawn(
    program,
    ['-D', cluster, ...Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...account,
      cwd: cluster,
      env: { LC_ALL: 'C', PATH: process.env.PATH },
      stdio: ['ignore', file, file],
      // A group of its own: Ctrl-C is for Rolecall, which finishes its work before it stops its database.
      detached: true,
    },
  )
  closeSync(file)
  // Whatever ends us without a word, short of kill -9, does not leave it behind.
  process.on('exit', () => child.kill('SIGINT'))
  return child
}

/** Loopback alone, and no sockets in shared folders. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '50',
  shared_buffers: '32MB',
  logging_collector: 'off',
  log_timezone: 'UTC',
}

async function untilReady(
  child: ChildProcess,
  { port, password, log }: { readonly port: number; readonly password: string; readonly log: string },
): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS
  while (isRunning(child) && Date.now() < until) {
    if (await takesLogins(port, password)) return
    await sleep(50)
  }
  const words = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n')
  throw new Problem(
    'demoDatabase',
    `The demo's PostgreSQL did not start:\n${words}`,
    `All of its words are in ${log}; --fresh begins anew.`,
  )
}

async function takesLogins(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: MANAGING_LOGIN, password, database: 'postgres' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Fast: sessions are ended, and what they had not committed is undone. At once, if that takes too long. */
async function stop(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGINT')
  const late = setTimeout(() => child.kill('SIGQUIT'), STOPPED_WITHIN_MS)
  await gone
  clearTimeout(late)
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

function taken(port: number): Problem {
  return new Problem(
    'portTaken',
    `Port ${port}, where the demo's PostgreSQL lives, is taken by another program.`,
    'Stop that one, or begin anew with --fresh or another --data.',
  )
}
