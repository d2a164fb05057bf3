import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createApp } from '../src/app.ts'
import { ensureFirst } from '../src/services/callers/installation.ts'
import { settingsFor } from '../test/support/app.ts'
import type { TestServer } from '../test/support/servers.ts'

/** A server in a process of its own, as it would run. */
export interface Running extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly startedAfterMs: number
}

export interface Rolecall extends Running {
  readonly key: string
  /** The same key, as HTTP Digest uses it. */
  readonly digestKey: { readonly publicKey: string; readonly privateKey: string }
  readonly project: string
  readonly instance: string
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Built Rolecall on a data folder of its own, with the server under management. */
export async function startRolecall(server: TestServer): Promise<Rolecall> {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-bench-'))
  const known = await prepare(folder, server)
  const flags = [
    '--data',
    folder,
    '--port',
    '0',
    '--network-allow',
    '127.0.0.0/8',
    '--log-level',
    'warn',
    '--limits-rate-per-minute',
    '0',
    '--atlas-rate-database-users-capacity',
    '10000000',
  ]
  const more = process.env.ROLECALL_BENCH_NODE?.split(' ') ?? []
  const running = await start([...more, path('../dist/cli/main.js'), 'serve', ...flags])
  const stop = async () => {
    await running[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...running, ...known, [Symbol.asyncDispose]: stop }
}

/** A project, a key and the connection, made before the clock runs. */
async function prepare(folder: string, server: TestServer) {
  const { host, port, database, username, password, engine = 'postgresql' } = server
  const app = await createApp(settingsFor(folder))
  const { project, key } = (await ensureFirst(app.store, { project: 'bench', username: 'bench' }))!
  const authorization = `Bearer ${key.privateKey.reveal()}`
  const payload = { name: 'bench', engine, host, port, database, username, password }
  const made = await app.http.inject({
    method: 'POST',
    url: `/rolecall/v1/projects/${project.id}/connections`,
    headers: { authorization },
    payload,
  })
  await app.stop()
  const privateKey = key.privateKey.reveal()
  const digestKey = { publicKey: key.publicKey, privateKey }
  return { key: privateKey, digestKey, project: project.id, instance: made.json().instance as string }
}

/** The simplest server that asks the same PostgreSQL the same question. */
export function startBare(server: TestServer): Promise<Running> {
  return start([path('bare-server.ts'), JSON.stringify(server)])
}

/** The same for a MongoDB server. */
export function startBareMongodb(server: TestServer): Promise<Running> {
  return start([path('bare-mongodb.ts'), JSON.stringify(server)])
}

async function start(argv: readonly string[]): Promise<Running> {
  const began = performance.now()
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await listeningAt(child)
  const startedAfterMs = performance.now() - began
  return { url, pid: child.pid!, startedAfterMs, [Symbol.asyncDispose]: () => stop(child) }
}

async function listeningAt(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const [url] = /http:\/\/\S+/.exec(line) ?? []
    if (url) {
      child.stdout!.resume()
      return url
    }
  }
  throw new Error('The server ended before it listened')
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}
