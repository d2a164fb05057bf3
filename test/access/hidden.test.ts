import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { aPerson, type Person } from '../support/people.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'

/** What an access list hides in one API, on a real server and seen through the other one. */
let rolecall: RunningApp
let server: TestServer
let instance: string
let connection: string
let member: Person

beforeAll(async () => {
  server = await postgresqlServer()
  rolecall = await aRunningApp({ flags: { '--limits-rate-per-minute': '100000' } })
  ;({ instance, connection } = await rolecall.connect(server, { instanceName: 'hideable' }))
  member = await aPerson(rolecall.app.store, rolecall.project, 'editor')
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())
beforeEach(() => share())

const acl = (id: string, subject = `organisation/${rolecall.project}`) =>
  `/v1/database-connections/${id}/acl/${subject}`
const share = (id = connection, subject?: string, access = 'user') =>
  rolecall.ask('PUT', acl(id, subject), { body: { grant: { role: `database_connection_${access}` } } })
const hide = (id = connection, subject?: string) => rolecall.ask('DELETE', acl(id, subject))
const asMember = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
  rolecall.native(method, path, { key: member.key, body })
const project = () => `/projects/${rolecall.project}`
const names = ({ body }: { body: { items: { id: string }[] } }) => body.items.map(({ id }) => id)

test('a connection that is hidden hides its instance, and all that hangs on it', async () => {
  const user = `hidden_${Date.now()}`
  const made = await asMember('POST', `/instances/${instance}/users`, { name: user })
  expect(made.status).toBe(201)
  const operation = made.body.operation as string
  const paths = ['', '/users', `/users/${user}`, `/users/${user}/grants`, '/databases', '/roles']
  const seen = async () => {
    const all = [...paths.map(path => `/instances/${instance}${path}`), `${project()}/operations/${operation}`]
    return Promise.all(all.map(async path => (await asMember('GET', path)).status))
  }
  expect(new Set(await seen())).toEqual(new Set([200]))
  await hide()
  expect(new Set(await seen())).toEqual(new Set([404]))
  expect(names(await asMember('GET', `${project()}/instances`))).not.toContain(instance)
  expect(names(await asMember('GET', `${project()}/connections`))).not.toContain(connection)
  expect(names(await asMember('GET', `${project()}/operations`))).not.toContain(operation)
  expect((await asMember('DELETE', `/instances/${instance}/users/${user}`)).status).toBe(404)
  expect((await rolecall.native('DELETE', `/instances/${instance}/users/${user}`)).status).toBe(200)
})

test('a connection that is hidden hides its cluster from DigitalOcean clients, too', async () => {
  const cluster = `/v2/databases/${instance}`
  const paths = [cluster, `${cluster}/users`, `${cluster}/users/nobody`, `${cluster}/dbs`, `${cluster}/ca`]
  const ask = (path: string) => rolecall.ask('GET', path, { key: member.key })
  const listed = async () => (await ask('/v2/databases')).text.includes(instance)
  expect([await listed(), (await ask(cluster)).status, (await ask(`${cluster}/users`)).status]).toEqual([
    true,
    200,
    200,
  ])
  await hide()
  const seen = await Promise.all(paths.map(async path => (await ask(path)).status))
  expect([await listed(), new Set(seen)]).toEqual([false, new Set([404])])
  const missing = await ask('/v2/databases/9cc10173-e9ea-4176-9dbc-a4cee4c4ff30')
  expect((await ask(cluster)).body).toEqual({ ...missing.body, request_id: expect.any(String) })
})

test('another connection to the same server, which is visible, shows it again, and not the hidden one', async () => {
  const second = await rolecall.connect(server)
  expect(second.instance).toBe(instance)
  await hide()
  const { status, body } = await asMember('GET', `/instances/${instance}`)
  expect([status, body.connections]).toEqual([200, [second.connection]])
  expect((await asMember('GET', `/connections/${connection}`)).status).toBe(404)
  expect((await rolecall.native('DELETE', `/connections/${second.connection}`)).status).toBe(204)
  expect((await asMember('GET', `/instances/${instance}`)).status).toBe(404)
})

test('an answer that is repeated by its Idempotency-Key is hidden with its server', async () => {
  const body = { name: `repeated_${Date.now()}` }
  const headers = { 'idempotency-key': 'once' }
  const create = () => rolecall.native('POST', `/instances/${instance}/users`, { key: member.key, body, headers })
  const first = await create()
  expect([first.status, (await create()).body]).toEqual([201, first.body])
  await hide()
  const again = await create()
  expect(again.status).toBe(404)
  expect(again.text).not.toContain(first.body.password)
  await rolecall.native('DELETE', `/instances/${instance}/users/${body.name}`)
})

describe('a grant to one member', () => {
  const patch = (body: object) => asMember('PATCH', `/connections/${connection}`, body)

  test('lets it edit, and not move, share or delete', async () => {
    expect((await patch({ name: 'renamed' })).status).toBe(403)
    await share(connection, `user/${member.id}`, 'editor')
    expect((await patch({ name: 'renamed' })).status).toBe(200)
    expect((await patch({ port: 1 })).status).toBe(403)
    expect((await asMember('DELETE', `/connections/${connection}`)).status).toBe(403)
    const grant = { body: { grant: { role: 'database_connection_admin' } }, key: member.key }
    expect((await rolecall.ask('PUT', acl(connection, `user/${member.id}`), grant)).status).toBe(403)
    await hide(connection, `user/${member.id}`)
    expect((await patch({ name: 'again' })).status).toBe(403)
  })

  test('is no more than its key is good for', async () => {
    const { store } = rolecall.app
    const owner = await aPerson(store, rolecall.project, 'editor', { keyRole: 'viewer' })
    await share(connection, `user/${owner.id}`, 'admin')
    const asOwner = { key: owner.key, body: { name: 'mine' } }
    expect((await rolecall.native('PATCH', `/connections/${connection}`, asOwner)).status).toBe(403)
    expect((await rolecall.native('GET', `/connections/${connection}`, { key: owner.key })).status).toBe(200)
  })
})

test('a viewer’s key fetches no kept answer, not even its own operator’s: it may hold a password', async () => {
  const { store } = rolecall.app
  const operator = await aPerson(store, rolecall.project, 'editor', { keyRole: 'viewer' })
  const paths = [`${project()}/operations/op_00000000000000000000000000/answer`]
  const { body } = await rolecall.native('GET', `${project()}/operations?limit=1`)
  paths.push(`${project()}/operations/${body.items[0].id}/answer`)
  const answers = paths.map(async path => (await rolecall.native('GET', path, { key: operator.key })).status)
  expect(await Promise.all(answers)).toEqual([404, 403])
})

describe('events', () => {
  /** What a member is told within a while, while this happens. */
  async function toldWhile(work: () => Promise<unknown>, key = member.key): Promise<string> {
    const url = `/rolecall/v1/projects/${rolecall.project}/events`
    const headers = { authorization: `Bearer ${key}` }
    const answer = await rolecall.app.http.inject({ method: 'GET', url, headers, payloadAsStream: true })
    const stream = answer.stream()
    let told = ''
    stream.on('data', (part: Buffer) => {
      told += part
    })
    await sleep(100)
    await work()
    await sleep(1_200)
    stream.destroy()
    return told
  }
  const touch = () => rolecall.native('PATCH', `/connections/${connection}`, { body: { options: {} } })
  const retag = () => rolecall.native('PATCH', `/instances/${instance}`, { body: { tags: [`t${Date.now()}`] } })

  test('tell of what is visible, and of nothing that is hidden', async () => {
    const open = await toldWhile(retag)
    expect(open).toContain('event: instance.change')
    await hide()
    const closed = await toldWhile(async () => {
      await retag()
      await touch()
    })
    expect(closed).not.toContain('event:')
  })

  test('end with the key, in the middle of the stream', async () => {
    const passing = await aPerson(rolecall.app.store, rolecall.project, 'viewer')
    const told = await toldWhile(async () => {
      await rolecall.app.store.transaction(tables => tables.keys.revoke(passing.keyId, Date.now()))
      await sleep(600)
      await retag()
    }, passing.key)
    expect(told).not.toContain('event:')
  })
})
