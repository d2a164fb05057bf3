import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDatabase } from '../../support/store-database.ts'
import { type Clocks, later, until, withClocks } from './ground.ts'

let server: TestServer
let engine: pg.Client

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
})
afterAll(() => engine?.end())

const left = async (prefix: string) =>
  (await engine.query('select from pg_roles where starts_with(rolname, $1)', [prefix])).rowCount

async function makeMany({ native }: RunningApp, users: string, prefix: string, count: number, validFor: string) {
  for (let at = 0; at < count; at++) {
    const made = await native('POST', users, { body: { name: `${prefix}${at}`, validFor } })
    expect(made.status, made.text).toBe(201)
  }
}

test('two replicas share what is due, and each login is dropped once', async () => {
  const flags = { '--store': await aDatabase() }
  await using one = await aRunningApp({ flags })
  await using other = await aRunningApp({ flags, folder: one.folder, key: one.key })
  const users = `/instances/${(await one.connect(server)).instance}/users`
  await makeMany(one, users, 'shared_by_two_', 30, 'PT8S')
  expect(
    await until(
      () => left('shared_by_two_'),
      count => count === 0,
      40_000,
    ),
  ).toBe(0)
  const operations = async () => (await other.native('GET', `/projects/${one.project}/operations?limit=200`)).body.items
  // The last one settles a moment after its login is gone.
  const isSettled = ({ state }: { state: string }) => state === 'settled'
  const items = await until(operations, all => all.every(isSettled))
  const subjects = (kind: string) =>
    (items as { kind: string; targets: { subject: string }[] }[])
      .filter(each => each.kind === kind)
      .flatMap(({ targets }) => targets.map(({ subject }) => subject))
  const dropped = subjects('drop-user')
  expect([dropped.length, new Set(dropped).size]).toEqual([30, 30])
  const locked = subjects('lock-user')
  expect(new Set(locked).size).toBe(locked.length)
  expect(items.filter(({ state }: { state: string }) => state !== 'settled')).toEqual([])
})

test('what fell due while nobody ran is done by the next start', async () => {
  const clocks: Clocks = { store: 0, engine: 0 }
  const parts = withClocks(clocks)
  const first = await aRunningApp({ parts })
  const again = { parts, folder: first.folder, key: first.key }
  const users = `/instances/${(await first.connect(server)).instance}/users`
  await makeMany(first, users, 'slept_', 5, 'PT1H')
  await first.app.stop()
  expect(await left('slept_')).toBe(5)
  later(clocks, 2 * 3_600_000)
  expect(await left('slept_')).toBe(5)
  const began = Date.now()
  await using next = await aRunningApp(again)
  expect(
    await until(
      () => left('slept_'),
      count => count === 0,
    ),
  ).toBe(0)
  expect(Date.now() - began).toBeLessThan(10_000)
  expect((await next.native('GET', users)).status).toBe(200)
})
