import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clearMongodb, logsInToMongodb, mongodbClient } from '../../support/mongodb/logins.ts'
import { mongodbServers, postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aName, aWiremock, type Wiremock } from './wiremock.ts'

/** What this API says of MongoDB: a type of its own, whose database is also the one that keeps the login. */
describe.skipIf(mongodbServers().length === 0)('connections of the type MONGODB', () => {
  const { start } = mongodbServers()[0] ?? {}
  const PASSWORD = 'kept-in-a-database'
  let wiremock: Wiremock
  let server: TestServer

  beforeAll(async () => {
    server = await start!()
    wiremock = await aWiremock()
    await clearMongodb(server, 'wm_')
    await using admin = mongodbClient(server)
    const roles = ['read', 'dbAdmin'].map(role => ({ role, db: 'wm_shop' }))
    await admin.db('wm_shop').command({ createUser: 'wm_reader', pwd: PASSWORD, roles })
    const documents = [
      { _id: 1 as never, name: 'Ada', address: { town: 'London' }, tags: ['a', 'b'] },
      { _id: 2 as never, name: null, at: new Date(0) },
    ]
    await admin.db('wm_shop').collection('people').insertMany(documents)
    await admin
      .db('wm_shop')
      .collection('s people.t')
      .insertOne({ _id: 'x'.repeat(2000) as never })
  })
  afterAll(async () => {
    await wiremock?.[Symbol.asyncDispose]()
    await clearMongodb(server, 'wm_')
  })

  const coordinates = (own: object = {}) => {
    const { host, port, username, password } = server
    return { databaseType: 'MONGODB', host, port, databaseName: '', username, password, ...own }
  }
  const reader = (own: object = {}) =>
    coordinates({ databaseName: 'wm_shop', username: 'wm_reader', password: PASSWORD, ...own })
  const typed = async (own: object = {}) => (await wiremock.ask('POST', `${wiremock.home}/test`, { body: own })).body
  const failure = (detail: string) => ({
    outcome: 'FAILURE',
    errors: [{ title: 'Could not connect to database.', detail }],
  })
  const REJECTED = failure('Password authentication attempt was rejected.')
  const seen = async (id: string) =>
    (await wiremock.ask('GET', `/v1/database-connections/${id}?view=rolecall`)).body.databaseConnection
  const patch = (id: string, own: object) =>
    wiremock.ask('PATCH', `/v1/database-connections/${id}?view=rolecall`, { body: { databaseConnection: own } })

  describe('are tested as typed in', () => {
    test('with an administrator, whose database is left out, or admin, or named beside another', async () => {
      for (const own of [{}, { databaseName: 'admin' }])
        expect(await typed(coordinates(own))).toEqual({ outcome: 'SUCCESS' })
      const rolecall = { options: { authDatabase: 'admin' } }
      expect(await typed(coordinates({ databaseName: 'wm_shop', rolecall }))).toEqual({ outcome: 'SUCCESS' })
    })
    test('with a login of the database itself', async () => {
      expect(await logsInToMongodb(server, 'wm_reader', PASSWORD, 'wm_shop')).toBe(true)
      expect(await typed(reader())).toEqual({ outcome: 'SUCCESS' })
      expect(await typed(reader({ databaseName: '' }))).toEqual(REJECTED)
      expect(await typed(reader({ databaseName: 'wm_other' }))).toEqual(REJECTED)
    })
    test('with a wrong password, and with a login that nobody has', async () => {
      expect(await typed(coordinates({ password: 'wrong' }))).toEqual(REJECTED)
      expect(await typed(coordinates({ username: 'wm_nobody' }))).toEqual(REJECTED)
    })
    test('without a login, where everybody has to log in', async () => {
      expect(await typed(coordinates({ username: '', password: '' }))).toEqual(
        failure('The login lacks the needed rights.'),
      )
    })
    test('at a dead port, at a name that leads nowhere, and at a server that says nothing', async () => {
      expect(await typed(coordinates({ port: 1 }))).toEqual(failure('The server refused the connection on that port.'))
      expect(await typed(coordinates({ host: 'nowhere.invalid', rolecall: { tls: { mode: 'disable' } } }))).toEqual(
        failure('The server name could not be resolved.'),
      )
      const silent = createServer().listen(0, '127.0.0.1')
      await new Promise(resolve => silent.once('listening', resolve))
      const rolecall = { options: { connectTimeoutMs: 300 } }
      const { port } = silent.address() as { port: number }
      expect(await typed(coordinates({ port, rolecall }))).toEqual(failure('The connection attempt timed out.'))
      silent.close()
    })
    test('at a server of another kind', async () => {
      const { port } = await postgresqlServer()
      expect(await typed(coordinates({ port }))).toEqual(failure('The server is not of the expected kind.'))
    })
    test('without TLS off this machine', async () => {
      const rolecall = { tls: { mode: 'disable' }, options: { hosts: ['192.0.2.1:27017'] } }
      expect(await typed(coordinates({ host: '192.0.2.1', rolecall }))).toMatchObject({ outcome: 'FAILURE' })
    })
  })

  test('are made, tested with what is stored, and seen by those alone who ask for more than is published', async () => {
    const id = await wiremock.create(reader())
    const { body } = await wiremock.ask('POST', `/v1/database-connections/${id}/test?view=rolecall`, { body: {} })
    expect(body).toEqual({ outcome: 'SUCCESS' })
    expect(await seen(id)).toMatchObject({
      databaseType: 'MONGODB',
      databaseName: 'wm_shop',
      rolecall: { options: { authDatabase: 'wm_shop' }, lastTest: { outcome: 'SUCCESS' } },
    })
    expect((await wiremock.ask('GET', `/v1/database-connections/${id}`)).status).toBe(404)
  })

  test('keep the database of their login: one that was named stays, one that followed follows', async () => {
    const [following, naming] = [
      await wiremock.create(coordinates({ databaseName: 'wm_shop' })),
      await wiremock.create(
        coordinates({ databaseName: 'wm_shop', rolecall: { options: { authDatabase: 'wm_staff' } } }),
      ),
    ]
    for (const id of [following, naming]) {
      const answer = await patch(id, { connectionName: aName(), ...coordinates({ databaseName: 'wm_later' }) })
      expect(answer.status, answer.text).toBe(200)
    }
    expect((await seen(following)).rolecall.options).toMatchObject({ authDatabase: 'wm_later' })
    expect((await seen(naming)).rolecall.options).toMatchObject({ authDatabase: 'wm_staff' })
  })

  describe('live as others do', () => {
    const VIEW = '?view=rolecall'
    const one = (id: string, more = VIEW) => `/v1/data-connections/${id}${more}`
    const namesSeen = async (query: string, key?: string) => {
      const { body } = await wiremock.ask('GET', `${wiremock.home}${query}`, { key })
      return body.databaseConnections.map(
        ({ connectionName }: { connectionName: string }) => connectionName,
      ) as string[]
    }
    const tested = async (id: string) => (await wiremock.ask('POST', one(id, `/test${VIEW}`), { body: {} })).body

    test('a new password is taken, and the stored one is used where none comes', async () => {
      const id = await wiremock.create(reader())
      const connectionName = aName()
      const { password: _, ...base } = reader({ connectionName })
      expect((await patch(id, base)).body.databaseConnection.connectionName).toBe(connectionName)
      expect(await tested(id)).toEqual({ outcome: 'SUCCESS' })
      expect((await patch(id, { ...base, password: 'wrong' })).status).toBe(200)
      expect(await tested(id)).toEqual(REJECTED)
      expect((await patch(id, { ...base, password: PASSWORD })).status).toBe(200)
      expect(await tested(id)).toEqual({ outcome: 'SUCCESS' })
      expect((await patch(id, { ...base, password: null })).status).toBe(422)
    })

    test('they are counted and found by name for those alone who ask for more than is published', async () => {
      const connectionName = aName()
      const id = await wiremock.create(reader({ connectionName }))
      const q = `q=${encodeURIComponent(connectionName)}`
      expect(await namesSeen(`?${q}&view=rolecall`)).toEqual([connectionName])
      expect(await namesSeen(`?${q}`)).toEqual([])
      for (const method of ['GET', 'DELETE']) expect((await wiremock.ask(method, one(id, ''))).status, method).toBe(404)
      expect((await wiremock.ask('DELETE', one(id))).status).toBe(204)
      expect((await wiremock.ask('DELETE', one(id))).status).toBe(404)
    })

    test('one that a data source reads through is not deleted before that is', async () => {
      const id = await wiremock.create(reader())
      const dataSource = { name: aName(), type: 'DATABASE', databaseConnection: id, tableName: 'people' }
      const home = `/v1/users/${wiremock.running.operator}/data-sources`
      const made = await wiremock.ask('POST', home, { body: { dataSource } })
      const source = `/v1/data-sources/${made.body.dataSource.id}`
      const refused = await wiremock.ask('DELETE', one(id))
      expect([refused.status, refused.body.errors[0].source]).toEqual([409, { pointer: source }])
      expect((await wiremock.ask('DELETE', source)).status).toBe(204)
      expect((await wiremock.ask('DELETE', one(id))).status).toBe(204)
    })

    test('access lists hide one, show it, and let it be changed, as for any other', async () => {
      const connectionName = aName()
      const id = await wiremock.create(reader({ connectionName }))
      const member = await wiremock.aMember('viewer')
      const seenByMember = async () => (await wiremock.ask('GET', one(id), { key: member.key })).status
      const acl = (rest: string) => `/v1/database-connections/${id}/acl${rest}`
      expect(await seenByMember()).toBe(200)
      expect((await wiremock.ask('DELETE', acl(`/organisation/${wiremock.running.project}`))).status).toBe(204)
      expect(await seenByMember()).toBe(404)
      const grant = { grant: { role: 'database_connection_editor' } }
      expect((await wiremock.ask('PUT', acl(`/user/${member.id}`), { body: grant })).status).toBe(200)
      const { password: _, ...base } = reader({ connectionName: aName() })
      const body = { databaseConnection: base }
      const changed = await wiremock.ask('PATCH', one(id), { key: member.key, body })
      expect([changed.status, changed.body.databaseConnection.rolecall.access]).toEqual([200, 'editor'])
      expect((await wiremock.ask('DELETE', one(id), { key: member.key })).status).toBe(403)
    })
  })

  describe('lead to collections', () => {
    let connection: string
    beforeAll(async () => {
      connection = await wiremock.create(reader())
    })
    const sourceOf = async (tableName: string, databaseConnection = connection) => {
      const dataSource = { name: aName(), type: 'DATABASE', databaseConnection, tableName }
      const body = { dataSource }
      const made = await wiremock.ask('POST', `/v1/users/${wiremock.running.operator}/data-sources`, { body })
      expect(made.status, made.text).toBe(201)
      return made.body.dataSource.id as string
    }
    const preview = async (id: string) => wiremock.ask('GET', `/v1/data-sources/${id}?data-view=preview`)

    test('whose fields are columns, in the order in which they come up', async () => {
      const { body, status, text } = await preview(await sourceOf('people'))
      expect(status, text).toBe(200)
      expect(body.dataSource.columnsMetadata.map(({ name }: { name: string }) => name)).toEqual([
        '_id',
        'name',
        'address',
        'tags',
        'at',
      ])
      expect(body.dataSource.rowsPreview).toEqual([
        ['1', 'Ada', '{"town":"London"}', '["a","b"]', ''],
        ['2', '', '', '', expect.stringContaining('1970')],
      ])
    })
    test('of odd names, and of long values, which are cut', async () => {
      const { body } = await preview(await sourceOf('s people.t'))
      expect(body.dataSource.rowsPreview).toEqual([['x'.repeat(1000)]])
    })
    test('that are not there, or that the login may not read: said when looked at', async () => {
      const options = { authDatabase: 'wm_shop' }
      const elsewhere = await wiremock.create(reader({ databaseName: 'wm_other', rolecall: { options } }))
      const missing = await preview(await sourceOf('nothing'))
      expect([missing.status, missing.text]).toEqual([422, expect.stringContaining('No collection or view nothing')])
      const hidden = await preview(await sourceOf('people', elsewhere))
      expect([hidden.status, hidden.text]).toEqual([422, expect.stringContaining('The login lacks a right')])
    })
  })
})
