import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOperators } from '../../src/services/callers/operators.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import { meeting, type StoppingStore, stoppingStore } from '../support/stopping-store.ts'

const DATABASE = 'rolecall_at_once'
const [SOON, LATER] = ['2031-01-01T00:00:00.000Z', '2032-01-01T00:00:00.000Z']

let server: TestServer
let engine: pg.Client
let one: RunningApp
let other: RunningApp
let stopping: StoppingStore
let users: string

/** Two replicas on one PostgreSQL, which alone lets two transactions write at a time. */
beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  await engine.query(`drop database if exists ${DATABASE} with (force)`)
  await engine.query(`create database ${DATABASE}`)
  const { host, port, username, password } = server
  const flags = { '--store': `postgres://${username}:${password}@${host}:${port}/${DATABASE}` }
  const parts: NonNullable<Parameters<typeof aRunningApp>[0]>['parts'] = real => {
    stopping = stoppingStore(real.store)
    return { ...real, store: stopping.store }
  }
  one = await aRunningApp({ flags, parts })
  other = await aRunningApp({ flags, folder: one.folder, key: one.key })
  users = `/instances/${(await one.connect(server)).instance}/users`
})

afterAll(async () => {
  for (const name of ['once_noted', 'once_new', 'once_own']) await engine?.query(`drop role if exists ${name}`)
  await other?.[Symbol.asyncDispose]()
  await one?.[Symbol.asyncDispose]()
  await engine?.query(`drop database if exists ${DATABASE} with (force)`)
  await engine?.end()
})

const patch = (app: RunningApp, name: string, body: object) => app.native('PATCH', `${users}/${name}`, { body })

test('labels that are set while an end is moved do not bring the old end back', async () => {
  const made = await one.native('POST', users, { body: { name: 'once_noted', validUntil: SOON } })
  expect(made.status).toBe(201)
  const stopped = stopping.stopAfter('operations.settle')
  const moved = patch(one, 'once_noted', { validUntil: LATER })
  const labelled = await meeting(await stopped, () => patch(other, 'once_noted', { labels: { team: 'blue' } }))
  expect([(await moved).status, labelled.status]).toEqual([200, 200])
  const after = await one.native('GET', `${users}/once_noted`)
  expect(after.body).toMatchObject({ validUntil: LATER, labels: { team: 'blue' } })
})

test('an end that is moved while labels are set leaves the new labels', async () => {
  const stopped = stopping.stopAfter('audit.add')
  const labelled = patch(one, 'once_noted', { labels: { team: 'green' } })
  const moved = await meeting(await stopped, () => patch(other, 'once_noted', { validUntil: SOON }))
  expect([(await labelled).status, moved.status]).toEqual([200, 200])
  const after = await one.native('GET', `${users}/once_noted`)
  expect(after.body).toMatchObject({ validUntil: SOON, labels: { team: 'green' } })
})

test('labels and an end that are the first thing known of a login are both kept', async () => {
  await engine.query('create role once_new login')
  const stopped = stopping.stopAfter('operations.settle')
  const moved = patch(one, 'once_new', { validUntil: LATER })
  const labelled = await meeting(await stopped, () => patch(other, 'once_new', { labels: { team: 'red' } }))
  expect([(await moved).status, labelled.status]).toEqual([200, 200])
  const again = stopping.stopAfter('audit.add')
  await engine.query('create role once_own login')
  const first = patch(one, 'once_own', { labels: { team: 'red' } })
  const second = await meeting(await again, () => patch(other, 'once_own', { validUntil: LATER }))
  expect([(await first).status, second.status]).toEqual([200, 200])
  for (const name of ['once_new', 'once_own']) {
    const after = await one.native('GET', `${users}/${name}`)
    expect(after.body).toMatchObject({ validUntil: LATER, labels: { team: 'red' } })
  }
})

