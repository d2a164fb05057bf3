import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createApp } from '../../src/app.ts'
import { ensureFirst } from '../../src/services/callers/installation.ts'
import { settingsFor } from './app.ts'
import { bundled, COMPILED } from './bundled.ts'
import { endsWithUs } from './ends-with-us.ts'

export interface ServingWish {
  readonly folder: string
  /** Flags of `rolecall serve`. */
  readonly flags?: Readonly<Record<string, string>>
}

/** A Rolecall in a process of its own, which may be killed or stopped. Disposing of it kills it. */
export interface Serving extends AsyncDisposable {
  readonly origin: string
  readonly pid: number
  readonly process: ChildProcess
  /** SIGKILL; answers when it is gone. */
  kill(): Promise<void>
}

const CHILD = new URL('serving-child.ts', import.meta.url)

export async function serving(wish: ServingWish): Promise<Serving> {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED }
  const child = spawn(process.execPath, [await bundled(CHILD), JSON.stringify(wish)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endsWithUs(child)
  let errors = ''
  child.stderr.on('data', chunk => (errors += chunk))
  const exited = once(child, 'exit')
  const ended = exited.then(() => {
    throw new Error(`Rolecall ended before it listened: ${errors}`)
  })
  const [line] = await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => undefined)
  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await exited
  }
  return { origin: String(line).trim(), pid: child.pid!, process: child, kill, [Symbol.asyncDispose]: kill }
}

export interface Founded {
  readonly project: string
  readonly privateKey: string
}

/** The first project and key of a store that nobody serves yet. */
export async function found({ folder, flags }: ServingWish): Promise<Founded> {
  const app = await createApp(settingsFor(folder, flags))
  const first = (await ensureFirst(app.store, { project: 'strain', username: 'strain' }))!
  await app.stop()
  return { project: first.project.id, privateKey: first.key.privateKey.reveal() }
}

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below `/rolecall/v1`. */
  readonly url: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any
}

/** Over a real socket. Throws when the connection breaks. */
export async function send(origin: string, privateKey: string, { method, url, body, headers }: Sent): Promise<Got> {
  const own = { authorization: `Bearer ${privateKey}`, 'content-type': 'application/json', ...headers }
  const answer = await fetch(`${origin}/rolecall/v1${url}`, { method, headers: own, body: JSON.stringify(body) })
  const text = await answer.text()
  const isJson = text !== '' && /json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** What the process holds now, and has held at most, in megabytes. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return { now: megabytes('VmRSS'), most: megabytes('VmHWM') }
}
