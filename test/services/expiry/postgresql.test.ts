import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningApp } from '../../support/app.ts'
import { logsIn, openSession } from '../../support/logins.ts'
import type { TestServer } from '../../support/servers.ts'
import { type Clocks, type Ground, isGone, later, NEXT_TRY_MS, onPostgresql, shown, until } from './ground.ts'

const DATABASE = 'exp_orders'

const clocks: Clocks = { store: 0, engine: 0 }

/** Some live so long, and are due after a little more; whatever else has an end here has it much later. */
const BRIEFLY = 'PT30S'
const DUE_MS = 31_000

let ground: Ground
let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let users: string

beforeAll(async () => {
  ground = await onPostgresql('exp', { clocks, database: DATABASE })
  ;({ server, engine, rolecall, users } = ground)
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const make = (name: string, more: object = {}) => rolecall.native('POST', users, { body: { name, ...more } })
const patch = (name: string, body: object) => rolecall.native('PATCH', `${users}/${name}`, { body })
const get = (name: string) => rolecall.native('GET', `${users}/${name}`)
const inAWhile = (ms: number) => new Date(Date.now() + ms).toISOString()
const roleOf = async (name: string) =>
  (await engine.query('select oid::text, rolcanlogin, rolvaliduntil from pg_roles where rolname = $1', [name])).rows[0]
const operations = async () => (await rolecall.native('GET', `/projects/${rolecall.project}/operations`)).body.items
const reasons = async () => {
  const { items } = await rolecall.app.store.read.audit.list(rolecall.project, { limit: 100 })
  return items.filter(({ action }) => action === 'user.expire').map(({ reason }) => reason)
}
const metric = async (name: string) => {
  const lines = (await rolecall.ask('GET', '/metrics')).text.split('\n')
  return Number(lines.find(line => line.startsWith(`${name} `))?.slice(name.length + 1))
}

describe('an end', () => {
  test('is given with a new login, shown, and told to the server', async () => {
    const validUntil = inAWhile(3_600_000)
    const made = await make('exp_new', { validUntil })
    expect(made.status, made.text).toBe(201)
    expect(made.body).toMatchObject({ validUntil, state: 'active', passwordUntil: validUntil })
    expect((await get('exp_new')).body).toMatchObject({ validUntil, state: 'active' })
    expect((await roleOf('exp_new')).rolvaliduntil.toISOString()).toBe(validUntil)
    const { items } = (await rolecall.native('GET', `${users}?q=exp_new`)).body
    expect(items).toMatchObject([{ name: 'exp_new', validUntil }])
  })

  test('is counted from now, moved, and taken away, each as an operation', async () => {
    const before = Date.now()
    const made = await make('exp_moved', { validFor: 'P1DT1H' })
    expect(Date.parse(made.body.validUntil) - before).toBeGreaterThanOrEqual(25 * 3_600_000)
    expect(Date.parse(made.body.validUntil) - before).toBeLessThan(25 * 3_600_000 + 20_000)
    const validUntil = inAWhile(7_200_000)
    const moved = await patch('exp_moved', { validUntil })
    expect(moved.body).toMatchObject({ validUntil, passwordUntil: validUntil, operation: expect.any(String) })
    const taken = await patch('exp_moved', { validUntil: null })
    expect(taken.status).toBe(200)
    expect(taken.body).not.toHaveProperty('validUntil')
    expect(taken.body).not.toHaveProperty('passwordUntil')
    const kinds = (await operations()).filter((one: { id: string }) =>
      [moved, taken].some(({ body }) => body.operation === one.id),
    )
    expect(kinds).toMatchObject([{ kind: 'set-user' }, { kind: 'set-user' }])
  })

  test('is given to a login that others made, and its own earlier end on the server stays', async () => {
    const theirs = inAWhile(600_000)
    await engine.query(`create role exp_theirs login valid until '${theirs}'`)
    const given = await patch('exp_theirs', { validUntil: inAWhile(3_600_000), labels: { team: 'x' } })
    expect(given.status, given.text).toBe(200)
    expect(given.body).toMatchObject({ madeBy: 'outside', labels: { team: 'x' }, passwordUntil: theirs })
    expect((await patch('exp_theirs', { validUntil: null })).body).toMatchObject({ passwordUntil: theirs })
  })

  test('goes along with a rename and stays with a new password', async () => {
    const { body } = await make('exp_reset', { validFor: 'PT1H' })
    expect((await rolecall.native('POST', `${users}/exp_reset/reset`)).body).toMatchObject({
      validUntil: body.validUntil,
    })
  })

  test.each([
    ['in the past', { validUntil: '2020-01-01T00:00:00Z' }, '/validUntil'],
    ['that is no time', { validUntil: 'tomorrow' }, '/validUntil'],
    ['that is no duration', { validFor: 'P1Y' }, '/validFor'],
    ['after no time', { validFor: 'PT0S' }, '/validFor'],
    ['said twice', { validUntil: '2999-01-01T00:00:00Z', validFor: 'P1D' }, '/validFor'],
  ])('is refused %s', async (_what, body, pointer) => {
    for (const answer of [await make('exp_refused', body), await patch('exp_new', body)]) {
      expect([answer.status, answer.body.type]).toEqual([422, 'urn:rolecall:fault:invalid'])
      expect(answer.body.errors).toMatchObject([{ pointer }])
    }
    expect(await roleOf('exp_refused')).toBeUndefined()
  })

  test('is refused for the login of a connection', async () => {
    const answer = await patch(server.username, { validFor: 'P1D' })
    expect([answer.status, answer.body.type]).toEqual([409, 'urn:rolecall:fault:in-use'])
  })

  test('is shown before it is given by a dry run, and then not given', async () => {
    const answer = await rolecall.native('PATCH', `${users}/exp_new?dryRun=true`, { body: { validUntil: null } })
    expect(answer.body.plan.steps[0].statement).toBe(`alter role "exp_new" valid until 'infinity'`)
    expect((await get('exp_new')).body).toHaveProperty('validUntil')
  })
})

describe('a login whose time is over', () => {
  test('is locked, its sessions are ended, and it is dropped, in this order', async () => {
    const { body } = await make('exp_goes', { validFor: BRIEFLY, grants: [{ role: 'readwrite', database: DATABASE }] })
    const { ended } = await openSession(server, 'exp_goes', body.password)
    later(clocks, DUE_MS)
    expect(await shown(rolecall, `${users}/exp_goes`, isGone)).toMatchObject({ status: 404 })
    expect((await rolecall.app.store.now()) - Date.parse(body.validUntil)).toBeGreaterThan(0)
    await ended
    expect(await roleOf('exp_goes')).toBeUndefined()
    const done = (await operations()).filter((one: { targets: { subject: string }[] }) =>
      one.targets[0]!.subject.includes('exp_goes'),
    )
    expect(done).toMatchObject([
      { kind: 'drop-user', state: 'settled', operator: 'rolecall', dialect: 'system' },
      { kind: 'create-user' },
    ])
    const whys: string[] = done[0].targets[0].steps.map(({ why }: { why: string }) => why)
    expect([...new Set(whys)]).toEqual([
      'let nobody log in any more',
      'end its sessions, until none is left',
      'drop the login',
      'end sessions that slipped in meanwhile',
    ])
    expect(await metric('rolecall_expiry_step_seconds_count{step="gone"}')).toBeGreaterThan(0)
    expect(await metric('rolecall_expiry_lag_seconds{state="open"}')).toBe(0)
  })

  test('stays locked, shown and told of while it owns things; and goes when it owns them no more', async () => {
    const { body } = await make('exp_owner', { validFor: BRIEFLY, password: 'owner of a table' })
    await engine.query('create table exp_table (); alter table exp_table owner to exp_owner')
    later(clocks, DUE_MS)
    const stays = await shown(
      rolecall,
      `${users}/exp_owner`,
      ({ body }) => body.expiry !== undefined && 'lastFault' in (body.expiry as object),
    )
    expect(stays.body).toMatchObject({
      state: 'expired',
      validUntil: body.validUntil,
      expiry: {
        tries: 1,
        lockedAt: expect.any(String),
        lastFault: { fault: 'in-use', detail: expect.stringContaining('1 table') },
      },
    })
    expect(await logsIn(server, 'exp_owner', 'owner of a table')).toBe(false)
    expect(await metric('rolecall_expiry_waiting{state="locked"}')).toBe(1)
    expect(await metric('rolecall_expiry_lag_seconds{state="locked"}')).toBeGreaterThan(0)
    const unlocked = await rolecall.native('POST', `${users}/exp_owner/unlock`)
    expect([unlocked.status, unlocked.body.detail]).toEqual([expect.any(Number), expect.stringContaining('validUntil')])
    expect(unlocked.status).toBeGreaterThanOrEqual(400)
    await engine.query('drop table exp_table')
    later(clocks, NEXT_TRY_MS)
    expect((await shown(rolecall, `${users}/exp_owner`, isGone)).status).toBe(404)
  })

  test('may stay after all: with a later end it is only locked, and can be unlocked', async () => {
    await make('exp_saved', { validFor: BRIEFLY })
    await engine.query('create table exp_saved_table (); alter table exp_saved_table owner to exp_saved')
    later(clocks, DUE_MS)
    await shown(rolecall, `${users}/exp_saved`, ({ body }) => body.state === 'expired')
    const saved = await until(
      () => patch('exp_saved', { validFor: 'P1D' }),
      ({ status }) => status === 200,
    )
    expect(saved.body).toMatchObject({ state: 'locked' })
    expect(saved.body).not.toHaveProperty('expiry')
    expect((await rolecall.native('POST', `${users}/exp_saved/unlock`)).body).toMatchObject({ state: 'active' })
    await engine.query('drop table exp_saved_table')
    await rolecall.native('DELETE', `${users}/exp_saved`)
  })

  test('is not confused with a login of its name that somebody made anew', async () => {
    await make('exp_again', { validFor: BRIEFLY })
    await engine.query("drop role exp_again; create role exp_again login password 'innocent'")
    const { oid } = await roleOf('exp_again')
    expect((await get('exp_again')).body).not.toHaveProperty('validUntil')
    later(clocks, DUE_MS)
    const wanted = 'It was dropped by somebody else before its end'
    expect(await until(reasons, all => all.includes(wanted))).toContain(wanted)
    expect(await roleOf('exp_again')).toMatchObject({ oid, rolcanlogin: true, rolvaliduntil: null })
  })

  test('is not dropped because of an end that somebody else gave it on the server', async () => {
    await make('exp_foreign')
    await engine.query(`alter role exp_foreign valid until '${inAWhile(-1_000)}'`)
    // Somebody else goes meanwhile.
    await make('exp_witness', { validFor: BRIEFLY })
    later(clocks, DUE_MS)
    expect((await shown(rolecall, `${users}/exp_witness`, isGone)).status).toBe(404)
    expect((await get('exp_foreign')).body).toMatchObject({ state: 'active' })
  })

  test('outlives its end while its server is only observed', async () => {
    const mode = (wanted: string) => rolecall.native('PATCH', users.replace('/users', ''), { body: { mode: wanted } })
    await make('exp_observed', { validFor: BRIEFLY })
    expect((await mode('observe')).status).toBe(200)
    later(clocks, DUE_MS)
    const observed = await shown(rolecall, `${users}/exp_observed`, ({ body }) => body.expiry !== undefined)
    expect(observed.body).toMatchObject({ state: 'active', expiry: { lastFault: { fault: 'read-only' } } })
    await mode('manage')
    expect((await shown(rolecall, `${users}/exp_observed`, isGone)).status).toBe(404)
  })

  test('keeps its instance, leaving, until it is gone', async () => {
    const { instance, connection } = await rolecall.connect(server, { name: 'leaving', host: 'localhost' })
    const made = await rolecall.native('POST', `/instances/${instance}/users`, {
      body: { name: 'exp_left', validFor: BRIEFLY },
    })
    expect(made.status, made.text).toBe(201)
    expect((await rolecall.native('DELETE', `/connections/${connection}`)).status).toBe(204)
    expect((await rolecall.native('GET', `/instances/${instance}`)).body).toMatchObject({ health: 'leaving' })
    later(clocks, DUE_MS)
    const left = await until(() => rolecall.native('GET', `/instances/${instance}`), isGone)
    expect(left.status).toBe(404)
    expect(await roleOf('exp_left')).toBeUndefined()
  })
})

test('policy says how long a login may stay', async () => {
  const policy = { maxLifeDays: 2 }
  expect((await rolecall.native('PATCH', users.replace('/users', ''), { body: { policy } })).status).toBe(200)
  const made = await make('exp_short')
  expect(Date.parse(made.body.validUntil) - Date.now()).toBeGreaterThan(2 * 86_400_000 - 20_000)
  expect((await patch('exp_short', { validFor: 'P3D' })).status).toBe(422)
  expect((await patch('exp_short', { validUntil: null })).status).toBe(422)
  expect((await patch('exp_short', { validFor: 'P1D' })).status).toBe(200)
})
