import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient, logsIn, openSession } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'

let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let instance: string
let users: string

const PREFIX = 'nat_'
const DATABASES = ['nat_orders', 'nat_billing']

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  await clear()
  for (const name of DATABASES) await engine.query(`create database ${name}`)
  rolecall = await aRunningApp()
  instance = (await rolecall.connect(server, { name: 'native' })).instance
  users = `/instances/${instance}/users`
})

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await clear()
  await engine?.end()
})

async function clear(): Promise<void> {
  for (const name of DATABASES) await engine.query(`drop database if exists ${name} with (force)`)
  const { rows } = await engine.query(
    "select rolname from pg_roles where rolname like 'nat\\_%' or rolname like 'rolecall\\_nat\\_%'",
  )
  for (const { rolname } of rows) await engine.query(`drop role "${rolname}"`)
}

const make = (name: string, more: object = {}) =>
  rolecall.native('POST', users, { body: { name: PREFIX + name, ...more } })
const one = (name: string) => `${users}/${PREFIX}${encodeURIComponent(name)}`

describe('create', () => {
  test('answers a password once that logs in, and strings for the usual clients', async () => {
    const made = await make('ada', { labels: { team: 'checkout' }, description: 'orders service' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'nat_ada',
      state: 'active',
      labels: { team: 'checkout' },
      description: 'orders service',
    })
    expect(made.body.operation).toBe(made.headers['rolecall-operation'])
    expect(made.body.madeBy).toMatchObject({ operation: made.body.operation, operator: 'tester' })
    expect(await logsIn(server, 'nat_ada', made.body.password)).toBe(true)
    expect(made.body.connectionStrings.uri).toContain('nat_ada')
    const read = await rolecall.native('GET', one('ada'))
    expect(read.text).not.toContain(made.body.password)
    expect(read.body).toMatchObject({ name: 'nat_ada', description: 'orders service' })
  })

  test('takes a password of the caller and never answers it', async () => {
    const made = await make('chosen', { password: 'a-password-of-mine' })
    expect(made.text).not.toContain('a-password-of-mine')
    expect(await logsIn(server, 'nat_chosen', 'a-password-of-mine')).toBe(true)
  })

  test('tries the new login when asked to', async () => {
    const made = await rolecall.native('POST', `${users}?verify=true`, { body: { name: 'nat_tried' } })
    expect(made.body.verified).toEqual({ at: expect.any(String), servers: [`${server.host}:${server.port}`] })
  })

  test('whose proof fails leaves the new password to be fetched', async () => {
    await make('proofless')
    await rolecall.native('POST', `${one('proofless')}/lock`)
    const refused = await rolecall.native('POST', `${one('proofless')}/reset?verify=true`)
    expect([refused.status, refused.body.type]).toEqual([422, 'urn:rolecall:fault:refused'])
    const id = refused.headers['rolecall-operation']
    const { body } = await rolecall.native('GET', `/projects/${rolecall.project}/operations/${id}/answer`)
    await rolecall.native('POST', `${one('proofless')}/unlock`)
    expect(await logsIn(server, 'nat_proofless', body.password)).toBe(true)
  })

  test("closes PUBLIC's rights on the database where policy says so", async () => {
    await rolecall.native('PATCH', `/instances/${instance}`, { body: { policy: { closePublic: true } } })
    const grants = [{ role: 'read', database: 'nat_billing' }]
    const shown = await rolecall.native('POST', `${users}?dryRun=true`, { body: { name: 'nat_closing', grants } })
    await rolecall.native('PATCH', `/instances/${instance}`, { body: { policy: {} } })
    expect(shown.text).toMatch(/revoke [^"]* from public/i)
  })

  test('grants in the same operation', async () => {
    const grants = DATABASES.map(database => ({ role: 'readwrite', database }))
    const made = await make('granted', { grants })
    expect(made.body.grants).toMatchObject([...grants].sort((a, b) => (a.database < b.database ? -1 : 1)))
  })

  test.each([
    ['a name that is taken', { name: 'nat_ada' }, 409, 'exists', undefined],
    ['a field that is not known', { name: 'nat_x', passwort: 'x' }, 422, 'invalid', '/passwort'],
    ['a name of the system', { name: 'pg_nat' }, 422, 'invalid', undefined],
    ['a name that the server would cut', { name: `nat_${'x'.repeat(60)}` }, 422, 'invalid', undefined],
    ['a password shorter than policy wants', { name: 'nat_x', password: 'short' }, 422, 'invalid', '/password'],
    [
      'a database that is not there',
      { name: 'nat_x', grants: [{ role: 'read', database: 'nat_none' }] },
      404,
      'not-found',
      undefined,
    ],
    [
      'a role that is not in the catalogue',
      { name: 'nat_x', grants: [{ role: 'admin', database: 'nat_orders' }] },
      422,
      'invalid',
      '/grants/0/role',
    ],
    ['an end in the past', { name: 'nat_x', validUntil: '2020-01-01T00:00:00Z' }, 422, 'invalid', '/validUntil'],
    ['no name at all', {}, 422, 'invalid', '/name'],
  ])('refuses %s', async (_what, body, status, fault, pointer) => {
    const answer = await rolecall.native('POST', users, { body })
    expect([answer.status, answer.body.type]).toEqual([status, `urn:rolecall:fault:${fault}`])
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.body.instance).toBe(answer.headers['x-request-id'])
    if (pointer) expect(answer.body.errors[0].pointer).toBe(pointer)
    expect((await engine.query("select from pg_roles where rolname in ('nat_x', 'pg_nat')")).rowCount).toBe(0)
  })

  test('refuses a body that is not JSON, and one of another type', async () => {
    const headers = { 'content-type': 'application/json' }
    expect((await rolecall.native('POST', users, { payload: '{"name":', headers })).status).toBe(400)
    expect(
      (await rolecall.native('POST', users, { payload: 'name=x', headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415)
    expect(
      (await rolecall.native('POST', users, { payload: `{"name":"${'x'.repeat(70_000)}"}`, headers })).status,
    ).toBe(413)
  })
})

describe('dry run', () => {
  test('shows exactly the statements that run, secrets masked, and writes nothing', async () => {
    const body = { name: 'nat_dry', grants: [{ role: 'read', database: 'nat_orders' }] }
    const before = await operations()
    const shown = await rolecall.native('POST', `${users}?dryRun=true`, { body })
    expect(shown.status).toBe(200)
    expect(shown.text).not.toMatch(/SCRAM-SHA-256\$\d/)
    expect(await operations()).toEqual(before)
    expect((await rolecall.native('GET', one('dry'))).status).toBe(404)
    const made = await rolecall.native('POST', users, { body })
    const operation = await rolecall.native('GET', `/projects/${rolecall.project}/operations/${made.body.operation}`)
    const statements = (steps: { statement: string }[]) =>
      steps.map(({ statement }) => statement.replace(/op_[0-9A-Z]{26}/g, 'op'))
    expect(statements(operation.body.targets[0].steps)).toEqual(statements(shown.body.plan.steps))
  })

  test('tells why it would be refused', async () => {
    const shown = await rolecall.native('POST', `${users}?dryRun=true`, { body: { name: 'nat_ada' } })
    expect(shown.body.plan).toMatchObject({ refusals: [{ fault: 'exists' }] })
  })

  test('of a change of the store writes nothing either', async () => {
    const made = await rolecall.native('POST', '/projects?dryRun=true', { body: { name: 'never' } })
    expect([made.status, made.body]).toEqual([200, { plan: { steps: [], refusals: [] } }])
    const key = await rolecall.native('DELETE', `/projects/${rolecall.project}/keys/${rolecall.key.id}?dryRun=true`)
    expect([key.status, key.body]).toEqual([200, { plan: { steps: [], refusals: [] } }])
    const listed = await rolecall.native('GET', '/projects')
    expect(listed.body.items.map((project: { name: string }) => project.name)).toEqual(['test'])
  })
})

describe('reset, lock, drop', () => {
  test('a reset makes a new password, and the old one opens nothing', async () => {
    const made = await make('reset')
    const reset = await rolecall.native('POST', `${one('reset')}/reset`)
    expect(reset.status).toBe(200)
    expect(await logsIn(server, 'nat_reset', made.body.password)).toBe(false)
    expect(await logsIn(server, 'nat_reset', reset.body.password)).toBe(true)
  })

  test('a lock ends its sessions and keeps it out; unlocked, the same password opens it again', async () => {
    const { body } = await make('lock')
    const session = await openSession(server, 'nat_lock', body.password)
    const locked = await rolecall.native('POST', `${one('lock')}/lock`)
    expect(locked.body.state).toBe('locked')
    await session.ended
    expect(await logsIn(server, 'nat_lock', body.password)).toBe(false)
    expect((await rolecall.native('GET', `${users}?q=nat_lock`)).body.items).toMatchObject([
      { name: 'nat_lock', state: 'locked' },
    ])
    expect((await rolecall.native('POST', `${one('lock')}/unlock`)).body.state).toBe('active')
    expect(await logsIn(server, 'nat_lock', body.password)).toBe(true)
  })

  test('a drop ends the session that was open, and the login is gone', async () => {
    const { body } = await make('drop', { grants: [{ role: 'readwrite', database: 'nat_orders' }] })
    const session = await openSession(server, 'nat_drop', body.password)
    const dropped = await rolecall.native('DELETE', one('drop'))
    expect([dropped.status, dropped.body]).toEqual([200, { operation: dropped.headers['rolecall-operation'] }])
    await session.ended
    expect(await logsIn(server, 'nat_drop', body.password)).toBe(false)
    expect((await rolecall.native('DELETE', one('drop'))).status).toBe(404)
  })

  test('a drop of an owner is refused with counts and kinds, unless its things go to somebody', async () => {
    const { body } = await make('owner', { grants: [{ role: 'owner', database: 'nat_orders' }] })
    await make('heir')
    const { client } = await openSession({ ...server, database: 'nat_orders' }, 'nat_owner', body.password)
    await client.query('set role none')
    await client.query('create schema nat_owned; create table nat_owned.things (id int)')
    await client.end()
    const refused = await rolecall.native('DELETE', one('owner'))
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:rolecall:fault:in-use'])
    expect(refused.body.detail).toMatch(/1 table/)
    expect(await logsIn(server, 'nat_owner', body.password)).toBe(true)
    expect((await rolecall.native('DELETE', `${one('owner')}?onOwned=drop`)).status).toBe(403)
    expect((await rolecall.native('DELETE', `${one('owner')}?onOwned=reassign:nat_heir`)).status).toBe(200)
    const orders = await engineClient(server, 'nat_orders')
    const { rows } = await orders.query("select tableowner from pg_tables where schemaname = 'nat_owned'")
    await orders.end()
    expect(rows).toEqual([{ tableowner: 'nat_heir' }])
  })

  test('the login that Rolecall uses can neither be dropped nor locked', async () => {
    for (const [method, path] of [
      ['DELETE', ''],
      ['POST', '/lock'],
    ] as const) {
      const answer = await rolecall.native(method, `${users}/${server.username}${path}`)
      expect([answer.status, answer.body.type]).toEqual([409, 'urn:rolecall:fault:in-use'])
    }
  })
})

describe('change', () => {
  test('settings and engine roles on the engine, labels beside it', async () => {
    await make('changed')
    const body = {
      settings: { connectionLimit: 5, replication: true },
      engineRoles: ['pg_monitor'],
      labels: { a: 'b' },
    }
    const changed = await rolecall.native('PATCH', one('changed'), { body })
    expect(changed.body).toMatchObject(body)
    const fewer = await rolecall.native('PATCH', one('changed'), {
      body: { engineRoles: [], settings: { connectionLimit: -1 } },
    })
    expect(fewer.body).toMatchObject({
      engineRoles: [],
      settings: { connectionLimit: -1, replication: true },
      labels: { a: 'b' },
    })
  })

  test('labels on a login that others made; dropped and made again outside, nothing of them is left', async () => {
    await engine.query('create role nat_outside login')
    const labelled = await rolecall.native('PATCH', one('outside'), {
      body: { labels: { team: 'theirs' }, description: 'not ours' },
    })
    expect(labelled.body).toMatchObject({ labels: { team: 'theirs' }, description: 'not ours', madeBy: 'outside' })
    await engine.query('drop role nat_outside; create role nat_outside login')
    const again = await rolecall.native('GET', one('outside'))
    expect(again.body.labels).toEqual({})
    expect(again.body.description).toBeUndefined()
  })

  test('a login of ours that is dropped and made again outside is somebody else', async () => {
    await make('replaced', { labels: { ours: 'yes' } })
    await engine.query('drop role nat_replaced; create role nat_replaced login')
    expect((await rolecall.native('GET', one('replaced'))).body).toMatchObject({ madeBy: 'outside', labels: {} })
  })

  test('grants are added, read back and removed', async () => {
    await make('grants')
    const read = { role: 'read', database: 'nat_billing' }
    const added = await rolecall.native('PATCH', `${one('grants')}/grants`, { body: { add: [read] } })
    expect(added.body.grants).toMatchObject([read])
    expect((await rolecall.native('GET', `${one('grants')}/grants`)).body).toMatchObject({
      items: [read],
      unreadable: [],
    })
    const removed = await rolecall.native('PATCH', `${one('grants')}/grants`, { body: { remove: [read] } })
    expect(removed.body.grants).toEqual([])
  })

  test('sessions are listed and ended', async () => {
    const { body } = await make('sessions')
    const session = await openSession(server, 'nat_sessions', body.password)
    const listed = await rolecall.native('GET', `${one('sessions')}/sessions`)
    expect(listed.body.items).toMatchObject([{ database: server.database, state: 'idle' }])
    expect((await rolecall.native('DELETE', `${one('sessions')}/sessions`)).status).toBe(200)
    await session.ended
    expect((await rolecall.native('GET', `${one('sessions')}/sessions`)).body.items).toEqual([])
  })
})

describe('lists', () => {
  test('are cut by key, and their pages meet without gap or repeat', async () => {
    for (let n = 0; n < 7; n++) await engine.query(`create role nat_page_${n} login`)
    const seen: string[] = []
    let next: string | undefined = `${users}?limit=3&q=NAT_page`
    for (; next; ) {
      const page = await rolecall.native('GET', next.replace('/rolecall/v1', ''))
      seen.push(...page.body.items.map((user: { name: string }) => user.name))
      next = page.body.next
      expect(page.headers.link).toBe(next && `<${next}>; rel="next"`)
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map(n => `nat_page_${n}`))
  })

  test('stream every item, one a line, and say at the end that it was all', async () => {
    const headers = { accept: 'application/x-ndjson' }
    const stream = await rolecall.native('GET', `${users}?q=nat_page`, { headers })
    const lines = stream.text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines).toHaveLength(8)
    expect(lines.at(-1)).toEqual({ end: true, count: 7, unreachable: [] })
  })

  test.each(['limit=0', 'limit=1001', 'limit=ten', 'after=%25%25'])('refuse %s', async query => {
    const answer = await rolecall.native('GET', `${users}?${query}`)
    expect([answer.status, answer.body.type]).toEqual([400, 'urn:rolecall:fault:malformed'])
  })
})

describe('hostile names', () => {
  test.each([
    'nat_"; drop role nat_ada; --',
    "nat_'quote",
    'nat_ back\\slash',
    'nat_ключ',
    'nat_%41',
    'nat_a/b',
    'nat_..',
    'nat_\u{1f600}',
  ])('%j is made, read and dropped as it is', async name => {
    const made = await rolecall.native('POST', users, { body: { name } })
    expect(made.status).toBe(201)
    expect(await logsIn(server, name, made.body.password)).toBe(true)
    const path = `${users}/${encodeURIComponent(name)}`
    expect((await rolecall.native('GET', path)).body.name).toBe(name)
    expect((await rolecall.native('DELETE', path)).status).toBe(200)
    expect((await rolecall.native('GET', one('ada'))).status).toBe(200)
  })
})

describe('databases', () => {
  test('are made, listed, read and dropped', async () => {
    const databases = `/instances/${instance}/databases`
    const made = await rolecall.native('POST', databases, { body: { name: 'nat_made', owner: 'nat_ada' } })
    expect([made.status, made.body]).toMatchObject([201, { name: 'nat_made', owner: 'nat_ada', encoding: 'UTF8' }])
    expect((await rolecall.native('POST', databases, { body: { name: 'nat_made' } })).status).toBe(409)
    expect((await rolecall.native('GET', `${databases}?q=nat_made`)).body.items).toMatchObject([{ name: 'nat_made' }])
    expect((await rolecall.native('DELETE', `${databases}/nat_made`)).status).toBe(200)
    expect((await rolecall.native('GET', `${databases}/nat_made`)).status).toBe(404)
    expect((await rolecall.native('DELETE', `${databases}/nat_made`)).status).toBe(404)
  })

  test('roles that can be granted tell what they allow', async () => {
    const { items } = (await rolecall.native('GET', `/instances/${instance}/roles`)).body
    expect(items.map((role: { name: string }) => role.name)).toEqual(
      expect.arrayContaining(['read', 'readwrite', 'owner', 'pg_monitor']),
    )
  })
})

async function operations(): Promise<unknown> {
  return (await rolecall.native('GET', `/projects/${rolecall.project}/operations`)).body.items
}
