import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { installedIn, listedIn } from '../clients/place.ts'
import { pythonWith } from '../clients/python.ts'
import { endsWithUs } from '../ends-with-us.ts'

export const ADMIN = 'dba'
export const ADMIN_PASSWORD = 'an-administrator-of-tests'

export interface RunningInstance extends AsyncDisposable {
  readonly port: number
  readonly process: ChildProcess
}

/** A SecantusDB with an administrator, where everybody has to log in. */
export async function startInstance(folder: string, flags: readonly string[] = []): Promise<RunningInstance> {
  const python = pythonWith('mongodb')
  cpSync(await dataWithAdmin(python), join(folder, 'data'), { recursive: true })
  const port = await freePort()
  const server = await started(python, folder, port, '--auth', ...flags)
  return { port, process: server, [Symbol.asyncDispose]: () => kill(server) }
}

/** A new server lets everybody in. What it has once there is an administrator is kept, and copied for each instance. */
async function dataWithAdmin(python: string): Promise<string> {
  const list = readFileSync(join(listedIn('mongodb'), 'requirements.txt'))
  const made = join(
    installedIn('mongodb'),
    `administrator-${createHash('sha256').update(list).digest('hex').slice(0, 12)}`,
  )
  if (existsSync(made)) return made
  const draft = mkdtempSync(`${made}-`)
  const port = await freePort()
  const server = await started(python, draft, port, '--sync-on-commit')
  await makeAdmin(port)
  await kill(server)
  try {
    renameSync(join(draft, 'data'), made)
  } catch (error) {
    // Several may come first, each with a draft of its own: the one that was there before stays.
    if (!existsSync(made)) throw error
  }
  rmSync(draft, { recursive: true, force: true })
  return made
}

async function started(python: string, folder: string, port: number, ...flags: string[]): Promise<ChildProcess> {
  await free(port)
  const program = join(python, '..', 'secantusd-py')
  const log = openSync(join(folder, 'server.log'), 'a')
  const place = ['--standalone', '--host', '127.0.0.1', '--port', String(port), '--storage-path', join(folder, 'data')]
  const server = endsWithUs(spawn(program, [...place, ...flags], { cwd: folder, stdio: ['ignore', log, log] }))
  closeSync(log)
  const end = Date.now() + READY_MS
  while (Date.now() < end && isRunning(server)) {
    if (await answers(port)) return server
    await sleep(50)
  }
  server.kill('SIGKILL')
  throw new Error(`SecantusDB did not start:\n${readFileSync(join(folder, 'server.log'), 'utf8').slice(-2000)}`)
}

const READY_MS = 60_000

async function makeAdmin(port: number): Promise<void> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`)
  try {
    const roles = [{ role: 'root', db: 'admin' }]
    await client.db('admin').command({ createUser: ADMIN, pwd: ADMIN_PASSWORD, roles })
  } finally {
    await client.close()
  }
}

/** Told to stop it takes two seconds, or hangs where it has just begun; what it has answered survives its being killed. */
async function kill(server: ChildProcess): Promise<void> {
  if (!isRunning(server)) return
  const gone = once(server, 'exit')
  server.kill('SIGKILL')
  await gone
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null

async function free(port: number): Promise<void> {
  const end = Date.now() + READY_MS
  while ((await answers(port)) && Date.now() < end) await sleep(50)
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
