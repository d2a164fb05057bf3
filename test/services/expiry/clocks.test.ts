import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient, logsIn } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { type Clocks, DAY_MS, isGone, shown, withClocks } from './ground.ts'

const clocks: Clocks = { store: 0, engine: 0 }

let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let users: string

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  rolecall = await aRunningApp({ parts: withClocks(clocks) })
  users = `/instances/${(await rolecall.connect(server, { name: 'clocks' })).instance}/users`
})
afterEach(() => Object.assign(clocks, { store: 0, engine: 0 }))
afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await engine?.end()
})

const password = 'a password for a while'
const make = (name: string, validFor: string) => rolecall.native('POST', users, { body: { name, validFor, password } })
const isThere = async (name: string) =>
  (await engine.query('select from pg_roles where rolname = $1', [name])).rowCount === 1
const waits = ({ body }: { body: Record<string, unknown> }) =>
  JSON.stringify(body.expiry ?? '').includes('precondition-failed')

test.each([
  ['a day behind', -DAY_MS],
  ['a day ahead', DAY_MS],
])(
  'while the server is %s a login that is due is locked, and dropped once both agree',
  { timeout: 90_000 },
  async (_what, off) => {
    clocks.engine = off
    const name = `clk_engine_${off > 0 ? 'ahead' : 'behind'}`
    await make(name, 'PT1S')
    expect((await shown(rolecall, `${users}/${name}`, waits)).body).toMatchObject({ state: 'expired' })
    expect(await logsIn(server, name, password)).toBe(false)
    await sleep(2_000)
    expect(await isThere(name)).toBe(true)
    clocks.engine = 0
    expect((await shown(rolecall, `${users}/${name}`, isGone, 60_000)).status).toBe(404)
  },
)

test('a store that jumps a day ahead drops nobody; back in time, it still drops whoever is due', {
  timeout: 120_000,
}, async () => {
  await make('clk_store_hour', 'PT1H')
  await make('clk_store_soon', 'PT15S')
  clocks.store = DAY_MS
  await shown(rolecall, `${users}/clk_store_hour`, waits)
  await shown(rolecall, `${users}/clk_store_soon`, waits)
  expect([await isThere('clk_store_hour'), await isThere('clk_store_soon')]).toEqual([true, true])
  clocks.store = 0
  // Its next try is tomorrow by the clock of then.
  expect((await shown(rolecall, `${users}/clk_store_soon`, isGone, 40_000)).status).toBe(404)
  expect(await isThere('clk_store_hour')).toBe(true)
  // It was locked too early, and may be let in again.
  const unlocked = await rolecall.native('POST', `${users}/clk_store_hour/unlock`)
  expect(unlocked.body).toMatchObject({ state: 'active' })
  expect(await logsIn(server, 'clk_store_hour', password)).toBe(true)
  await rolecall.native('DELETE', `${users}/clk_store_hour`)
})

test('a store that falls a day back drops nobody early', async () => {
  await make('clk_store_back', 'PT2S')
  clocks.store = -DAY_MS
  await sleep(4_000)
  expect(await isThere('clk_store_back')).toBe(true)
  clocks.store = 0
  expect((await shown(rolecall, `${users}/clk_store_back`, isGone)).status).toBe(404)
})