test('an operator that is disabled while it changes its own name stays disabled, and has the name', async () => {
  const { operator, app } = one
  const stopped = stopping.stopAfter('operators.setDisabled')
  const disabled = createOperators(app.store).setDisabled(operator, true)
  const named = await meeting(await stopped, () =>
    other.ask('PUT', `/v1/users/${operator}`, {
      body: { user: { emailAddress: 'ada@example.test', marketingOptIn: false, name: 'Ada' } },
    }),
  )
  expect(named.status).toBe(200)
  await disabled
  const after = await app.store.read.operators.find(operator)
  expect(after).toMatchObject({ name: 'Ada', disabledAt: expect.any(Number) })
  await createOperators(app.store).setDisabled(operator, false)
})

const METS = `met-${process.pid}`

test.each([
  ['project', () => `/projects/${one.project}`, 'projects.save', { name: 'Met' }, { alias: METS }],
  ['instance', () => users.replace('/users', ''), 'instances.save', { tags: ['met'] }, { slug: METS }],
] as const)(
  'two changes of one %s that meet are both made: nobody named a version',
  async (_, pathOf, call, first, second) => {
    const stopped = stopping.stopAfter(call)
    const earlier = one.native('PATCH', pathOf(), { body: first })
    const later = await meeting(await stopped, () => other.native('PATCH', pathOf(), { body: second }))
    expect([(await earlier).status, later.status]).toEqual([200, 200])
    expect((await one.native('GET', pathOf())).body).toMatchObject({ ...first, ...second })
  },
)

test('a name and other rows that meet at one data source are both there', async () => {
  const columnsMetadata = [{ name: 'a', type: { name: 'STRING' } }]
  const made = await one.ask('POST', '/v1/users/self/data-sources', {
    body: { dataSource: { name: 'plain', columnsMetadata, rows: [['1']] } },
  })
  const path = `/v1/data-sources/${made.body.dataSource.id}`
  const stopped = stopping.stopAfter('dataSources.save')
  const named = one.ask('PUT', path, { body: { dataSource: { name: 'named' } } })
  const put = { payload: 'a\n2\n', headers: { 'content-type': 'text/csv' } }
  const filled = await meeting(await stopped, () => other.ask('PUT', `${path}/data`, put))
  expect([(await named).status, filled.status]).toEqual([200, 200])
  const again = stopping.stopAfter('dataSources.save')
  const refilled = one.ask('PUT', `${path}/data`, { ...put, payload: 'a\n3\n' })
  const renamed = { body: { dataSource: { name: 'renamed' } } }
  expect((await meeting(await again, () => other.ask('PUT', path, renamed))).status).toBe(200)
  expect((await refilled).status).toBe(200)
  const { dataSource } = (await one.ask('GET', `${path}?data-view=preview`)).body
  expect(dataSource).toMatchObject({ name: 'renamed', rowsPreview: [['3']], version: 5 })
})

test('what is deleted at a version while it becomes another stays', async () => {
  const made = await one.native('POST', '/projects', { body: { name: 'Short' } })
  const path = `/projects/${made.body.id}`
  const stopped = stopping.stopAfter('projects.save')
  const changed = one.native('PATCH', path, { body: { name: 'Kept' } })
  const headers = { 'if-match': made.headers.etag! }
  const removed = await meeting(await stopped, () => other.native('DELETE', path, { headers }))
  expect([(await changed).status, removed.status]).toEqual([200, 412])
  expect((await one.native('GET', path)).body).toMatchObject({ name: 'Kept' })
})

test('a key that is replaced by two requests at once gets one successor', async () => {
  const made = await one.native('POST', `/projects/${one.project}/keys`, { body: { role: 'viewer' } })
  const key = made.body.private
  const path = `/v1/users/${one.operator}/regenerate-api-token`
  const stopped = stopping.stopAfter('keys.revoke')
  const first = one.ask('POST', path, { key, body: {} })
  const second = await meeting(await stopped, () => other.ask('POST', path, { key, body: {} }))
  expect([(await first).status, second.status]).toEqual([200, 401])
})
