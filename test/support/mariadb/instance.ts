import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
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
import type { Programs } from './programs.ts'

/** The server refuses to run as root, so as root it runs as nobody. */
const ACCOUNT = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

export const ADMIN = 'dba'
export const ADMIN_PASSWORD = 'an-administrator-of-tests'

/** A data folder of its own, with an administrator that has a password, and a log of every statement. */
export interface Instance {
  readonly programs: Programs
  readonly folder: string
  readonly port: number
  /** The general log: every statement that the server was sent. */
  readonly log: string
  readonly settings: readonly string[]
}

export interface RunningInstance extends Instance, AsyncDisposable {
  readonly process: ChildProcess
}

export async function makeInstance(
  programs: Programs,
  folder: string,
  settings: readonly string[] = [],
): Promise<Instance> {
  rmSync(folder, { recursive: true, force: true })
  makeFolder(folder)
  runOnce(programs.install, [
    ...[
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    ],
    ...['--skip-name-resolve', '--cross-bootstrap'],
  ])
  writeFileSync(join(folder, 'first.sql'), FIRST.join(';\n'), { mode: 0o644 })
  return { programs, folder, port: await freePort(), log: join(folder, 'general.log'), settings }
}

// The server itself takes the password as a hash: no log of ours shall hold one.
const HASH = `*${sha1(sha1(Buffer.from(ADMIN_PASSWORD)))
  .toString('hex')
  .toUpperCase()}`

function sha1(text: Buffer): Buffer {
  return createHash('sha1').update(text).digest()
}

const FIRST = [
  `create user if not exists '${ADMIN}'@'%' identified via mysql_native_password using '${HASH}'`,
  `grant all privileges on *.* to '${ADMIN}'@'%' with grant option`,
  '',
]

const SETTINGS = [
  '--no-defaults',
  '--bind-address=127.0.0.1',
  '--skip-name-resolve',
  '--general-log=1',
  '--max-connections=200',
  '--character-set-server=utf8mb4',
  '--innodb-buffer-pool-size=32M',
  '--innodb-flush-log-at-trx-commit=0',
  '--aria-pagecache-buffer-size=16M',
  '--skip-log-bin',
]

/** Starts an instance's server, and answers when it takes connections. */
export async function startInstance(instance: Instance): Promise<RunningInstance> {
  const { programs, folder, port, log, settings } = instance
  const errors = openSync(join(folder, 'error.log'), 'a')
  const own = [
    `--datadir=${join(folder, 'data')}`,
    `--port=${port}`,
    `--socket=${join(folder, 's')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--general-log-file=${log}`,
    `--init-file=${join(folder, 'first.sql')}`,
  ]
  const server = spawn(programs.server, [...SETTINGS, ...own, ...settings], {
    ...ACCOUNT,
    cwd: folder,
    stdio: ['ignore', errors, errors],
  })
  closeSync(errors)
  endsWithUs(server)
  await ready(server, instance)
  return { ...instance, process: server, [Symbol.asyncDispose]: () => stop(server) }
}

const READY_MS = 60_000

// The pid file is written once the server takes connections, and after the first statements were run.
async function ready(server: ChildProcess, { folder }: Instance): Promise<void> {
  const end = Date.now() + READY_MS
  while (Date.now() < end && server.exitCode === null) {
    if (existsSync(join(folder, 'pid')) && /ready for connections/.test(errorsOf(folder))) return
    await sleep(20)
  }
  server.kill('SIGKILL')
  throw new Error(`MariaDB did not start:\n${errorsOf(folder).slice(-2000)}`)
}

const errorsOf = (folder: string) => readFileSync(join(folder, 'error.log'), 'utf8')

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill('SIGTERM')
  await gone
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  chmodSync(folder, 0o755)
  if (ACCOUNT.uid !== undefined) chownSync(folder, ACCOUNT.uid, ACCOUNT.gid)
}

function runOnce(program: string, flags: readonly string[]): void {
  const done = spawnSync(program, flags, { ...ACCOUNT, cwd: '/', encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${program} failed:\n${done.error?.message ?? done.stdout + done.stderr}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
