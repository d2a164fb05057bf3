import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunningApp } from '../../support/app.ts'
import { openSession } from '../../support/logins.ts'
import type { TestServer } from '../../support/servers.ts'
import { type Clocks, type Ground, later, NEXT_TRY_MS, onPostgresql, until } from './ground.ts'

const clocks: Clocks = { store: 0, engine: 0 }
const PAST_THE_END = 2 * 3_600_000

let ground: Ground
let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let instance: string

beforeAll(async () => {
  ground = await onPostgresql('renamed', { clocks })
  ;({ server, engine, rolecall, instance } = ground)
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const password = 'whatever it is called'
const users = () => `/instances/${instance}/users`
const make = (name: string) => rolecall.native('POST', users(), { body: { name, password, validFor: 'PT1H' } })
const there = async () =>
  (await engine.query("select rolname as name from pg_roles where rolname ~ '^renamed_' order by 1")).rows.map(
    ({ name }) => name,
  )
const endsLeft = () => rolecall.app.store.read.expiries.count(instance)

test('a login goes at its end under the name that others gave it, and one that has its old name now stays', async () => {
  await make('renamed_ada')
  await engine.query('alter role renamed_ada rename to renamed_eve; create role renamed_ada login')
  const { ended } = await openSession(server, 'renamed_eve', password)
  later(clocks, PAST_THE_END)
  expect(await until(there, names => !names.includes('renamed_eve'))).toEqual(['renamed_ada'])
  await ended
  expect(await until(endsLeft, left => left === 0)).toBe(0)
  expect((await rolecall.native('GET', `${users()}/renamed_ada`)).body).toMatchObject({ madeBy: 'outside' })
  const { items } = (await rolecall.native('GET', `/projects/${rolecall.project}/operations`)).body
  expect(items[0]).toMatchObject({ kind: 'drop-user', state: 'settled', dialect: 'system' })
  expect(items[0].targets[0].subject).toContain('renamed_eve')
})

test('is locked under that name while it can’t be dropped', { timeout: 60_000 }, async () => {
  await make('renamed_bob')
  await engine.query('alter role renamed_bob rename to renamed_owner')
  await engine.query('create table renamed_table (); alter table renamed_table owner to renamed_owner')
  later(clocks, PAST_THE_END)
  const mayLogIn = async () =>
    (await engine.query("select rolcanlogin as may from pg_roles where rolname = 'renamed_owner'")).rows[0]?.may
  expect(await until(mayLogIn, may => may === false)).toBe(false)
  await engine.query('drop table renamed_table')
  expect(await until(there, names => !names.includes('renamed_owner'), NEXT_TRY_MS)).toEqual(['renamed_ada'])
})
