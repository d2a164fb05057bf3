import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, RunningApp } from '../../support/app.ts'
import { logsIn } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aName, sqlOn } from './clients/ground.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

// One server, three APIs: what one of them does, the others see at once, since nobody keeps a copy.

let digitalocean: DigitalOcean
let running: RunningApp
let server: TestServer
let connection: string
let cluster: string
const api = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Answer> =>
  digitalocean.ask(method, `/v2/databases${path}`, { body })
const native = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> =>
  running.native(method, path, { body })
const statusOf = async (asked: Promise<Answer>) => (await asked).status

beforeAll(async () => {
  digitalocean = await aDigitalOcean()
  running = digitalocean.running
  server = await postgresqlServer()
  const { host, port, database: databaseName, username, password } = server
  const coordinates = { databaseType: 'POSTGRESQL', host, port, databaseName, username, password }
  const made = await running.ask('POST', `/v1/users/${running.operator}/database-connections`, {
    body: { databaseConnection: { connectionName: 'main', ...coordinates } },
  })
  connection = made.body.databaseConnection.id
  cluster = (await native('GET', `/connections/${connection}`)).body.instance
})
afterAll(() => digitalocean[Symbol.asyncDispose]())

test('a connection made in WireMock’s words is a cluster at once', async () => {
  const { body } = await api('GET', '')
  expect(body.databases).toMatchObject([
    { id: cluster, engine: 'pg', connection: { host: server.host, port: server.port } },
  ])
  expect((await api('GET', `/${cluster}`)).body.database.name).toBe(body.databases[0].name)
})

test('one that nobody has asked anything yet is asked for its version when it is adopted', async () => {
  const { body } = await api('GET', `/${cluster}`)
  const { name, region, version } = body.database
  expect(version).toBe('')
  const wish = { name, region, engine: 'pg', size: 'byo', num_nodes: 1 }
  expect(await statusOf(api('POST', '', { ...wish, version: '9' }))).toBe(422)
  const [{ server_version_num }] = (await sqlOn(server, 'show server_version_num')) as [{ server_version_num: string }]
  const major = server_version_num.slice(0, -4)
  expect((await api('POST', '', { ...wish, version: major })).body.database).toMatchObject({
    id: cluster,
    version: major,
  })
})

describe('users', () => {
  test('one made here is read, reset and dropped natively', async () => {
    const name = aName('across')
    const { body } = await api('POST', `/${cluster}/users`, { name })
    expect(await native('GET', `/instances/${cluster}/users/${name}`)).toMatchObject({ status: 200, body: { name } })
    const reset = await native('POST', `/instances/${cluster}/users/${name}/reset`, {})
    expect(await logsIn(server, name, reset.body.password)).toBe(true)
    expect(await logsIn(server, name, body.user.password)).toBe(false)
    expect(await statusOf(native('DELETE', `/instances/${cluster}/users/${name}`))).toBe(200)
    expect(await statusOf(api('GET', `/${cluster}/users/${name}`))).toBe(404)
  })

  test('one made natively is read, reset and dropped here', async () => {
    const name = aName('across')
    const { body } = await native('POST', `/instances/${cluster}/users`, { name })
    expect((await api('GET', `/${cluster}/users/${name}`)).body.user).toEqual({
      name,
      role: 'normal',
      rolecall: { managed: true },
    })
    const reset = await api('POST', `/${cluster}/users/${name}/reset_auth`, {})
    expect(await logsIn(server, name, reset.body.user.password)).toBe(true)
    expect(await logsIn(server, name, body.password)).toBe(false)
    expect(await statusOf(api('DELETE', `/${cluster}/users/${name}`))).toBe(204)
    expect(await statusOf(native('GET', `/instances/${cluster}/users/${name}`))).toBe(404)
  })

  test('one that is locked natively is still listed here', async () => {
    const name = aName('across')
    await native('POST', `/instances/${cluster}/users`, { name })
    await native('POST', `/instances/${cluster}/users/${name}/lock`)
    const { body } = await api('GET', `/${cluster}/users`)
    expect(body.users).toContainEqual({ name, role: 'normal', rolecall: { managed: true } })
    expect(await statusOf(api('DELETE', `/${cluster}/users/${name}`))).toBe(204)
  })

  test('who asked for it, and in whose words, is in the one list of operations', async () => {
    const name = aName('across')
    await api('POST', `/${cluster}/users`, { name })
    await api('DELETE', `/${cluster}/users/${name}`)
    const { body } = await native('GET', `/projects/${running.project}/operations?limit=2`)
    expect(body.items).toMatchObject([
      { kind: 'drop-user', state: 'settled', targets: [{ subject: name }] },
      { kind: 'create-user', state: 'settled', targets: [{ subject: name }] },
    ])
    expect(new Set(body.items.map((one: { dialect: string }) => one.dialect))).toEqual(new Set(['digitalocean']))
  })
})

test('databases made here and natively are in both lists, and gone from both', async () => {
  const [here, there] = [aName('across'), aName('across')]
  await api('POST', `/${cluster}/dbs`, { name: here })
  await native('POST', `/instances/${cluster}/databases`, { name: there })
  const names = async () => {
    const [one, other] = await Promise.all([
      api('GET', `/${cluster}/dbs`),
      native('GET', `/instances/${cluster}/databases?limit=200`),
    ])
    const own = ({ name }: { name: string }) => name === here || name === there
    return [one.body.dbs.filter(own), other.body.items.filter(own)].map(all =>
      all.map(({ name }: { name: string }) => name),
    )
  }
  expect(await names()).toEqual([
    [here, there],
    [here, there],
  ])
  expect(await statusOf(native('DELETE', `/instances/${cluster}/databases/${here}`))).toBe(200)
  expect(await statusOf(api('DELETE', `/${cluster}/dbs/${there}`))).toBe(204)
  expect(await names()).toEqual([[], []])
})

test('a release here hides it here alone; the last connection’s end is the cluster’s', async () => {
  const { body } = await api('GET', `/${cluster}`)
  const { name, engine, version, region } = body.database
  expect(await statusOf(api('DELETE', `/${cluster}`))).toBe(204)
  expect(await statusOf(api('GET', `/${cluster}/users`))).toBe(404)
  expect(await statusOf(native('GET', `/instances/${cluster}/users`))).toBe(200)
  expect(await statusOf(running.ask('GET', `/v1/database-connections/${connection}`))).toBe(200)
  const again = await api('POST', '', { name, engine, version, region, size: 'byo', num_nodes: 1 })
  expect([again.status, again.body.database.id]).toEqual([201, cluster])

  expect(await statusOf(running.ask('DELETE', `/v1/database-connections/${connection}`))).toBe(204)
  expect(await statusOf(api('GET', `/${cluster}`))).toBe(404)
  expect((await api('GET', '')).body.databases).toEqual([])
})
