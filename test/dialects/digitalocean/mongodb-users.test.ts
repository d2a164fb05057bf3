import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountsOn, clearMongodb, logsInToMongodb, mongodbClient } from '../../support/mongodb/logins.ts'
import { mongodbServers, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

/** Logins that are a name and a database are one user a name here; what they may do is one role on some databases. */
describe.skipIf(mongodbServers().length === 0)('a cluster of MongoDB', () => {
  const { start } = mongodbServers()[0] ?? {}
  let ocean: DigitalOcean
  let server: TestServer
  let cluster: string
  let users: string

  beforeAll(async () => {
    server = await start!()
    await clearMongodb(server, 'do_')
    ocean = await aDigitalOcean()
    cluster = `/v2/databases/${(await ocean.running.connect(server)).instance}`
    users = `${cluster}/users`
  })
  afterAll(async () => {
    await ocean?.[Symbol.asyncDispose]()
    await clearMongodb(server, 'do_')
  })

  const add = (name: string, more: object = {}) => ocean.ask('POST', users, { body: { name, ...more } })
  const get = (name: string) => ocean.ask('GET', `${users}/${name}`)
  const put = (name: string, settings?: object) => ocean.ask('PUT', `${users}/${name}`, { body: { settings } })
  const reset = (name: string, body: object = {}) => ocean.ask('POST', `${users}/${name}/reset_auth`, { body })
  const rolesOf = async (name: string) =>
    (await accountsOn(server, name)).filter(({ user }) => user === name).map(({ roles }) => roles)
  const on = (role: string, ...databases: readonly string[]) => ({ mongo_user_settings: { databases, role } })
  const made = async (work: (admin: MongoClient) => Promise<unknown>) => {
    await using admin = mongodbClient(server)
    await work(admin)
  }

  test('a user is made in admin, logs in, and may do nothing', async () => {
    const { status, body } = await add('do_ada')
    const { password, ...user } = body.user
    const rolecall = { managed: true, auth_databases: ['admin'] }
    expect([status, user]).toEqual([201, { name: 'do_ada', role: 'normal', rolecall }])
    expect(await accountsOn(server, 'do_ada')).toEqual([{ user: 'do_ada', db: 'admin', roles: [] }])
    expect(await logsInToMongodb(server, 'do_ada', password)).toBe(true)
    expect((await get('do_ada')).body.user).toEqual(user)
    expect((await add('do_ada')).body.message).toBe('user name is not available')
  })

  test.each([
    ['readOnly', ['do_shop', 'do_stock'], ['do_shop.read', 'do_stock.read']],
    ['readWrite', ['do_shop'], ['do_shop.readWrite']],
    ['dbAdmin', ['do_shop', 'do_stock'], ['do_shop.dbAdmin', 'do_stock.dbAdmin']],
    ['readOnly', ['admin'], ['admin.readAnyDatabase']],
    ['readWrite', ['admin', 'do_shop'], ['admin.readWriteAnyDatabase', 'do_shop.readWrite']],
    ['dbAdmin', ['admin'], ['admin.dbAdminAnyDatabase']],
    ['readWrite', [], []],
  ])('%s on %j is told as it was asked for, and is there', async (role, databases, roles) => {
    const name = `do_${role}_${databases.join('_')}`
    const { status, body } = await add(name, { settings: on(role, ...databases) })
    const settings = databases.length === 0 ? undefined : on(role, ...databases)
    expect([status, body.user?.settings]).toEqual([201, settings])
    expect(await rolesOf(name)).toEqual([roles])
    expect((await get(name)).body.user.settings).toEqual(settings)
  })

  test('a user who may read one database reads it, and nothing else', async () => {
    await made(admin => admin.db('do_books').collection('titles').insertOne({ title: 'one' }))
    const { body } = await add('do_reader', { settings: on('readOnly', 'do_books') })
    await using reader = mongodbClient(server, { username: 'do_reader', password: body.user.password })
    expect(await reader.db('do_books').collection('titles').countDocuments()).toBe(1)
    await expect(reader.db('do_books').collection('titles').insertOne({})).rejects.toMatchObject({ code: 13 })
    await expect(reader.db('do_other').collection('titles').findOne({})).rejects.toMatchObject({ code: 13 })
  })

  test('readonly reads all databases, and is never told', async () => {
    const { status, body } = await add('do_readonly', { readonly: true })
    expect([status, Object.keys(body.user)]).toEqual([201, ['name', 'role', 'password', 'rolecall']])
    expect(await rolesOf('do_readonly')).toEqual([['admin.readAnyDatabase']])
    expect((await get('do_readonly')).body.user.settings).toEqual(on('readOnly', 'admin'))
    await add('do_not_readonly', { readonly: false })
    expect(await rolesOf('do_not_readonly')).toEqual([[]])
  })

  test('an update replaces all that it may do, and keeps its password', async () => {
    const { password } = (await add('do_change', { settings: on('readWrite', 'do_shop', 'do_stock') })).body.user
    const { status, body } = await put('do_change', on('readOnly', 'do_shop', 'admin'))
    expect([status, body.user.settings]).toEqual([201, on('readOnly', 'admin', 'do_shop')])
    expect(body.user).not.toHaveProperty('password')
    expect(await rolesOf('do_change')).toEqual([['admin.readAnyDatabase', 'do_shop.read']])
    expect((await put('do_change', on('dbAdmin', 'do_shop'))).body.user.settings).toEqual(on('dbAdmin', 'do_shop'))
    expect(await rolesOf('do_change')).toEqual([['do_shop.dbAdmin']])
    expect((await put('do_change', on('readWrite'))).body.user.settings).toEqual({})
    expect(await rolesOf('do_change')).toEqual([[]])
    expect(await logsInToMongodb(server, 'do_change', password)).toBe(true)
  })

  test.each([[undefined], [{}]])(
    'an update with the settings %j changes nothing, and tells what is there',
    async none => {
      const name = `do_same_${JSON.stringify(none)?.length}`
      await add(name, { settings: on('readWrite', 'do_shop') })
      const { status, body } = await put(name, none)
      expect([status, body.user.settings]).toEqual([201, on('readWrite', 'do_shop')])
      expect(await rolesOf(name)).toEqual([['do_shop.readWrite']])
    },
  )

  test('what no single role says is not told, and goes with the next update', async () => {
    const roles = ['read', 'dbAdmin'].map(role => ({ role, db: 'do_shop' }))
    await made(admin => admin.db('admin').command({ createUser: 'do_mixed', pwd: 'the old password 1', roles }))
    expect((await get('do_mixed')).body.user).not.toHaveProperty('settings')
    expect((await put('do_mixed', {})).body.user.settings).toEqual({})
    expect(await rolesOf('do_mixed')).toEqual([['do_shop.dbAdmin', 'do_shop.read']])
    await put('do_mixed', on('readOnly', 'do_shop'))
    expect(await rolesOf('do_mixed')).toEqual([['do_shop.read']])
  })

  test.each([
    ['no databases', { mongo_user_settings: { role: 'readOnly' } }],
    ['no role', { mongo_user_settings: { databases: ['do_shop'] } }],
    ['nothing', { mongo_user_settings: {} }],
    ['a role that this API has not', on('root', 'do_shop')],
    ['a database of the server itself', on('readOnly', 'local')],
    ['a database that can not be', on('readOnly', 'a b')],
    ['a database without a name', on('dbAdmin', '')],
    ['the settings of another engine', { pg_allow_replication: true }],
    ['settings and readonly', on('readWrite', 'do_shop'), { readonly: true }],
  ])('%s is 422, and nothing is made or changed', async (what, settings, more: object = {}) => {
    const name = `do_wrong_${what.replaceAll(' ', '_')}`
    expect((await add(name, { settings, ...more })).status).toBe(422)
    expect(await accountsOn(server, name)).toEqual([])
    if (Object.keys(more).length > 0) return
    await add(name, { settings: on('readWrite', 'do_shop') })
    expect((await put(name, settings)).status).toBe(422)
    expect(await rolesOf(name)).toEqual([['do_shop.readWrite']])
  })

  test('all logins of a name are one user: shown once, changed, reset and dropped together', async () => {
    const roles = [{ role: 'read', db: 'do_shop' }]
    for (const db of ['admin', 'do_elsewhere', 'do_shop'])
      await made(admin => admin.db(db).command({ createUser: 'do_many', pwd: 'the old password 1', roles }))
    await made(admin => admin.db('do_shop').command({ createUser: 'do_many_more', pwd: 'the old password 1', roles }))
    const auth_databases = ['admin', 'do_elsewhere', 'do_shop']
    const user = { name: 'do_many', role: 'normal', settings: on('readOnly', 'do_shop') }
    const shown = { ...user, rolecall: { managed: false, auth_databases } }
    const { body } = await ocean.ask('GET', users)
    expect(body.users.filter(({ name }: { name: string }) => name === 'do_many')).toEqual([shown])
    expect((await get('do_many')).body.user).toEqual(shown)
    expect((await add('do_many')).body.message).toBe('user name is not available')
    expect((await put('do_many', on('readWrite', 'do_shop'))).status).toBe(201)
    expect(await rolesOf('do_many')).toEqual(Array(3).fill(['do_shop.readWrite']))
    expect(await rolesOf('do_many_more')).toEqual([['do_shop.read']])

    const { password } = (await reset('do_many')).body.user
    for (const db of auth_databases) expect(await logsInToMongodb(server, 'do_many', password, db), db).toBe(true)
    expect((await ocean.ask('DELETE', `${users}/do_many`)).status).toBe(204)
    expect(await accountsOn(server, 'do_many')).toMatchObject([{ user: 'do_many_more', db: 'do_shop' }])
    expect((await ocean.ask('DELETE', `${users}/do_many`)).body.message).toBe('user not found')
  })

  test('a login of another database takes the name, and is reached by it', async () => {
    await made(admin => admin.db('do_far').command({ createUser: 'do_far', pwd: 'the old password 1', roles: [] }))
    expect((await add('do_far')).status).toBe(422)
    expect((await get('do_far')).body.user.rolecall.auth_databases).toEqual(['do_far'])
    const { password } = (await reset('do_far')).body.user
    expect(await logsInToMongodb(server, 'do_far', password, 'do_far')).toBe(true)
    expect((await ocean.ask('DELETE', `${users}/do_far`)).status).toBe(204)
    expect(await accountsOn(server, 'do_far')).toEqual([])
  })

  test('policy gives newcomers something, unless it was said what they may do', async () => {
    const { instance } = await ocean.running.connect(server, {
      host: 'localhost',
      name: 'generous',
      defaultDatabase: 'do_default',
      policy: { newUserGrants: 'readwrite' },
    })
    await ocean.running.native('POST', `/instances/${instance}/databases`, { body: { name: 'do_default' } })
    const there = `/v2/databases/${instance}/users`
    const newcomer = await ocean.ask('POST', there, { body: { name: 'do_newcomer' } })
    expect([newcomer.status, newcomer.body.user?.settings], newcomer.text).toEqual([201, undefined])
    expect(await rolesOf('do_newcomer')).toEqual([['do_default.readWrite']])
    await ocean.ask('POST', there, { body: { name: 'do_said', settings: on('readOnly', 'do_shop') } })
    expect(await rolesOf('do_said')).toEqual([['do_shop.read']])
  })

  test('the primary user comes first, and is not dropped', async () => {
    const { body } = await ocean.ask('GET', users)
    expect(body.users[0]).toMatchObject({ name: server.username, role: 'primary' })
    expect((await ocean.ask('DELETE', `${users}/${server.username}`)).status).toBe(422)
  })

  test('the connection opens with what it says of itself and the password that one has', async () => {
    const { database } = (await ocean.ask('GET', cluster)).body
    const { uri, ...rest } = database.connection
    const { host, port, username: user } = server
    expect(rest).toEqual({ protocol: 'mongodb', database: 'admin', host, port, user, ssl: false })
    expect(uri).toBe(`mongodb://${user}@${host}:${port}/admin?tls=false&authSource=admin`)
    expect([database.engine, database.version]).toEqual(['mongodb', expect.stringMatching(/^\d+$/)])
    await using client = new MongoClient(uri.replace(`${user}@`, `${user}:${encodeURIComponent(server.password)}@`))
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 })
  })

  test('it is among the options, is adopted and released as any other, and what belongs to other engines is refused', async () => {
    const far = { host: 'documents.test', name: 'far', slug: 'rack-m', version: '8' }
    const { instance } = await ocean.running.connect(server, far)
    const { options } = (await ocean.ask('GET', '/v2/databases/options')).body
    expect(options.mongodb.regions).toContain('rack-m')
    const wish = { name: 'documents', engine: 'mongodb', version: '8', region: 'rack-m', size: 'byo', num_nodes: 1 }
    expect((await ocean.ask('POST', '/v2/databases', { body: { ...wish, engine: 'pg' } })).status).toBe(422)
    const { status, body } = await ocean.ask('POST', '/v2/databases', { body: wish })
    expect([status, body.database]).toMatchObject([201, { ...wish, id: instance, status: 'online' }])
    for (const part of ['pools', 'sql_mode', 'eviction_policy'])
      expect((await ocean.ask('GET', `/v2/databases/${instance}/${part}`)).status, part).toBe(422)
    expect((await ocean.ask('DELETE', `/v2/databases/${instance}`)).status).toBe(204)
    expect((await ocean.ask('GET', `/v2/databases/${instance}`)).status).toBe(404)
  })

  test('the connection of a managing login of another database names that one', async () => {
    const elsewhere = { host: 'elsewhere.test', name: 'staff', authDatabase: 'do_staff' }
    const { instance } = await ocean.running.connect({ ...server, username: 'do_manager', database: '' }, elsewhere)
    const { connection } = (await ocean.ask('GET', `/v2/databases/${instance}`)).body.database
    expect(connection.uri).toBe(`mongodb://do_manager@elsewhere.test:${server.port}/?tls=true&authSource=do_staff`)
  })

  test('databases are made, shown and dropped; those of the server itself are not there', async () => {
    const dbs = `${cluster}/dbs`
    expect((await ocean.ask('POST', dbs, { body: { name: 'do_my_db' } })).status).toBe(201)
    expect((await ocean.ask('POST', dbs, { body: { name: 'do_my_db' } })).body.message).toBe(
      'database name is not available',
    )
    expect((await ocean.ask('GET', `${dbs}/do_my_db`)).body).toEqual({ db: { name: 'do_my_db' } })
    const names = (await ocean.ask('GET', dbs)).body.dbs.map(({ name }: { name: string }) => name)
    expect(names).toContain('do_my_db')
    for (const system of ['admin', 'local', 'config']) {
      expect(names).not.toContain(system)
      expect((await ocean.ask('DELETE', `${dbs}/${system}`)).status).toBeGreaterThanOrEqual(404)
      expect((await ocean.ask('POST', dbs, { body: { name: system } })).status).toBe(422)
    }
    expect((await ocean.ask('POST', dbs, { body: { name: 'x'.repeat(64) } })).status).toBe(422)
    expect((await ocean.ask('DELETE', `${dbs}/do_my_db`)).status).toBe(204)
    expect((await ocean.ask('GET', `${dbs}/do_my_db`)).status).toBe(404)
  })
})
