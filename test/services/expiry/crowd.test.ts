import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userKeyText } from '../../../src/domain/users/user.ts'
import type { RunningApp } from '../../support/app.ts'
import { type Clocks, type Ground, later, NEXT_TRY_MS, onPostgresql, until } from './ground.ts'

/** More than are dropped one by one, and than go as one operation. */
const CROWD = 100
/** So many go one by one, locked and dropped as one operation. */
const FEW = 12
const nameOf = (at: number) => `crowd_${String(at).padStart(3, '0')}`
const NAMES = Array.from({ length: CROWD }, (_, at) => nameOf(at))
const OWNER = nameOf(41)
const DROPPED = nameOf(42)
const AGAIN = nameOf(43)

const clocks: Clocks = { store: 0, engine: 0 }

let ground: Ground
let engine: pg.Client
let rolecall: RunningApp
let instance: string

beforeAll(async () => {
  ground = await onPostgresql('crowd', { clocks })
  ;({ engine, rolecall, instance } = ground)
})

afterAll(() => ground?.[Symbol.asyncDispose]())

/** Logins that are there, and those of them that may log in. */
async function look(): Promise<{ readonly there: readonly string[]; readonly open: readonly string[] }> {
  const { rows } = await engine.query(
    "select rolname as name, rolcanlogin as open from pg_roles where rolname ~ '^crowd_' order by 1",
  )
  return { there: rows.map(({ name }) => name), open: rows.filter(({ open }) => open).map(({ name }) => name) }
}

/** Written into the store as an operation would leave them. */
async function promise(names: readonly string[], validUntil: number): Promise<void> {
  const { rows } = await engine.query("select oid::text as oid, rolname from pg_roles where rolname ~ '^crowd_'")
  const oids = new Map(rows.map(({ oid, rolname }) => [rolname, oid]))
  await rolecall.app.store.transaction(async tables => {
    for (const name of names) {
      const incarnation = oids.get(name)
      const key = userKeyText({ name })
      await tables.users.put({ instanceId: instance, key, incarnation, labels: {}, asked: {}, validUntil })
    }
  })
}

const isEmptyBut =
  (...names: readonly string[]) =>
  ({ there }: { readonly there: readonly string[] }) =>
    there.length <= names.length && there.every(name => names.includes(name))

/** What the audit says of ends that were not just kept. */
async function told(): Promise<readonly (readonly [string, string])[]> {
  const lines = (await rolecall.app.store.read.audit.list(rolecall.project, { limit: 1000 })).items
  return lines.filter(({ action }) => action === 'user.expire').map(({ subject, outcome }) => [subject, outcome])
}

async function drops(): Promise<readonly object[]> {
  const { items } = (await rolecall.native('GET', `/projects/${rolecall.project}/operations?limit=200`)).body
  return items.filter(({ kind }: { kind: string }) => kind === 'drop-user')
}

const IN_TIME = { timeout: 60_000 }

test(
  'a crowd that is due at once is shut out, but for the last few of it, before any of it is dropped',
  IN_TIME,
  async () => {
    for (const name of NAMES) await engine.query(`create role ${name} login`)
    await engine.query(`create table crowd_table (); alter table crowd_table owner to ${OWNER}`)
    await promise(NAMES, (await rolecall.app.store.now()) + 1_000)
    let openAtFirstDrop: readonly string[] | undefined
    const watched = async () => {
      const seen = await look()
      if (seen.there.length < CROWD) openAtFirstDrop ??= seen.open
      return seen
    }
    expect(await until(watched, isEmptyBut(OWNER), 40_000)).toEqual({ there: [OWNER], open: [] })
    expect(openAtFirstDrop!.length).toBeLessThanOrEqual(FEW)
    expect((await drops()).length).toBeLessThan(CROWD / 2)
    // Those that would have been one operation with it went alone, and so does it: it only stays.
    const owner = await rolecall.native('GET', `/instances/${instance}/users/${OWNER}`)
    expect(owner.body).toMatchObject({ state: 'expired', expiry: { lastFault: { fault: 'in-use' } } })
    expect(await told()).toEqual([[userKeyText({ name: OWNER }), 'undone']])
    await engine.query(`drop table crowd_table; drop role ${OWNER}`)
  },
)

test('whoever stays because it owns things does not make later crowds go one by one', IN_TIME, async () => {
  await engine.query(
    `create role ${OWNER} login; create table crowd_table (); alter table crowd_table owner to ${OWNER}`,
  )
  await promise([OWNER], (await rolecall.app.store.now()) - 1)
  await until(told, lines => lines.length === 2)
  const before = (await drops()).length
  const others = NAMES.filter(name => name !== OWNER)
  for (const name of others) await engine.query(`create role ${name} login`)
  await promise(others, (await rolecall.app.store.now()) - 1)
  later(clocks, NEXT_TRY_MS)
  expect(await until(look, isEmptyBut(OWNER), 40_000)).toEqual({ there: [OWNER], open: [] })
  expect((await drops()).length - before).toBeLessThan(FEW + CROWD / 10)
  await engine.query(`drop table crowd_table; drop role ${OWNER}`)
})

test('whoever of a crowd was dropped, or made anew, since is in nobody’s way', IN_TIME, async () => {
  for (const name of NAMES) await engine.query(`create role ${name} login`)
  await promise(NAMES, (await rolecall.app.store.now()) + 1_000)
  await engine.query(`drop role ${DROPPED}; drop role ${AGAIN}; create role ${AGAIN} login`)
  expect(await until(look, isEmptyBut(AGAIN), 40_000)).toEqual({ there: [AGAIN], open: [AGAIN] })
  const isTold = (lines: readonly (readonly [string, string])[]) =>
    [DROPPED, AGAIN].every(name => lines.some(([subject]) => subject === userKeyText({ name })))
  expect((await until(told, isTold)).map(([subject, outcome]) => `${subject} ${outcome}`)).toEqual(
    expect.arrayContaining([DROPPED, AGAIN].map(name => `${userKeyText({ name })} done`)),
  )
  await engine.query(`drop role ${AGAIN}`)
})

test('a login that falls due while a crowd is dropped does not wait for it', IN_TIME, async () => {
  for (const name of [...NAMES, 'crowd_late']) await engine.query(`create role ${name} login`)
  const now = await rolecall.app.store.now()
  await promise(NAMES, now + 500)
  await promise(['crowd_late'], now + 1_500)
  const isShutOut = async () => !(await look()).open.includes('crowd_late')
  expect(await until(isShutOut, shut => shut, 30_000)).toBe(true)
  expect((await rolecall.app.store.now()) - (now + 1_500)).toBeLessThan(5_000)
  expect(await until(look, isEmptyBut(), 40_000)).toEqual({ there: [], open: [] })
})
