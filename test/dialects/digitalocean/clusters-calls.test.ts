import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysqlServers, postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean, NOWHERE } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let cluster: string

beforeAll(async () => {
  server = await postgresqlServer()
  ocean = await aDigitalOcean()
  const { instance, connection } = await ocean.running.connect(server, { name: 'main' })
  cluster = instance
  await ocean.running.native('POST', `/connections/${connection}/test`)
  const body = { name: 'main', engine: 'pg', region: 'main', size: 'byo', num_nodes: 1, storage_size_mib: 10_240 }
  await ocean.ask('POST', '/v2/databases', { body: { ...body, private_network_uuid: 'net' } })
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

const major = () => String(server.major ?? 18)
const ask = (method: string, path: string, body?: unknown, id = cluster) =>
  ocean.ask(method, `/v2/databases/${id}/${path}`, { body })
const shown = async () => (await ocean.ask('GET', `/v2/databases/${cluster}`)).body.database

/** A cluster of an engine whose server nobody ever asks. */
async function anEngine(engine: string): Promise<string> {
  const at = { host: 'db.example.test', port: 7000, database: 'd', username: 'u' }
  return (await ocean.running.connect({ ...server, ...at }, { engine })).instance
}

describe('reads', () => {
  test.each([
    ['autoscale', { autoscale: { storage: { enabled: false } }, storage: { enabled: false } }],
    ['pools', { pools: [], meta: { total: 0 } }],
    ['pools?page=1&per_page=200', { pools: [], meta: { total: 0 } }],
    ['firewall', { rules: [], meta: { total: 0 } }],
    ['backups', { backups: [], meta: { total: 0 } }],
    ['replicas', { replicas: [], meta: { total: 0 } }],
    ['events', { events: [], meta: { total: 0 } }],
    ['config', { config: {} }],
  ])('traps 15, 19: %s is 200', async (path, wanted) => {
    const { status, body } = await ask('GET', path)
    expect([status, body]).toEqual([200, wanted])
  })
})

describe('writes that change nothing are done, and all others are refused', () => {
  test.each([
    ['autoscale', { storage: { enabled: false } }, 204],
    ['autoscale', { autoscale: { storage: { enabled: false } } }, 204],
    ['autoscale', { storage: { enabled: true, threshold_percent: 80, increment_gib: 10 } }, 422],
    ['autoscale', { autoscale: { storage: { enabled: true } } }, 422],
    ['firewall', { rules: [] }, 204],
    ['firewall', { rules: null }, 204],
    ['firewall', {}, 204],
    ['firewall', { rules: [{ type: 'ip_addr', value: '192.168.1.1' }] }, 422],
    ['resize', { size: 'byo', num_nodes: 1 }, 202],
    ['resize', { size: 'byo', num_nodes: 1, storage_size_mib: 10_240 }, 202],
    ['resize', { size: 'byo', num_nodes: 1, storage_size_mib: 20_480 }, 422],
    ['resize', { size: 'byo', num_nodes: 2 }, 422],
    ['resize', { size: 'db-s-2vcpu-4gb', num_nodes: 1 }, 422],
    ['resize', { num_nodes: '1' }, 422],
    ['migrate', { region: 'main' }, 202],
    ['migrate', { region: 'MAIN', private_network_uuid: '' }, 202],
    ['migrate', { region: 'main', private_network_uuid: 'net' }, 202],
    ['migrate', { region: 'nyc1' }, 422],
    ['migrate', { region: 'main', private_network_uuid: 'other' }, 422],
    ['upgrade', { version: '9' }, 422],
    ['upgrade', {}, 422],
    ['install_update', {}, 204],
    ['maintenance', { day: 'someday', hour: '02:00' }, 422],
    ['maintenance', { day: 'monday', hour: '25:00' }, 422],
    ['maintenance', { day: 'monday' }, 422],
  ])('PUT %s %j is %i', async (path, body, wanted) => {
    const before = await shown()
    const answer = await ask('PUT', path, body)
    expect(answer.status).toBe(wanted)
    if (wanted === 202) expect(answer.body.database.id).toBe(cluster)
    if (wanted === 422) expect(answer.body.id).toBe('unprocessable_entity')
    const { rolecall: _, ...after } = await shown()
    expect(before).toMatchObject(after)
  })

  test('a body-less PUT is one that asks for nothing', async () => {
    const headers = { 'content-type': 'application/json' }
    const { status } = await ocean.ask('PUT', `/v2/databases/${cluster}/install_update`, { headers })
    expect(status).toBe(204)
  })

  test('a PATCH of the configuration is refused', async () => {
    expect((await ask('PATCH', 'config', { config: { work_mem: 4 } })).status).toBe(422)
  })
})

describe('an upgrade', () => {
  test('to what the server is already is done, and shown as it was asked for', async () => {
    expect((await ask('PUT', 'upgrade', { version: major() })).status).toBe(204)
    const { semantic_version: full } = await shown()
    expect((await ask('PUT', 'upgrade', { version: full })).status).toBe(204)
    expect((await shown()).version).toBe(full)
    expect((await ask('PUT', 'upgrade', { version: major() })).status).toBe(204)
    expect((await shown()).version).toBe(major())
  })
})

describe('the maintenance window', () => {
  test.each([
    ['02:00', '02:00:00'],
    ['02:00:00', '02:00:00'],
    ['23:59:59', '23:59:59'],
  ])('at %s is kept and shown as %s', async (hour, wanted) => {
    expect((await ask('PUT', 'maintenance', { day: 'tuesday', hour })).status).toBe(204)
    const window = { day: 'tuesday', hour: wanted, pending: false, description: [] }
    expect(await shown()).toMatchObject({ maintenance_window: window, storage_size_mib: 10_240 })
  })

  test('is kept of a cluster that nobody adopted, and goes with its release', async () => {
    const id = await anEngine('mysql')
    await ask('PUT', 'maintenance', { day: 'friday', hour: '04:30' }, id)
    const window = async () => (await ocean.ask('GET', `/v2/databases/${id}`)).body.database.maintenance_window
    expect(await window()).toMatchObject({ day: 'friday', hour: '04:30:00' })
    await ocean.ask('DELETE', `/v2/databases/${id}`)
    expect((await ask('PUT', 'maintenance', { day: 'friday', hour: '04:30' }, id)).status).toBe(404)
    await ocean.running.native('DELETE', `/instances/${id}`)
  })
})

describe('what a cluster does not have', () => {
  const refusal = (message: string) => ({ id: 'unprocessable_entity', message, request_id: expect.any(String) })
  const lacking = [
    ['GET', 'sql_mode'],
    ['PUT', 'sql_mode'],
    ['GET', 'eviction_policy'],
    ['PUT', 'eviction_policy'],
    ['GET', 'topics'],
    ['POST', 'topics'],
    ['GET', 'topics/t'],
    ['PUT', 'topics/t'],
    ['DELETE', 'topics/t'],
  ] as const

  test.each(lacking)('%s %s is 422, in the words of the hosted service', async (method, path) => {
    const { status, body } = await ask(method, path, method === 'GET' ? undefined : {})
    expect([status, body]).toEqual([422, refusal('operation is not supported for this cluster type')])
  })

  test('PostgreSQL has no pooler: its list is empty, and nothing comes in', async () => {
    const pool = { name: 'pool', mode: 'transaction', size: 10, db: 'postgres' }
    expect((await ask('POST', 'pools', pool)).status).toBe(422)
    expect((await ask('PUT', 'pools/pool', pool)).status).toBe(422)
    expect((await ask('DELETE', 'pools/pool')).status).toBe(422)
    const { status, body } = await ask('GET', 'pools/pool')
    expect([status, body.message]).toEqual([404, 'pool not found'])
  })

  test('each verb needs its own scope', async () => {
    const statuses = async (scope: 'database:create' | 'database:update' | 'database:delete') => {
      const key = await ocean.aToken('admin', ['database:read', scope])
      const path = `/v2/databases/${cluster}/pools`
      const calls = [
        ['POST', path],
        ['PUT', `${path}/p`],
        ['DELETE', `${path}/p`],
      ] as const
      return Promise.all(calls.map(async ([method, url]) => (await ocean.ask(method, url, { key })).status))
    }
    expect(await statuses('database:create')).toEqual([422, 403, 403])
    expect(await statuses('database:update')).toEqual([403, 422, 403])
    expect(await statuses('database:delete')).toEqual([403, 403, 422])
  })

  test.each(['mysql', 'mongodb', 'kafka', 'redis'])('%s has no pools at all', async engine => {
    const id = await anEngine(engine)
    for (const [method, path] of [
      ['GET', 'pools'],
      ['POST', 'pools'],
      ['GET', 'pools/p'],
      ['PUT', 'pools/p'],
      ['DELETE', 'pools/p'],
    ] as const) {
      const { status, body } = await ask(method, path, undefined, id)
      expect([status, body]).toEqual([422, refusal('operation is not supported for this cluster type')])
    }
    await ocean.running.native('DELETE', `/instances/${id}`)
  })

  test.each(['online-migration', 'logsink', 'indexes', 'metrics', 'credentials', 'users/x/y'])(
    '%s is nobody’s path',
    async path => {
      const { status, body } = await ask('GET', path)
      expect([status, body.message]).toEqual([404, 'not found'])
    },
  )
})

describe.each(mysqlServers())('the sql_mode of $name', ({ start }) => {
  test('is read live, and set to nothing else', { timeout: 300_000 }, async () => {
    const { instance: id } = await ocean.running.connect(await start(), { engine: 'mysql', name: 'a mysql' })
    const { status, body } = await ask('GET', 'sql_mode', undefined, id)
    expect([status, body]).toEqual([200, { sql_mode: expect.stringContaining('STRICT_TRANS_TABLES') }])
    const reversed = body.sql_mode.toLowerCase().split(',').toReversed().join(', ')
    for (const same of [body.sql_mode, reversed])
      expect((await ask('PUT', 'sql_mode', { sql_mode: same }, id)).status).toBe(204)
    for (const other of [{ sql_mode: 'ANSI' }, { sql_mode: '' }, {}])
      expect((await ask('PUT', 'sql_mode', other, id)).status).toBe(422)
    expect((await ask('GET', 'sql_mode', undefined, id)).body).toEqual(body)
    const shown = (await ocean.ask('GET', `/v2/databases/${id}`)).body.database
    expect([shown.engine, shown.semantic_version.startsWith(`${shown.version}.`)]).toEqual(['mysql', true])
    await ocean.running.native('DELETE', `/instances/${id}`)
  })
})

describe('tags', () => {
  const resources = (id = cluster) => ({ resources: [{ resource_id: id, resource_type: 'database' }] })
  const tag = (name: string, body: object = resources()) => ocean.ask('POST', `/v2/tags/${name}/resources`, { body })
  const untag = (name: string, body: object = resources()) =>
    ocean.ask('DELETE', `/v2/tags/${name}/resources`, { body })

  test('are made as often as somebody likes', async () => {
    for (const _ of [1, 2]) {
      const { status, body } = await ocean.ask('POST', '/v2/tags', { body: { name: 'prod' } })
      expect([status, body]).toEqual([201, { tag: { name: 'prod', resources: { count: 0 } } }])
    }
    expect((await ocean.ask('POST', '/v2/tags', { body: { name: 'a b' } })).status).toBe(422)
  })

  test('are given and taken without regard to case, by a DELETE with a body', async () => {
    expect((await tag('Prod')).status).toBe(204)
    expect((await tag('prod')).status).toBe(204)
    expect((await tag('env:eu_1')).status).toBe(204)
    expect((await shown()).tags).toEqual(['Prod', 'env:eu_1'])
    const { body } = await ocean.running.native('GET', `/instances/${cluster}`)
    expect(body.tags).toEqual(['Prod', 'env:eu_1'])
    expect((await ocean.ask('GET', '/v2/databases?tag_name=pROD')).body.databases).toHaveLength(1)
    expect((await untag('PROD')).status).toBe(204)
    expect((await shown()).tags).toEqual(['env:eu_1'])
    expect((await untag('never-there')).status).toBe(204)
  })

  test('by many at once are all there', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `at-once-${n}`)
    const answers = await Promise.all(names.map(name => tag(name)))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 204))
    expect((await shown()).tags).toEqual(expect.arrayContaining(names))
  })

  test('of two are on both or on none', async () => {
    const two = { resources: [...resources().resources, ...resources(NOWHERE).resources] }
    const { status, body } = await tag('both', two)
    expect([status, body.message]).toEqual([404, 'cluster not found'])
    expect((await shown()).tags).not.toContain('both')
  })

  test.each([
    [{ resources: [{ resource_id: '1', resource_type: 'droplet' }] }, 422],
    [{ resources: [{ resource_id: '1', resource_type: 'database' }] }, 404],
    [{}, 422],
  ])('of %j is %i', async (body, wanted) => {
    expect((await tag('prod', body)).status).toBe(wanted)
    expect((await untag('prod', body)).status).toBe(wanted)
  })

  test('need an admin, and their own scopes', async () => {
    const editor = await ocean.aToken('editor')
    const [tagger, untagger] = [
      await ocean.aToken('admin', ['tag:create']),
      await ocean.aToken('admin', ['tag:delete']),
    ]
    const statuses = async (key: string) => {
      const path = '/v2/tags/scoped/resources'
      const body = resources()
      return [
        (await ocean.ask('POST', path, { body, key })).status,
        (await ocean.ask('DELETE', path, { body, key })).status,
      ]
    }
    expect(await statuses(editor)).toEqual([403, 403])
    expect(await statuses(tagger)).toEqual([204, 403])
    expect(await statuses(untagger)).toEqual([403, 204])
  })
})

test('the account is the token’s operator', async () => {
  const { status, body } = await ocean.ask('GET', '/v2/account')
  const account = { uuid: ocean.running.operator, email: 'tester', name: 'tester', status: 'active' }
  expect([status, body.account]).toEqual([200, expect.objectContaining(account)])
  expect((await ocean.ask('GET', '/v2/account', { key: await ocean.aToken('viewer', ['database:read']) })).status).toBe(
    403,
  )
})
