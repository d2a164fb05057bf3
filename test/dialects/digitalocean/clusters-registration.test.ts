import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Parts } from '../../../src/app.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let login: Readonly<Record<string, unknown>>

beforeAll(async () => {
  server = await postgresqlServer()
  const { host, port, database, username, password } = server
  login = { host, port, database, username, password }
  ocean = await aDigitalOcean()
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

const register = (body: object, key?: string) => ocean.ask('POST', '/v2/databases', { body, key })
const forget = (id: string) => ocean.running.native('DELETE', `/instances/${id}`)

/** Nothing answers there, so that each test has a server of its own. */
let counted = 0
const elsewhere = () => ({ ...login, host: 'db.example.test', port: 6000 + ++counted })

/** A Rolecall whose answer about its first instance waits until its caller has hung up. */
async function aLoser(): Promise<{ readonly ocean: DigitalOcean; lose(body: object): Promise<void> }> {
  const [committed, hungUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const parts = (real: Parts): Parts => {
    const transaction: Parts['store']['transaction'] = async work => {
      const done = await real.store.transaction(work)
      const [project] = (await real.store.read.projects.list({ limit: 1 })).items
      if (!project || (await real.store.read.instances.count(project.id)) === 0) return done
      committed.resolve()
      await hungUp.promise
      return done
    }
    return { ...real, store: { ...real.store, transaction } }
  }
  const ocean = await aDigitalOcean({ parts })

  async function lose(body: object): Promise<void> {
    const { server } = ocean.running.app.http
    server.once('connection', socket => socket.once('close', () => hungUp.resolve()))
    const { port } = server.address() as AddressInfo
    const headers = { authorization: `Bearer ${ocean.running.key.privateKey}`, 'content-type': 'application/json' }
    const sent = request({ port, host: '127.0.0.1', path: '/v2/databases', method: 'POST', headers })
    sent.on('error', () => undefined).end(JSON.stringify(body))
    await committed.promise
    sent.destroy()
    await hungUp.promise
  }

  return { ocean, lose }
}

describe('registration in the same call', () => {
  test('makes the connection and the cluster, and contacts nothing', async () => {
    const rolecall = { ...elsewhere(), tls: { mode: 'require' }, policy: { passwordRecall: 'stored' }, tags: ['new'] }
    const asked = { name: 'Orders', engine: 'pg', version: '16', region: 'rack-a', size: 'byo', num_nodes: 1 }
    const { status, body } = await register({ ...asked, project_id: 'p', rolecall })
    expect(status).toBe(201)
    const { database } = body
    expect(database).toMatchObject({ ...asked, project_id: 'p', tags: ['new'], semantic_version: '', status: 'online' })
    expect(database.connection).toMatchObject({ host: 'db.example.test', user: server.username, ssl: true })
    expect(database.rolecall).toEqual({ adopted: true, reachable: null, checked_at: null })
    expect((await ocean.ask('GET', `/v2/databases/${database.id}`)).body).toEqual(body)
    const { items } = (await ocean.running.native('GET', `/projects/${ocean.running.project}/connections`)).body
    expect(items).toMatchObject([{ name: 'Orders', slug: 'rack-a', instance: database.id, engine: 'postgresql' }])
    await forget(database.id)
  })

  test('of a real server: its databases are there at once', async () => {
    const { body } = await register({ name: 'real', engine: 'pg', rolecall: { ...login, slug: 'real' } })
    const { id, region, version } = body.database
    expect([region, version]).toEqual(['real', ''])
    expect((await ocean.ask('GET', `/v2/databases/${id}/dbs`)).status).toBe(200)
    expect((await ocean.ask('GET', `/v2/databases/${id}`)).body.database).toMatchObject({
      rolecall: { reachable: true },
    })
    await forget(id)
  })

  test('of a server that is known joins it, where nothing contradicts', async () => {
    const rolecall = elsewhere()
    const first = await register({ name: 'one', engine: 'pg', region: 'one', rolecall })
    const again = { name: 'one', engine: 'pg', region: 'one', rolecall: { ...rolecall, name: 'second way' } }
    expect((await register(again)).body.database.id).toBe(first.body.database.id)
    const other = { ...again, name: 'two', rolecall: { ...rolecall, name: 'third way' } }
    expect((await register(other)).body.message).toBe('The instance has been adopted under another name')
    expect((await register({ ...other, region: 'two' })).status).toBe(422)
    const { items } = (await ocean.running.native('GET', `/projects/${ocean.running.project}/connections`)).body
    expect(items).toHaveLength(2)
    await forget(first.body.database.id)
  })

  test('under a name that another cluster has is looked at once, and refused', async () => {
    let looks = 0
    const parts = (real: Parts): Parts => {
      const transaction: Parts['store']['transaction'] = work =>
        real.store.transaction(tables => {
          const add: typeof tables.connections.add = connection => {
            looks += 1
            return tables.connections.add(connection)
          }
          return work({ ...tables, connections: { ...tables.connections, add } })
        })
      return { ...real, store: { ...real.store, transaction } }
    }
    await using other = await aDigitalOcean({ parts })
    const body = { name: 'taken', engine: 'pg' }
    expect((await other.ask('POST', '/v2/databases', { body: { ...body, rolecall: elsewhere() } })).status).toBe(201)
    const rolecall = { ...elsewhere(), name: 'another connection' }
    const refused = await other.ask('POST', '/v2/databases', { body: { ...body, rolecall } })
    expect([refused.status, refused.body]).toEqual([
      422,
      expect.objectContaining({ id: 'unprocessable_entity', message: 'cluster name is not available' }),
    ])
    expect(looks).toBe(2)
  })

  test('of Valkey is Valkey before its server has said so', async () => {
    const { body } = await register({ name: 'cache', engine: 'valkey', region: 'cache', rolecall: elsewhere() })
    expect(body.database.engine).toBe('valkey')
    await forget(body.database.id)
  })

  test.each([
    [{ rolecall: { host: 'a b' } }, /rolecall\.host must be/],
    [{ rolecall: { port: 0 } }, /rolecall\.port must be/],
    [{ rolecall: { username: '' } }, /rolecall\.username must not be empty/],
    [{ rolecall: { hots: 'typing error' } }, /rolecall\.hots/],
    [{ rolecall: { slug: 'other' } }, /region must be the same as rolecall\.slug/],
    [{ region: 'no slug' }, /rolecall\.slug must have/],
    [{ engine: 'opensearch' }, /engine is none/],
    [{ engine: 'oracle' }, /engine is none/],
    [{ name: 'no_underscore' }, /name must/],
    [{ size: 's-1' }, /size must be byo/],
  ])('with %j is 422, and leaves nothing behind', async (own, words) => {
    const rolecall = { ...elsewhere(), ...('rolecall' in own ? own.rolecall : {}) }
    const { status, body, text } = await register({ name: 'n', engine: 'pg', region: 'r', ...own, rolecall })
    expect([status, body.message]).toEqual([422, expect.stringMatching(words)])
    expect(text).not.toContain(server.password)
    expect((await ocean.ask('GET', '/v2/databases')).body.databases).toEqual([])
  })

  test('whose answer was lost is told to whoever asks the same again, and is new once it was told', async () => {
    const { ocean: other, lose } = await aLoser()
    await using _ = other
    const body = { name: 'lost', engine: 'pg', region: 'lost', rolecall: elsewhere() }
    await lose(body)
    const lost = await other.ask('GET', '/v2/databases')
    expect(lost.body.databases).toHaveLength(1)
    const again = await other.ask('POST', '/v2/databases', { body })
    expect([again.status, again.body.database.id]).toEqual([201, lost.body.databases[0].id])
    expect((await other.ask('POST', '/v2/databases', { body })).status).toBe(422)
    expect((await other.ask('GET', '/v2/databases')).body.databases).toHaveLength(1)
  })

  test('needs an admin whose token may register', async () => {
    const body = { name: 'n', engine: 'pg', region: 'r', rolecall: elsewhere() }
    for (const key of [
      await ocean.aToken('editor'),
      await ocean.aToken('admin', ['database:create']),
      await ocean.aToken('admin', ['rolecall:register']),
    ])
      expect((await register(body, key)).status).toBe(403)
    const made = await register(body, await ocean.aToken('admin', ['database:create', 'rolecall:register']))
    expect(made.status).toBe(201)
    await forget(made.body.database.id)
  })
})
