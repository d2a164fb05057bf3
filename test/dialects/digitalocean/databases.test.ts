import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let instance: string
let dbs: string

beforeAll(async () => {
  ocean = await aDigitalOcean()
  server = await postgresqlServer()
  instance = (await ocean.running.connect(server)).instance
  dbs = `/v2/databases/${instance}/dbs`
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

let counted = 0
const aName = () => `do_db_${++counted}`
const add = (body: object | undefined) => ocean.ask('POST', dbs, { body })
const get = (name: string) => ocean.ask('GET', `${dbs}/${name}`)
const drop = (name: string) => ocean.ask('DELETE', `${dbs}/${name}`)

test('is made for the primary user, is there at once, and is dropped once', async () => {
  const name = aName()
  const { status, body } = await add({ name, owner: 'somebody' })
  expect([status, body]).toEqual([201, { db: { name } }])
  expect((await get(name)).body).toEqual({ db: { name } })
  const { body: native } = await ocean.running.native('GET', `/instances/${instance}/databases/${name}`)
  expect(native.owner).toBe(server.username)
  expect((await drop(name)).status).toBe(204)
  const again = await drop(name)
  expect([again.status, again.body.message]).toEqual([404, 'database not found'])
  expect((await get(name)).body.message).toBe('database not found')
})

test('the list is whole, by name, under the key dbs, without the templates', async () => {
  const name = aName()
  await add({ name })
  const { status, body } = await ocean.ask('GET', `${dbs}?per_page=1`)
  expect(status).toBe(200)
  expect(body.dbs).toContainEqual({ name })
  const names = body.dbs.map((db: { name: string }) => db.name)
  expect(names).toEqual(names.toSorted())
  expect(names.filter((one: string) => one.startsWith('template'))).toEqual([])
  expect(body.meta).toEqual({ total: names.length })
  expect((await ocean.ask('GET', `${dbs}?page=3`)).body).toEqual({ dbs: [], meta: body.meta })
})

test('a taken name is not available', async () => {
  const name = aName()
  await add({ name })
  const { status, body } = await add({ name })
  expect([status, body.id, body.message]).toEqual([422, 'unprocessable_entity', 'database name is not available'])
})

test.each([
  [undefined, 'name is required'],
  [{}, 'name is required'],
  [{ name: null }, 'name is required'],
  [{ name: ['a'] }, 'name must be string'],
  [{ name: '' }, 'name must not be empty'],
  [{ name: '..' }, 'name must not be . or ..'],
  [{ name: 'a/b' }, 'name must not have a control character'],
  [{ name: 'a'.repeat(64) }, 'name must have at most 63 bytes'],
  [{ name: 'template1' }, 'name is kept by the engine'],
  [{ name: 'rolecall_op_1' }, 'name is kept by the engine'],
])('%j is 422', async (body, words) => {
  const answer = await add(body)
  expect([answer.status, answer.body.id]).toEqual([422, 'unprocessable_entity'])
  expect(answer.body.message).toContain(words)
})

describe('is not dropped', () => {
  test('while somebody is connected to it, and is told so', async () => {
    const name = aName()
    await add({ name })
    const client = await engineClient(server, name)
    const { status, body } = await drop(name)
    await client.end()
    expect([status, body.message]).toEqual([422, `One session is connected to ${name}`])
    expect((await drop(name)).status).toBe(204)
  })

  test('when it is the default one', async () => {
    const name = aName()
    await add({ name })
    await ocean.running.native('PATCH', `/instances/${instance}`, { body: { defaultDatabase: name } })
    const { status, body } = await drop(name)
    expect([status, body.message]).toEqual([
      422,
      `${name} is the default database of the cluster, and can not be deleted`,
    ])
    await ocean.running.native('PATCH', `/instances/${instance}`, { body: { defaultDatabase: null } })
    expect((await drop(name)).status).toBe(204)
    expect((await drop(server.database)).status).toBe(422)
  })

  test.each(['postgres', 'template0', 'template1'])('when it is the engine’s own: %s', async name => {
    expect((await drop(name)).status).toBe(422)
  })
})

test('a viewer reads, and changes nothing', async () => {
  const key = await ocean.aToken('viewer')
  expect((await ocean.ask('GET', dbs, { key })).status).toBe(200)
  expect((await ocean.ask('POST', dbs, { key, body: { name: 'x' } })).status).toBe(403)
  expect((await ocean.ask('DELETE', `${dbs}/x`, { key })).status).toBe(403)
})

describe('clusters of engines without users or databases', () => {
  const refusal = 'operation is not supported for this cluster type'

  async function aCluster(engine: string): Promise<string> {
    const coordinates = { host: '127.0.0.1', port: 9, database: '', username: 'admin', password: 'pw-of-admin' }
    const body = { name: `${engine} ${Math.random()}`, engine, ...coordinates }
    const { body: made } = await ocean.running.native('POST', `/projects/${ocean.running.project}/connections`, {
      body,
    })
    return `/v2/databases/${made.instance}`
  }

  test.each([
    ['redis', ['users', 'dbs']],
    ['kafka', ['dbs']],
  ])('%s refuses every verb on %j, and asks no server', async (engine, collections) => {
    const cluster = await aCluster(engine)
    for (const collection of collections) {
      const asked = [
        ['GET', collection],
        ['POST', collection],
        ['GET', `${collection}/a`],
        ['DELETE', `${collection}/a`],
        ...(collection === 'users' ? [['PUT', 'users/a'] as const, ['POST', 'users/a/reset_auth'] as const] : []),
      ] as const
      for (const [method, path] of asked) {
        const { status, body } = await ocean.ask(method, `${cluster}/${path}`)
        expect([method, path, status, body.id, body.message]).toEqual([
          method,
          path,
          422,
          'unprocessable_entity',
          refusal,
        ])
      }
    }
  })
})
