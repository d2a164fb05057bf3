import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { aProxy, type Manner, type TcpProxy } from '../support/proxy.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import { p99, timed, until } from './timing.ts'

const REQUEST_MS = 1_500
/** What an answer may take beyond its deadline on a busy machine. */
const SLACK_MS = 1_500

let server: TestServer
let engine: pg.Client
let proxy: TcpProxy
let rolecall: RunningApp
let shaky: string
let steady: string

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  await clear()
  proxy = await aProxy(server)
  const flags = { '--timeouts-statement-ms': '1000', '--timeouts-request-ms': String(REQUEST_MS) }
  rolecall = await aRunningApp({ flags: { ...flags, '--limits-rate-per-minute': '0' } })
  shaky = (await rolecall.connect({ ...server, port: proxy.port })).instance
  steady = (await rolecall.connect({ ...server, host: 'localhost' })).instance
  for (const instance of [shaky, steady]) await rolecall.native('GET', `/instances/${instance}/users`)
})

afterEach(() => proxy.comeBack())

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
  await clear()
  await engine?.end()
})

async function clear(): Promise<void> {
  const { rows } = await engine.query("select rolname from pg_roles where rolname like 'shaky\\_%'")
  for (const { rolname } of rows) await engine.query(`drop role "${rolname}"`)
}

const read = (instance = shaky) => rolecall.native('GET', `/instances/${instance}/users?limit=20`)
const create = (name: string) => rolecall.native('POST', `/instances/${shaky}/users`, { body: { name } })
const operation = async (id: string) =>
  (await rolecall.native('GET', `/projects/${rolecall.project}/operations/${id}`)).body

/** A 503 of the native API, in time. */
function expectUnavailable({ answer, ms }: { readonly answer: Answer; readonly ms: number }): void {
  expect(answer.status, answer.text).toBe(503)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.body.type).toMatch(/^urn:rolecall:fault:(unavailable|timeout)$/)
  expect(ms).toBeLessThan(REQUEST_MS + SLACK_MS)
}

/** It works again: at once, or on a busy machine a little later. */
async function expectMade(name: string): Promise<void> {
  await until(async () => [201, 409].includes((await create(name)).status))
  expect((await engine.query('select from pg_roles where rolname = $1', [name])).rowCount).toBe(1)
}

/** What has come of it, as soon as the server can be asked again. */
async function outcomeOf(id: string): Promise<string> {
  await until(async () => ['settled', 'undone'].includes((await operation(id)).state))
  return (await operation(id)).state
}

async function backInService(): Promise<void> {
  await proxy.comeBack()
  await until(async () => (await read()).status === 200)
}

describe('a server that', () => {
  test('refuses every link: reads and changes get a 503 within the deadline, at once after the second', async () => {
    await proxy.refuse()
    for (let n = 0; n < 3; n++) expectUnavailable(await timed(read))
    expect((await timed(read)).ms).toBeLessThan(SLACK_MS)
    expectUnavailable(await timed(() => create('shaky_refused')))
    await backInService()
    await expectMade('shaky_refused')
  })

  test.each<Manner>(['hang', 'swallow', 'cut'])(
    'does not answer reads (%s): 503 in time, and well again afterwards',
    async manner => {
      proxy.behave(manner)
      expectUnavailable(await timed(read))
      expectUnavailable(await timed(() => create(`shaky_read_${manner}`)))
      await backInService()
      await expectMade(`shaky_read_${manner}`)
    },
  )

  test('answers slowly: late, or a 503 in time; nothing is left open', async () => {
    proxy.behave('slow')
    const slow = await timed(() => create('shaky_slow'))
    expect([201, 503]).toContain(slow.answer.status)
    expect(slow.ms).toBeLessThan(REQUEST_MS + SLACK_MS)
    await backInService()
    const { operation: id } = slow.answer.body
    if (id) expect(['settled', 'undone']).toContain(await outcomeOf(id))
  })

  test('hangs before a statement that changes something: 503, undone on its return, and asking again works', async () => {
    proxy.behaveAt('create role', 'hang')
    const asked = await timed(() => create('shaky_before'))
    expectUnavailable(asked)
    await proxy.comeBack()
    expect(await outcomeOf(asked.answer.body.operation)).toBe('undone')
    await expectMade('shaky_before')
  })

  test.each<Manner>(['swallow', 'cut'])(
    'has made the login but its answer is lost (%s): 503, settled on its return, and the password waits',
    async manner => {
      proxy.behaveAt('create role', manner)
      const asked = await timed(() => create(`shaky_after_${manner}`))
      expectUnavailable(asked)
      await proxy.comeBack()
      const { operation: id } = asked.answer.body
      expect(await outcomeOf(id)).toBe('settled')
      const taken = await rolecall.native('GET', `/projects/${rolecall.project}/operations/${id}/answer`)
      expect(await logsIn(server, `shaky_after_${manner}`, taken.body.password)).toBe(true)
    },
  )

  test('takes its time costs other servers none', async () => {
    const calm = await measure()
    proxy.behave('hang')
    const stop = new AbortController()
    const load = Promise.all(Array.from({ length: 20 }, () => keepAsking(stop.signal)))
    const disturbed = await measure()
    stop.abort()
    await load
    await backInService()
    console.info(`p99 of another instance: ${calm.toFixed(1)} ms, and ${disturbed.toFixed(1)} ms while one hangs`)
    expect(disturbed).toBeLessThan(calm * 5 + 100)
  }, 60_000)
})

/** The slowest hundredth of 400 reads of the other instance, four at a time. */
async function measure(): Promise<number> {
  const times: number[] = []
  const lane = async () => {
    for (let n = 0; n < 100; n++) times.push((await timed(() => read(steady))).ms)
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return p99(times)
}

async function keepAsking(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { status } = await read()
    expect(status).toBe(503)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
