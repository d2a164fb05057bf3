import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, realParts } from '../../../src/app.ts'
import { ensureFirst } from '../../../src/services/callers/installation.ts'
import { settingsFor } from '../../support/app.ts'
import { bundled, COMPILED } from '../../support/bundled.ts'
import { withClocks } from '../../support/clocks.ts'
import { endsWithUs } from '../../support/ends-with-us.ts'
import type { TestServer } from '../../support/servers.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `api`. */
  readonly url: string
  /** Left out: `/rolecall/v1`. */
  readonly api?: '/v2' | '/api/atlas/v1.0'
  readonly body?: unknown
  /** Its Idempotency-Key. */
  readonly key?: string
}

const CHILD = new URL('child.ts', import.meta.url)

/** It dies before collecting its first garbage would pay. */
const NODE = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/** What a child is told, and asked. */
export interface Drill {
  readonly template: Pick<Template, 'key' | 'flags'>
  readonly folder: string
  readonly setUp: readonly Request[]
  readonly request: Request
  readonly killAt: number
  /** Once it is armed, the clocks of its store and of its servers jump ahead so far. */
  readonly aheadMs?: number
  /** An instance: the child lives on until none of its logins has an end to wait for. */
  readonly untilNoEnds?: string
}

/** A data folder with a project, a key and an instance that has been met, copied for each kill. */
export interface Template extends Disposable {
  readonly folder: string
  /** Of `rolecall serve`, at every start. */
  readonly flags?: Readonly<Record<string, string>>
  readonly key: string
  readonly project: string
  readonly instance: string
  /** A connection that nobody needs, to another instance. */
  readonly spare: string
}

export async function makeTemplate(server: TestServer, flags?: Template['flags']): Promise<Template> {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-drill-'))
  const app = await createApp(settingsFor(folder, flags))
  const first = (await ensureFirst(app.store, { project: 'drill', username: 'drill' }))!
  const key = first.key.privateKey.reveal()
  const ask = asker(app.http, key)
  const connections = `/projects/${first.project.id}/connections`
  const { instance } = await ask({ method: 'POST', url: connections, body: coordinates(server, 'drill') })
  await ask({ method: 'GET', url: `/instances/${instance}/users?limit=1` })
  const spare = await ask({ method: 'POST', url: connections, body: coordinates(server, 'spare', 'spare.test') })
  await app.stop()
  return {
    folder,
    flags,
    key,
    project: first.project.id,
    instance: instance as string,
    spare: spare.id as string,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A connection to the server; under another host name it is another instance. */
export function coordinates(server: TestServer, name: string, host = server.host): object {
  const { port, database, username, password, engine = 'postgresql' } = server
  return { name, engine, host, port, database, username, password }
}

export type Asked = Record<string, unknown> & {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
}
export type Ask = (request: Request) => Promise<Asked>

/** What a request sends along. */
function headersOf(privateKey: string, { key }: Request): Record<string, string> {
  const sent = { authorization: `Bearer ${privateKey}`, 'content-type': 'application/json' }
  return key === undefined ? sent : { ...sent, 'idempotency-key': key }
}

function addressOf({ api, url }: Request): string {
  return (api ?? '/rolecall/v1') + url
}

function asker(http: Awaited<ReturnType<typeof createApp>>['http'], privateKey: string): Ask {
  return async request => {
    const { method, body } = request
    const answer = await http.inject({
      method,
      url: addressOf(request),
      headers: headersOf(privateKey, request),
      payload: body === undefined ? undefined : JSON.stringify(body),
    })
    const { statusCode: status, headers, body: text } = answer
    return { ...(text === '' ? {} : JSON.parse(text)), status, text, headers }
  }
}

/** How a drill went. */
export interface Ran {
  /** The points that the child passed; undefined: it was killed, as it should be. */
  readonly passed?: readonly string[]
  /** What its caller, who lives on, was answered; undefined: it was cut off. */
  readonly answer?: { readonly status: number; readonly text: string }
}

/** What a child that survived says. */
export type Survivor = Required<Ran>

/** Runs a drill in a process of its own. Undefined: it was killed, as it should be. */
export async function runChild(drill: Drill, killed?: AbortSignal): Promise<Survivor | undefined> {
  const ran = await runAsked(drill, killed)
  return ran.passed && (ran as Survivor)
}

/** The same, for whoever wants to know what its caller was told before it was killed. */
export async function runAsked(drill: Drill, killed?: AbortSignal): Promise<Ran> {
  const child = spawn(process.execPath, [...NODE, await bundled(CHILD), JSON.stringify(drill)], {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  })
  endsWithUs(child)
  killed?.addEventListener('abort', () => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', chunk => (errors += chunk))
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'close') as Promise<[code: number | null, signal: string | null]>
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value: origin } = await lines.next()
  const answer = origin ? await send(origin, drill.template.key, drill.request).catch(() => undefined) : undefined
  child.stdin.end()
  const { value: passed } = await lines.next()
  const [code, signal] = await ended
  if (signal === 'SIGKILL') return { answer }
  if (code !== 0) throw new Error(`The child ended with ${code}: ${errors}`)
  return { answer, passed: JSON.parse(passed ?? '') }
}

/** Over a real socket: that the caller took the answer's last byte is a point as well. */
export async function send(origin: string, key: string, request: Request) {
  const { method, body } = request
  const headers = headersOf(key, request)
  const answer = await fetch(origin + addressOf(request), { method, headers, body: JSON.stringify(body) })
  const operation = answer.headers.get('rolecall-operation')
  return { status: answer.status, text: await answer.text(), operation }
}

export interface AfterRestart extends AsyncDisposable {
  readonly ask: Ask
  /** Milliseconds from the start until no operation was open. */
  readonly settledAfterMs: number
}

/** The folder of a killed process under a new one; waits until everything that it left has been brought to its end. */
export async function restart(
  folder: string,
  { key, project, flags }: Pick<Template, 'key' | 'project' | 'flags'>,
  aheadMs = 0,
): Promise<AfterRestart> {
  const began = performance.now()
  const settings = settingsFor(folder, flags)
  const app = await createApp(settings, withClocks({ store: aheadMs, engine: aheadMs })(await realParts(settings)))
  await app.start()
  const ask = asker(app.http, key)
  const isOpen = async () => {
    const { items } = await ask({ method: 'GET', url: `/projects/${project}/operations?state=open` })
    return (items as unknown[]).length > 0
  }
  while ((await isOpen()) && performance.now() - began < 10_000) await sleep(20)
  const settledAfterMs = performance.now() - began
  return { ask, settledAfterMs, [Symbol.asyncDispose]: () => app.stop() }
}

export function copyOf(template: Template): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-drill-'))
  cpSync(template.folder, folder, { recursive: true })
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** The worker looks once a second, and its commits are points as well: a run without them has fewer than the one that was counted. */
export const TICKS = 6

/** Fewer than so many are all of them: they take no time. */
const FEW = 10

/** Every `every`th, the last one among them: it is where the answer has gone out. All of them in `npm run test:crash`. */
export function pointsOf(count: number, every: number): readonly number[] {
  const each = process.env.ROLECALL_DRILL === 'all' || count < FEW ? 1 : every
  return Array.from({ length: count }, (_, at) => at + 1).filter(at => (count - at) % each === 0)
}

/** Runs `work` for each of `points`, a few at a time: most of a drill is waiting for another process. */
export async function forEachPoint(points: readonly number[], work: (at: number) => Promise<void>): Promise<void> {
  const left = [...points]
  const lane = async () => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) await work(at)
  }
  await Promise.all([lane(), lane(), lane()])
}
