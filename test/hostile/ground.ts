import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type pg from 'pg'
import { expect } from 'vitest'
import { createApp } from '../../src/app.ts'
import { ensureFirst } from '../../src/services/callers/installation.ts'
import { settingsFor } from '../support/app.ts'
import { engineClient } from '../support/logins.ts'
import { seedOf } from '../support/random.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'

/** All properties together; `npm run test:hostile` asks for 10,000. */
const CASES = Number(process.env.ROLECALL_HOSTILE_CASES ?? 500)

const CANARY = 'hostile_canary'

export interface Reply {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any
}

/** A Rolecall on a real server that has something to lose: a role and a table that nothing may touch. */
export interface Ground extends AsyncDisposable {
  readonly server: TestServer
  readonly engine: pg.Client
  readonly project: string
  readonly operator: string
  readonly instance: string
  /** Sends what it is given as it is; fails on every 5xx. */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>
  /** Runs `share` of all cases. */
  forAll<T>(what: string, share: number, values: fc.Arbitrary<T>, holds: (value: T) => Promise<void>): Promise<void>
}

export async function aGround(): Promise<Ground> {
  const server = await postgresqlServer()
  const engine = await engineClient(server)
  const database = `hostile_${process.pid}`
  await engine.query(`create database ${database}`)
  const inside = await engineClient(server, database)
  const canary = `${CANARY}_${process.pid}`
  await engine.query(`create role ${canary}`)
  await inside.query(`create table ${CANARY} as select 42 as answer`)
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-hostile-'))
  const app = await createApp(settingsFor(folder, { '--limits-rate-per-minute': '0' }))
  await app.start()
  const first = (await ensureFirst(app.store, { project: 'hostile', username: 'hostile' }))!
  const key = first.key.privateKey.reveal()

  async function ask(method: string, path: string, body?: unknown, headers = {}): Promise<Reply> {
    const sent = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const answer = await app.http.inject({ method: method as 'GET', url: path, headers: sent, payload })
    const { statusCode: status, body: text } = answer
    expect(status, `${method} ${path} ${payload}: ${text}`).toBeLessThan(500)
    const isJson = /json/.test(String(answer.headers['content-type'])) && text !== ''
    return { status, text, body: isJson ? JSON.parse(text) : undefined }
  }

  const { host, port, username, password } = server
  const coordinates = { name: 'hostile', engine: 'postgresql', host, port, database, username, password }
  const made = await ask('POST', `/rolecall/v1/projects/${first.project.id}/connections`, coordinates)
  await ask('GET', `/rolecall/v1/instances/${made.body.instance}/users`)

  /** Logins that carry the mark of this Rolecall. */
  async function leftOver(): Promise<readonly string[]> {
    const { rows } = await engine.query(
      `select rolname from pg_roles
       where rolcanlogin and shobj_description(oid, 'pg_authid') like '%[rolecall ' || $1 || ' %'`,
      [app.store.installation],
    )
    return rows.map(({ rolname }) => rolname)
  }

  async function forAll<T>(what: string, share: number, values: fc.Arbitrary<T>, holds: (value: T) => Promise<void>) {
    const numRuns = Math.ceil(CASES * share)
    await fc.assert(
      fc.asyncProperty(values, async value => void (await holds(value))),
      { numRuns, seed: seedOf(what), endOnFailure: numRuns > 1_000 },
    )
    console.info(`${what}: ${numRuns} cases`)
    expect((await inside.query(`select answer from ${CANARY}`)).rows).toEqual([{ answer: 42 }])
    expect((await engine.query('select from pg_roles where rolname = $1', [canary])).rowCount).toBe(1)
    expect(await leftOver(), 'every login that was made has been dropped').toEqual([])
  }

  async function dispose(): Promise<void> {
    await app.stop()
    rmSync(folder, { recursive: true, force: true })
    await inside.end()
    await engine.query(`drop database ${database} with (force)`)
    await engine.query(`drop role ${canary}`)
    await engine.end()
  }

  return {
    server,
    engine,
    project: first.project.id,
    operator: first.operator.id,
    instance: made.body.instance,
    ask,
    forAll,
    [Symbol.asyncDispose]: dispose,
  }
}

/** Texts that have broken out of quotes, terminals, encodings and length limits elsewhere. */
const CLASSICS = [
  ...[`"; drop role ${CANARY}; --`, `'; drop table ${CANARY}; --`, `"; drop owned by current_user cascade; --`],
  ...[
    `$$; drop table ${CANARY}; $$`,
    `\\'; drop table ${CANARY}; --`,
    `x" superuser password 'x'; --`,
    `" in role "postgres`,
  ],
  ...[
    'U&"\\0022"',
    '%s%n%I',
    '$' + '{process.exit()}',
    '{{7*7}}',
    '../../etc/passwd',
    '__proto__',
    'constructor',
    'null',
    'true',
  ],
  ...[
    '',
    ' ',
    '\t',
    '\n',
    '\0',
    'a\0b',
    '\u202eabc',
    '\ufeff',
    '\ud800',
    'a\udc00',
    '\u00e9',
    'e\u0301',
    'ﬁ',
    '😀',
    'ß',
    'ı',
  ],
  ...['postgres', 'public', 'none', 'current_user', 'session_user', 'pg_monitor', 'PG_x', 'rolecall_x', 'template1'],
  ...[
    'a'.repeat(63),
    'a'.repeat(64),
    'é'.repeat(32),
    '😀'.repeat(16),
    'a'.repeat(10_000),
    '.',
    '..',
    '/',
    '%',
    '%00',
    '#?&=',
  ],
]

/** Mostly strange, sometimes plain. */
export const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...CLASSICS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom(...`"'\\;-$%_/*\0\n\t .:@[]{}()<>|&#?=+~^\`aZ0é`), maxLength: 40 }),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...CLASSICS), fc.string({ maxLength: 8 })).map(parts => parts.join('')),
  },
)

/** Nothing of these stands in the server's log. */
export function expectUnlogged({ log }: TestServer, secrets: readonly string[]): void {
  if (!log) return
  const text = readFileSync(log, 'utf8')
  for (const secret of secrets) expect(text.includes(secret), 'a password stands in the log of the server').toBe(false)
}
