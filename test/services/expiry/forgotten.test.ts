import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunningApp } from '../../support/app.ts'
import { type Clocks, type Ground, later, onPostgresql, until } from './ground.ts'

const clocks: Clocks = { store: 0, engine: 0 }

let ground: Ground
let engine: pg.Client
let rolecall: RunningApp
let instance: string

beforeAll(async () => {
  ground = await onPostgresql('forgotten', { clocks, policy: { passwordRecall: 'stored' } })
  ;({ engine, rolecall, instance } = ground)
})

afterAll(() => ground?.[Symbol.asyncDispose]())

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
