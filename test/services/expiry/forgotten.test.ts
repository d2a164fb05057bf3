import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer } from '../../support/servers.ts'
import { type Clocks, later, until, withClocks } from './ground.ts'

const clocks: Clocks = { store: 0, engine: 0 }

let engine: pg.Client
let rolecall: RunningApp
let instance: string

beforeAll(async () => {
  const server = await postgresqlServer()
  engine = await engineClient(server)
  await clear()
  rolecall = await aRunningApp({ parts: withClocks(clocks) })
  const policy = { passwordRecall: 'stored' }
  instance = (await rolecall.connect(server, { name: 'forgotten', policy })).instance
})
afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await clear()
  await engine?.end()
})

async function clear(): Promise<void> {
  const { rows } = await engine.query("select rolname from pg_roles where rolname ~ '^forgotten_'")
  for (const { rolname } of rows) await engine.query(`drop role ${rolname}`)
}

const make = (name: string) =>
  rolecall.native('POST', `/instances/${instance}/users`, { body: { name, validFor: 'PT1H' } })
const recordOf = (name: string) => rolecall.app.store.read.users.find(instance, JSON.stringify([name, '', '']))

test('of a login that others dropped or renamed, nothing is remembered after its end; of a later one of its name it is', async () => {
  for (const name of ['forgotten_ada', 'forgotten_bob', 'forgotten_eve']) await make(name)
  expect((await recordOf('forgotten_ada'))?.password).toBeDefined()
  await engine.query('drop role forgotten_ada; alter role forgotten_bob rename to forgotten_zoe')
  later(clocks, 2 * 3_600_000)
  expect(
    await until(
      () => rolecall.app.store.read.expiries.count(instance),
      left => left === 0,
    ),
  ).toBe(0)
  for (const name of ['forgotten_ada', 'forgotten_bob', 'forgotten_eve']) expect(await recordOf(name)).toBeUndefined()
})
