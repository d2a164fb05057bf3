import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient, logsIn } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { type Clocks, DAY_MS, isGone, later, NEXT_TRY_MS, shown, withClocks } from './ground.ts'

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
type Ending = { readonly lastFault?: { readonly at: string } } | undefined
const triedAt = ({ body }: { body: Record<string, unknown> }) => (body.expiry as Ending)?.lastFault?.at

test.each([
  ['a day behind', -DAY_MS],
  ['a day ahead', DAY_MS],
])('while the server is %s a login that is due is locked, and dropped once both agree', async (_what, off) => {
  clocks.engine = off
  const name = `clk_engine_${off > 0 ? 'ahead' : 'behind'}`
  await make(name, 'PT1S')
  const first = await shown(rolecall, `${users}/${name}`, waits)
  expect(first.body).toMatchObject({ state: 'expired' })
  expect(await logsIn(server, name, password)).toBe(false)
  later(clocks, NEXT_TRY_MS)
  await shown(rolecall, `${users}/${name}`, now => triedAt(now) !== triedAt(first))
  expect(await isThere(name)).toBe(true)
  clocks.engine = clocks.store
  later(clocks, NEXT_TRY_MS)
  expect((await shown(rolecall, `${users}/${name}`, isGone)).status).toBe(404)
})

test('a store that jumps a day ahead drops nobody; back in time, it still drops whoever is due', async () => {
  await make('clk_store_hour', 'PT1H')
  await make('clk_store_soon', 'PT15S')
  clocks.store = DAY_MS
  await shown(rolecall, `${users}/clk_store_hour`, waits)
  await shown(rolecall, `${users}/clk_store_soon`, waits)
  expect([await isThere('clk_store_hour'), await isThere('clk_store_soon')]).toEqual([true, true])
  // Its next try is tomorrow by the clock of then.
  clocks.store = 0
  later(clocks, 16_000)
  expect((await shown(rolecall, `${users}/clk_store_soon`, isGone)).status).toBe(404)
  expect(await isThere('clk_store_hour')).toBe(true)
  // It was locked too early, and may be let in again.
  const unlocked = await rolecall.native('POST', `${users}/clk_store_hour/unlock`)
  expect(unlocked.body).toMatchObject({ state: 'active' })
  expect(await logsIn(server, 'clk_store_hour', password)).toBe(true)
  await rolecall.native('DELETE', `${users}/clk_store_hour`)
})

test('a store that falls a day back drops nobody early', async () => {
  await make('clk_store_back', 'PT1S')
  clocks.store = -DAY_MS
  // Another one is due by the store's clock, and found so, when that one would have been.
  await make('clk_store_witness', 'PT1S')
  expect((await shown(rolecall, `${users}/clk_store_witness`, waits)).body).toMatchObject({ state: 'expired' })
  expect(await isThere('clk_store_back')).toBe(true)
  clocks.store = 0
  expect((await shown(rolecall, `${users}/clk_store_back`, isGone)).status).toBe(404)
})
