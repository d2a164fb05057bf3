import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunningApp } from '../../support/app.ts'
import { type Ground, onPostgresql } from './ground.ts'

let ground: Ground
let engine: pg.Client
let rolecall: RunningApp
let users: string

beforeAll(async () => {
  ground = await onPostgresql('until')
  ;({ engine, rolecall, users } = ground)
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const END = '2999-01-01T00:00:00.000Z'
const FIRST = '0001-01-01T00:00:00.000Z'
const LAST = '9999-12-31T23:59:59.999Z'
const MAKERS = '2031-05-06T07:08:09.123Z'

const patch = (name: string, body: object) => rolecall.native('PATCH', `${users}/${name}`, { body })
const onServer = async (name: string) =>
  (await engine.query('select rolvaliduntil::text as until from pg_roles where rolname = $1', [name])).rows[0].until

/** What PostgreSQL takes reaches further than what can be written as a time of JSON. */
test.each([
  ['never', 'infinity', undefined],
  ['always', '-infinity', FIRST],
  ['before_christ', '0044-03-15 BC', FIRST],
  ['moment', MAKERS, MAKERS],
  ['far', '12000-01-01', LAST],
  ['farthest', '294276-12-31', LAST],
])('a password that ends %s (%s) is shown as one that does', async (what, until, shown) => {
  const name = `until_${what}`
  await engine.query(`create role ${name} login valid until '${until}'`)
  const one = await rolecall.native('GET', `${users}/${name}`)
  expect([one.status, one.body.passwordUntil]).toEqual([200, shown])
  const { items } = (await rolecall.native('GET', `${users}?q=${name}`)).body
  expect(items).toMatchObject([{ name }])
  expect(items[0].passwordUntil).toBe(shown)
})

test.each([
  ['-infinity', '-infinity', FIRST],
  ['0044-03-15 BC', '0044-03-15 00:00:00+00 BC', FIRST],
  ['infinity', '2999-01-01 00:00:00+00', END],
  ['12000-01-01', '2999-01-01 00:00:00+00', END],
])('an end leaves an earlier one of the server, and brings a later one forward: %s', async (theirs, after, shown) => {
  await engine.query("set timezone = 'UTC'")
  const name = 'until_given'
  await engine.query(`drop role if exists ${name}; create role ${name} login valid until '${theirs}'`)
  const given = await patch(name, { validUntil: END })
  expect([given.status, given.body.validUntil, given.body.passwordUntil]).toEqual([200, END, shown])
  expect(await onServer(name)).toBe(after)
  const taken = await patch(name, { validUntil: null })
  expect(taken.body).not.toHaveProperty('validUntil')
  expect(await onServer(name)).toBe(after === '2999-01-01 00:00:00+00' ? 'infinity' : after)
})
