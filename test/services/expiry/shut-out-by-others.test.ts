import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningApp } from '../../support/app.ts'
import { logsIn } from '../../support/logins.ts'
import type { TestServer } from '../../support/servers.ts'
import { type Ground, isGone, onPostgresql, shown, until } from './ground.ts'

let ground: Ground
let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let users: string

beforeAll(async () => {
  ground = await onPostgresql('shut')
  ;({ server, engine, rolecall, users } = ground)
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const password = 'the password of one who is shut out'
const make = (name: string, more: object = {}) => rolecall.native('POST', users, { body: { name, password, ...more } })
const get = (name: string) => rolecall.native('GET', `${users}/${name}`)
const drop = (name: string) => rolecall.native('DELETE', `${users}/${name}`)
const isThere = async (name: string) =>
  (await engine.query('select from pg_roles where rolname = $1', [name])).rowCount === 1

/** PostgreSQL calls a role that may not log in a group, whatever it was before. */
const WAYS = [
  ['nologin', (name: string) => `alter role ${name} nologin`],
  ['nologin_nomark', (name: string) => `alter role ${name} nologin; comment on role ${name} is null`],
] as const

describe.each(WAYS)('a login that somebody else shut out (%s)', (how, statements) => {
  const shutOut = async (name: string) => void (await engine.query(statements(name)))

  test('is still dropped at its end', async () => {
    const name = `shut_ends_${how}`
    expect((await make(name, { validFor: 'PT3S' })).status).toBe(201)
    await shutOut(name)
    expect((await get(name)).body).toMatchObject({ name, state: 'locked', validUntil: expect.any(String) })
    expect(
      await until(
        () => isThere(name),
        there => !there,
        15_000,
      ),
    ).toBe(false)
    expect((await get(name)).status).toBe(404)
  })

  test('is dropped when somebody asks for it', async () => {
    const name = `shut_drop_${how}`
    await make(name)
    await shutOut(name)
    expect((await drop(name)).status).toBe(200)
    expect(await isThere(name)).toBe(false)
    expect((await drop(name)).status).toBe(404)
  })

  test('is let in again, or locked by us, and then listed', async () => {
    const name = `shut_again_${how}`
    await make(name)
    await shutOut(name)
    const locked = await rolecall.native('POST', `${users}/${name}/lock`)
    expect([locked.status, locked.body.state]).toEqual([200, 'locked'])
    expect((await rolecall.native('GET', `${users}?q=${name}`)).body.items).toMatchObject([{ name, state: 'locked' }])
    await shutOut(name)
    const unlocked = await rolecall.native('POST', `${users}/${name}/unlock`)
    expect([unlocked.status, unlocked.body.state]).toEqual([200, 'active'])
    expect(await logsIn(server, name, password)).toBe(true)
  })
})

test('a login that somebody else shut out is listed as locked, and no group to be granted', async () => {
  await make('shut_listed')
  await engine.query('alter role shut_listed nologin')
  const { items } = (await rolecall.native('GET', `${users}?q=shut_listed`)).body
  expect(items).toMatchObject([{ name: 'shut_listed', state: 'locked' }])
  const roles = (await rolecall.native('GET', users.replace('/users', '/roles'))).body.items as { name: string }[]
  expect(roles.map(({ name }) => name)).not.toContain('shut_listed')
})

test('a login that we locked at its end, and that lost our mark since, goes when it can', async () => {
  const name = 'shut_owner'
  await make(name, { validFor: 'PT2S' })
  await engine.query(`create table shut_table (); alter table shut_table owner to ${name}`)
  await shown(rolecall, `${users}/${name}`, ({ body }) => body.state === 'expired')
  await engine.query(`comment on role ${name} is null`)
  expect((await get(name)).body).toMatchObject({ state: 'expired' })
  await engine.query('drop table shut_table')
  expect((await shown(rolecall, `${users}/${name}`, isGone, 45_000)).status).toBe(404)
  expect(await isThere(name)).toBe(false)
}, 90_000)

test('a group is no login, and stays: one that never was, and one that has the name of a login that was', async () => {
  await make('shut_was', { validFor: 'PT3S' })
  await engine.query('create role shut_group; drop role shut_was; create role shut_was')
  for (const name of ['shut_group', 'shut_was']) {
    expect((await get(name)).status).toBe(404)
    expect((await drop(name)).status).toBe(404)
    expect((await rolecall.native('POST', `${users}/${name}/lock`)).status).toBe(404)
  }
  await until(
    () => rolecall.app.store.read.expiries.count(users.split('/')[2]!),
    left => left === 0,
    10_000,
  )
  expect([await isThere('shut_group'), await isThere('shut_was')]).toEqual([true, true])
})
