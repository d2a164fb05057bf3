import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type App, createApp, type Parts, realParts } from '../../src/app.ts'
import { loadSettings } from '../../src/cli/settings/load.ts'
import { createLog } from '../../src/http/log.ts'
import { ensureFirst } from '../../src/services/callers/installation.ts'
import type { Settings } from '../../src/settings/settings.ts'
import { documentCheck } from './document-check.ts'
import { createSecretWatch, type SecretWatch } from './secret-watch.ts'
import type { TestServer } from './servers.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body as JSON; undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any
}

export interface Asking {
  readonly body?: unknown
  /** Sent as it is, instead of `body` as JSON. */
  readonly payload?: string | Buffer
  /** Another private half than the first key's; `null`: no key. */
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A whole Rolecall on a data folder of its own, wired as in production, that answers without a socket. When it is disposed of, no byte of
 * its files, of its log, or of its servers' logs may hold a password or key that it was told or that it handed over.
 */
export interface RunningApp extends AsyncDisposable {
  readonly app: App
  readonly settings: Settings
  readonly folder: string
  readonly project: string
  readonly operator: string
  readonly key: { readonly id: string; readonly publicKey: string; readonly privateKey: string }
  /** Any path, such as `/v1/users/self`. */
  ask(method: Method, path: string, asking?: Asking): Promise<Answer>
  /** What went over a real socket, past `ask`: its secrets are looked for, too. */
  readonly heard: SecretWatch['heard']
  /** Below `/rolecall/v1`; the answer is held against the document of that API. */
  native(method: Method, path: string, asking?: Asking): Promise<Answer>
  /** Makes a connection to the server; answers its instance. */
  connect(
    server: TestServer,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly instance: string; readonly connection: string }>
}

export interface AppWish {
  /** Flags of `rolecall serve`, such as `--limits-body-bytes`. */
  readonly flags?: Readonly<Record<string, string>>
  /** Wires something differently: a store or an engine that is watched. */
  readonly parts?: (real: Parts) => Parts
  /** An app on a folder that another one left. */
  readonly folder?: string
  readonly key?: RunningApp['key']
}

export function settingsFor(folder: string, flags: Readonly<Record<string, string>> = {}): Settings {
  const usual = { '--data': folder, '--port': '0', '--network-allow': '127.0.0.0/8,::1/128', '--log-level': 'silent' }
  return loadSettings({ ...usual, ...flags, '--network-allow': allowedFor(flags, usual['--network-allow']) }, {}, {})
}

/** Tests keep their store on the very server that they manage, so that has to be named as an endpoint. */
function allowedFor(flags: Readonly<Record<string, string>>, usual: string): string {
  const allowed = flags['--network-allow'] ?? usual
  return flags['--store'] ? `${allowed},${new URL(flags['--store']).host}` : allowed
}

export async function aRunningApp({ flags, parts, folder: known, key }: AppWish = {}): Promise<RunningApp> {
  const folder = known ?? mkdtempSync(join(tmpdir(), 'rolecall-test-'))
  const settings = settingsFor(folder, flags)
  const secrets = createSecretWatch(folder)
  const real = { ...(await realParts(settings)), log: createLog('trace', pino.destination(secrets.log)) }
  const app = await createApp(settings, parts ? parts(real) : real)
  await app.start()
  const first = await ensureFirst(app.store, { project: 'test', username: 'tester' })
  const [project] = (await app.store.read.projects.list({ limit: 1 })).items
  const [operator] = (await app.store.read.operators.list({ limit: 1 })).items
  const own = first
    ? { id: first.key.id, publicKey: first.key.publicKey, privateKey: first.key.privateKey.reveal() }
    : key!

  async function ask(method: Method, path: string, asking: Asking = {}): Promise<Answer> {
    const { body, payload, headers } = asking
    const secret = asking.key === undefined ? own.privateKey : asking.key
    const answer = await app.http.inject({
      method,
      url: path,
      headers: {
        ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      payload: payload ?? (body === undefined ? undefined : JSON.stringify(body)),
    })
    secrets.heard(body, answer.body)
    const isJson = /json/.test(String(answer.headers['content-type'])) && answer.body !== ''
    const isOne = isJson && !/ndjson/.test(String(answer.headers['content-type']))
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text: answer.body,
      body: isOne ? JSON.parse(answer.body) : undefined,
    }
  }

  const checkNative = documentCheck((await ask('GET', '/openapi/native.json')).body, { refusal: 'Problem' })

  async function native(method: Method, below: string, asking?: Asking): Promise<Answer> {
    const path = `/rolecall/v1${below}`
    const answer = await ask(method, path, asking)
    checkNative({ method, path, status: answer.status, text: answer.text, contentType: answer.headers['content-type'] })
    return answer
  }

  async function connect(server: TestServer, more = {}) {
    secrets.watchServer(server)
    const { host, port, database, username, password } = server
    const body = {
      name: `server ${Math.random()}`,
      engine: server.engine ?? 'postgresql',
      host,
      port,
      database,
      username,
      password,
      ...more,
    }
    const made = await native('POST', `/projects/${project!.id}/connections`, { body })
    if (made.status !== 201) throw new Error(`no connection: ${made.text}`)
    return { instance: made.body.instance as string, connection: made.body.id as string }
  }

  async function dispose(): Promise<void> {
    await app.stop()
    secrets.check()
    if (!known) rmSync(folder, { recursive: true, force: true })
  }

  return {
    app,
    settings,
    folder,
    project: project!.id,
    operator: operator!.id,
    key: own,
    ask,
    heard: secrets.heard,
    native,
    connect,
    [Symbol.asyncDispose]: dispose,
  }
}
