import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient } from '../../support/logins.ts'
import { anotherProject, aPerson } from '../../support/people.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean, NOWHERE } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let cluster: string
let connection: string

const CA = join(import.meta.dirname, '..', '..', 'cli', 'tls', 'cert.pem')

beforeAll(async () => {
  server = await postgresqlServer()
  ocean = await aDigitalOcean()
  const made = await ocean.running.connect(server, { name: 'Billing', tags: ['prod', 'EU'] })
  ;({ instance: cluster, connection } = made)
  await ocean.running.native('POST', `/connections/${connection}/test`)
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

/** Nothing answers at its address. */
const aServer = (own: Readonly<Record<string, unknown>> = {}) =>
  ocean.running.connect({ ...server, host: 'db.example.test', port: 6000 + Math.floor(Math.random() * 50_000) }, own)
const get = async (id = cluster, key?: string) => (await ocean.ask('GET', `/v2/databases/${id}`, { key })).body.database
const list = async (query = '') => (await ocean.ask('GET', `/v2/databases${query}`)).body.databases as { id: string }[]
const forget = (id: string) => ocean.running.native('DELETE', `/instances/${id}`)

describe('a cluster', () => {
  test('traps 4, 18, 19: is complete, and none of what clients follow blindly is null', async () => {
    const { host, port, database, username } = server
    const major = String(server.major ?? 18)
    const shown = await get()
    const { created_at, semantic_version, rolecall, ...rest } = shown
    const own = { protocol: 'postgresql', database, host, port, user: username, ssl: false }
    const uri = `postgres://${username}@${host}:${port}/${database}?sslmode=disable`
    expect(rest).toEqual({
      id: cluster,
      name: 'billing',
      engine: 'pg',
      version: major,
      num_nodes: 1,
      size: 'byo',
      region: 'billing',
      status: 'online',
      connection: { ...own, uri },
      private_connection: { ...own, uri },
      users: [{ name: username, role: 'primary' }],
      db_names: null,
      tags: ['prod', 'EU'],
      maintenance_window: { day: 'sunday', hour: '00:00:00', pending: false, description: [] },
      private_network_uuid: '',
      project_id: '',
      storage_size_mib: 0,
      storage_autoscale: { enabled: false },
      autoscale: { storage: { enabled: false } },
    })
    expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(semantic_version).toMatch(new RegExp(`^${major}\\.\\d`))
    expect(rolecall).toMatchObject({ adopted: false, reachable: true })
    expect(Date.parse(rolecall.checked_at)).toBeLessThanOrEqual(Date.now())
  })

  test('says what applications dial, which may be elsewhere than what Rolecall dials', async () => {
    const advertise = { host: 'pg1.example.test', port: 5555, privateHost: 'fd00::7' }
    const { instance } = await aServer({ advertise, database: 'my app', username: 'd b@', tls: { mode: 'require' } })
    const { connection, private_connection } = await get(instance)
    const login = 'd%20b%40'
    expect(connection.uri).toBe(`postgres://${login}@pg1.example.test:5555/my%20app?sslmode=require`)
    expect(private_connection.uri).toBe(`postgres://${login}@[fd00::7]:5555/my%20app?sslmode=require`)
    expect([connection.ssl, private_connection.host, new URL(connection.uri).port]).toEqual([true, 'fd00::7', '5555'])
    await forget(instance)
  })

  test('of a server that is down is online, complete and quick, since its server is never asked', async () => {
    const { instance } = await ocean.running.connect({ ...server, port: 9 }, { name: 'down' })
    const first = await get(instance)
    expect(first).toMatchObject({ status: 'online', version: '', semantic_version: '', rolecall: { reachable: null } })
    expect((await ocean.ask('GET', `/v2/databases/${instance}/dbs`)).status).toBe(503)
    const began = performance.now()
    const again = await get(instance)
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(again).toMatchObject({ status: 'online', rolecall: { reachable: false } })
    expect(await list()).toHaveLength(2)
    await forget(instance)
  })

  test('has a version that was said by hand before its server says another word', async () => {
    const { instance } = await aServer({ version: '16' })
    expect(await get(instance)).toMatchObject({ version: '16', semantic_version: '16' })
    await forget(instance)
  })

  test.each([
    ['mysql', 'mysql', /^mysql:\/\/u@db\.example\.test:7000\/d\?ssl-mode=REQUIRED$/],
    ['mongodb', 'mongodb', /^mongodb:\/\/u@db\.example\.test:7000\/d\?tls=true&authSource=admin$/],
    ['kafka', 'kafka', /^kafka:\/\/u@db\.example\.test:7000\/d$/],
    ['redis', 'redis', /^rediss:\/\/u@db\.example\.test:7000\/d$/],
  ])('of %s has that engine’s own words', async (engine, word, uri) => {
    const at = { engine, host: 'db.example.test', port: 7000, database: 'd', username: 'u' }
    const { instance } = await ocean.running.connect(server, at)
    const shown = await get(instance)
    expect([shown.engine, shown.version]).toEqual([word, ''])
    expect(shown.connection.uri).toMatch(uri)
    expect(new URL(shown.connection.uri).port).toBe('7000')
    await forget(instance)
  })

  test.each(['sqlserver', 'oracle'])('of %s is none', async engine => {
    const { instance } = await aServer({ engine })
    const { status, body } = await ocean.ask('GET', `/v2/databases/${instance}`)
    expect([status, body.message]).toEqual([404, 'cluster not found'])
    expect((await list()).map(({ id }) => id)).toEqual([cluster])
    await forget(instance)
  })
})

describe('what a token lacks is left out', () => {
  const scoped = (...scopes: Parameters<typeof ocean.aToken>[1] & object) => ocean.aToken('admin', scopes)

  test('without view_credentials there is neither login nor password', async () => {
    const { connection, users } = await get(cluster, await scoped('database:read'))
    expect(connection).not.toHaveProperty('user')
    expect(connection.uri).toBe(`postgres://${server.host}:${server.port}/${server.database}?sslmode=disable`)
    expect(users).toEqual([{ name: server.username, role: 'primary' }])
    const more = await get(cluster, await scoped('database:read', 'database:view_credentials'))
    expect(more.connection.user).toBe(server.username)
  })

  test('tags need their own scope', async () => {
    expect((await get(cluster, await scoped('database:read'))).tags).toBeNull()
    expect((await get(cluster, await scoped('database:read', 'tag:read'))).tags).toEqual(['prod', 'EU'])
    const path = '/v2/databases?tag_name=prod'
    const found = async (key: string) => (await ocean.ask('GET', path, { key })).body.databases.length
    expect(await found(await scoped('database:read'))).toBe(0)
    expect(await found(await scoped('database:read', 'tag:read'))).toBe(1)
  })

  test('without database:read there is nothing', async () => {
    const key = await scoped('database:create')
    for (const path of ['', `/${cluster}`, `/${cluster}/ca`, '/options', `/${cluster}/autoscale`]) {
      const { status, body } = await ocean.ask('GET', `/v2/databases${path}`, { key })
      expect([path, status, body.id]).toEqual([path, 403, 'forbidden'])
    }
  })
})

describe('the password of the managing login', () => {
  test('is shown where Rolecall made it, policy keeps it, and the token opens it', { timeout: 30_000 }, async () => {
    const { running } = ocean
    const username = `do_primary_${process.pid}`
    const made = await running.native('POST', `/instances/${cluster}/users`, { body: { name: username } })
    const login = { username, password: made.body.password }
    const engine = await engineClient(server)
    await engine.query(`alter role ${username} superuser`)
    // The same server by another name, and so an instance of its own.
    const { instance } = await running.connect({ ...server, ...login, host: 'localhost' }, STORED)
    const path = `/instances/${instance}/users/${username}/reset`
    expect((await get(instance)).connection).not.toHaveProperty('password')
    const { password } = (await running.native('POST', path)).body
    expect(password).toMatch(/^[A-Za-z0-9]{20,}$/)
    const seen = await get(instance)
    expect(seen.connection).toMatchObject({ user: username, password })
    expect(new URL(seen.private_connection.uri).password).toBe(password)
    expect(seen.users).toEqual([{ name: username, role: 'primary', password }])
    const opens = ['database:read', 'database:view_credentials'] as const
    // It has power over the whole server, which an editor has not.
    const closed = [
      await ocean.aToken('viewer'),
      await ocean.aToken('admin', ['database:read']),
      await ocean.aToken('editor', opens),
    ]
    for (const key of closed) expect(JSON.stringify(await get(instance, key))).not.toContain(password)
    expect((await get(instance, await ocean.aToken('admin', opens))).connection.password).toBe(password)
    await running.native('PATCH', `/instances/${instance}`, { body: { policy: {} } })
    expect(JSON.stringify(await get(instance))).not.toContain(password)
    await forget(instance)
    await engine.query(`drop role ${username}`)
    await engine.end()
  })
})

const STORED = { policy: { passwordRecall: 'stored' } }

describe('the list', () => {
  test('is in the order of creation, and whole on its first page', async () => {
    const more = [await aServer({ name: 'a' }), await aServer({ name: 'b' })]
    const ids = [cluster, ...more.map(({ instance }) => instance)]
    for (const query of ['', '?page=1&per_page=1', '?page=0', '?per_page=x'])
      expect((await list(query)).map(({ id }) => id)).toEqual(ids)
    const { body } = await ocean.ask('GET', '/v2/databases?page=2&per_page=1')
    expect(body).toEqual({ databases: [], meta: { total: 3 } })
    for (const { instance } of more) await forget(instance)
  })

  test.each([
    ['prod', 1],
    ['PROD', 1],
    ['eu', 1],
    ['pro', 0],
    ['%25', 0],
    ['', 0],
  ])('of those with the tag %j has %i', async (tag, wanted) => {
    expect(await list(`?tag_name=${tag}`)).toHaveLength(wanted)
  })

  test('has no cluster of another project, and none that an access list hides', async () => {
    const { store } = ocean.running.app
    const foreign = await aPerson(store, await anotherProject(store), 'owner')
    const paths = [`/v2/databases/${cluster}`, `/v2/databases/${cluster}/ca`, `/v2/databases/${cluster}/pools`]
    const member = await ocean.aToken('editor')
    const statuses = (key: string) =>
      Promise.all(paths.map(async path => (await ocean.ask('GET', path, { key })).status))
    const seenBy = async (key: string) => (await ocean.ask('GET', '/v2/databases', { key })).body.databases.length
    expect([await seenBy(foreign.key), await statuses(foreign.key)]).toEqual([0, [404, 404, 404]])
    expect([await seenBy(member), (await statuses(member))[0]]).toEqual([1, 200])
    const acl = `/v1/database-connections/${connection}/acl/organisation/${ocean.running.project}`
    await ocean.running.ask('DELETE', acl)
    expect([await seenBy(member), await statuses(member)]).toEqual([0, [404, 404, 404]])
    const { options } = (await ocean.ask('GET', '/v2/databases/options', { key: member })).body
    expect(options.pg.regions).toEqual([])
    await ocean.running.ask('PUT', acl, { body: { grant: { role: 'database_connection_user' } } })
  })

  test('shows of two connections to one server only the one that is visible', async () => {
    const hidden = await aServer({ username: 'hidden_login', advertise: { host: 'shown.example.test' } })
    const acl = `/v1/database-connections/${hidden.connection}/acl/organisation/${ocean.running.project}`
    const { body } = await ocean.running.native('GET', `/connections/${hidden.connection}`)
    const second = await ocean.running.connect({ ...server, host: body.host, port: body.port }, { username: 'second' })
    expect(second.instance).toBe(hidden.instance)
    await ocean.running.ask('DELETE', acl)
    const shown = await get(hidden.instance, await ocean.aToken('viewer'))
    expect(JSON.stringify(shown)).not.toContain('hidden_login')
    expect(shown.users).toEqual([{ name: 'second', role: 'primary' }])
    await forget(hidden.instance)
  })
})

describe('the certificate', () => {
  test('trap 18: is the base64 of PEM, of the CA that the connection trusts', async () => {
    const ca = readFileSync(CA, 'utf8')
    const { instance } = await aServer({ tls: { mode: 'verify-full', ca } })
    const { body } = await ocean.ask('GET', `/v2/databases/${instance}/ca`)
    expect(body).toEqual({ ca: { certificate: Buffer.from(ca).toString('base64') } })
    expect(Buffer.from(body.ca.certificate, 'base64').toString()).toBe(ca)
    await forget(instance)
  })

  test('is 404 where the connection names none', async () => {
    const { status, body } = await ocean.ask('GET', `/v2/databases/${cluster}/ca`)
    expect([status, body.message]).toEqual([404, 'CA certificate not found'])
  })
})

describe('addresses with words of their own', () => {
  test('the options are no cluster of that name', async () => {
    const { body } = await ocean.ask('GET', '/v2/databases/options')
    const empty = { regions: [], versions: [], layouts: [] }
    const version = String(server.major ?? 18)
    expect(body).toEqual({
      options: {
        pg: { regions: ['billing'], versions: [version], default_version: version, layouts: LAYOUTS },
        ...Object.fromEntries(OTHERS.map(engine => [engine, empty])),
      },
      version_availability: { pg: [{ version, end_of_life: null, end_of_availability: null }] },
    })
  })

  test('the credentials of metrics are not served, and are not taken for a cluster’s', async () => {
    const { status, body } = await ocean.ask('GET', '/v2/databases/metrics/credentials')
    expect([status, body.message]).toEqual([404, 'not found'])
  })

  test('an unknown id is a cluster that is not there', async () => {
    for (const path of ['', '/ca', '/autoscale', '/pools', '/firewall', '/config', '/events']) {
      const { status, body } = await ocean.ask('GET', `/v2/databases/${NOWHERE}${path}`)
      expect([path, status, body.message]).toEqual([path, 404, 'cluster not found'])
    }
  })
})

const LAYOUTS = [{ num_nodes: 1, sizes: ['byo'] }]
const OTHERS = ['mysql', 'redis', 'valkey', 'mongodb', 'kafka', 'opensearch', 'advanced_pg', 'advanced_mysql']
