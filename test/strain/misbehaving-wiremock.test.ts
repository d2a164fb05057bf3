import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient } from '../support/logins.ts'
import { aProxy, type Manner, type TcpProxy } from '../support/proxy.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import { timed } from './timing.ts'

/** Those calls of the WireMock dialect that touch a server: tests of connections, and previews of tables. */
const REQUEST_MS = 1_500
/** What an answer may take beyond its deadline on a busy machine. */
const SLACK_MS = 1_500

const table = `shaky_rows_${process.pid}`
/** Stands in a statement of each call, and in none before it. */
const AT = { preview: table, test: 'pg_control_system()' } as const

let server: TestServer
let engine: pg.Client
let proxy: TcpProxy
let rolecall: RunningApp
let connection: string
let source: string

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  await engine.query(`create table ${table} as select n::text as n from generate_series(1, 20) n`)
  proxy = await aProxy(server)
  // A statement may take longer than its caller waits: the caller's own deadline counts.
  const flags = { '--timeouts-request-ms': String(REQUEST_MS) }
  rolecall = await aRunningApp({ flags: { ...flags, '--limits-rate-per-minute': '0' } })
  connection = (await rolecall.connect({ ...server, port: proxy.port })).connection
  const dataSource = { name: 'Rows', type: 'DATABASE', databaseConnection: connection, tableName: table }
  source = (await rolecall.ask('POST', '/v1/users/self/data-sources', { body: { dataSource } })).body.dataSource.id
})

afterEach(() => proxy.comeBack())

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
  await engine?.query(`drop table if exists ${table}`)
  await engine?.end()
})

const preview = () => rolecall.ask('GET', `/v1/data-sources/${source}?data-view=preview`)
const tests = {
  stored: () => rolecall.ask('POST', `/v1/database-connections/${connection}/test`, { body: {} }),
  'typed-in': () => {
    const { host, database: databaseName, username, password } = server
    const body = { databaseType: 'POSTGRESQL', host, port: proxy.port, databaseName, username, password }
    return rolecall.ask('POST', '/v1/users/self/database-connections/test', { body })
  },
} as const
const KINDS = Object.keys(tests) as (keyof typeof tests)[]

/** Fixed words: nothing of what a driver said. */
const DETAILS = [
  'The server refused the connection on that port.',
  'The connection attempt timed out.',
  'The server is not of the expected kind.',
]

interface Asked {
  readonly answer: Answer
  readonly ms: number
}

function expectInTime({ answer, ms }: Asked): void {
  expect(ms).toBeLessThan(REQUEST_MS + SLACK_MS)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
}

/** This dialect's own 503: a plain message. */
function expectUnavailable(asked: Asked): void {
  expect([asked.answer.status, asked.answer.text]).toEqual([
    503,
    '{"code":503,"message":"HTTP 503 Service Unavailable"}',
  ])
  expectInTime(asked)
}

/** A connection that fails is an answer, not an error. */
function expectFailure(asked: Asked): void {
  const { status, body, text } = asked.answer
  expect([status, body.outcome], text).toEqual([200, 'FAILURE'])
  expect(body).toEqual({
    outcome: 'FAILURE',
    errors: [{ title: 'Could not connect to database.', detail: expect.any(String) }],
  })
  expect(DETAILS).toContain(body.errors[0].detail)
  expectInTime(asked)
}

/** At once: neither call keeps links, so none can be left broken. */
async function expectWellAgain(): Promise<void> {
  await proxy.comeBack()
  const { status, body } = await preview()
  expect([status, body.dataSource.rowsPreview.length]).toEqual([200, 10])
}

const ALWAYS: readonly Manner[] = ['hang', 'swallow', 'cut']

describe('a preview', () => {
  test('is refused in time where nobody listens, and works when somebody does again', async () => {
    await proxy.refuse()
    expectUnavailable(await timed(preview))
    await expectWellAgain()
  })
  test.each(ALWAYS)('is refused in time where nothing is answered (%s)', async manner => {
    proxy.behave(manner)
    expectUnavailable(await timed(preview))
    await expectWellAgain()
  })
  test.each(ALWAYS)('is refused in time where its statement gets no answer (%s)', async manner => {
    proxy.behaveAt(AT.preview, manner)
    expectUnavailable(await timed(preview))
    await expectWellAgain()
  })
  test('comes late, or is refused in time, where every answer is late', async () => {
    proxy.behave('slow')
    const asked = await timed(preview)
    if (asked.answer.status === 200) expectInTime(asked)
    else expectUnavailable(asked)
    await expectWellAgain()
  })
})

describe.each(KINDS)('a test of %s coordinates', kind => {
  const attempt = tests[kind]
  test('fails in time where nobody listens', async () => {
    await proxy.refuse()
    const asked = await timed(attempt)
    expectFailure(asked)
    expect(asked.answer.body.errors[0].detail).toBe(DETAILS[0])
    await expectWellAgain()
  })
  test.each(ALWAYS)('fails in time where nothing is answered (%s)', async manner => {
    proxy.behave(manner)
    expectFailure(await timed(attempt))
    await expectWellAgain()
  })
  test.each(ALWAYS)('fails in time where its statement gets no answer (%s)', async manner => {
    proxy.behaveAt(AT.test, manner)
    expectFailure(await timed(attempt))
    await expectWellAgain()
  })
  test('succeeds late, or fails in time, where every answer is late', async () => {
    proxy.behave('slow')
    const asked = await timed(attempt)
    if (asked.answer.body.outcome === 'FAILURE') expectFailure(asked)
    else expectInTime(asked)
    await expectWellAgain()
    expect((await attempt()).body).toEqual({ outcome: 'SUCCESS' })
  })
})
