import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let major: string

beforeAll(async () => {
  server = await postgresqlServer()
  major = String(server.major ?? 18)
  ocean = await aDigitalOcean()
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

let counted = 0

/** A server of its own for one test; nothing answers there unless it is the real one. */
async function aServer(own: object = {}): Promise<Registered> {
  const slug = `rack-${++counted}`
  const { instance, connection } = await ocean.running.connect(
    { ...server, host: 'db.example.test', port: 5000 + counted },
    { name: slug, slug, ...own },
  )
  return { id: instance, slug, connection }
}

interface Registered {
  readonly id: string
  readonly slug: string
  readonly connection: string
}

const wish = ({ slug }: Registered, own: object = {}) => ({
  name: `cluster-${counted}`,
  engine: 'pg',
  region: slug,
  size: 'byo',
  num_nodes: 1,
  ...own,
})
const create = (body: object, key?: string) => ocean.ask('POST', '/v2/databases', { body, key })
const get = (id: string) => ocean.ask('GET', `/v2/databases/${id}`)
const release = (id: string, key?: string) => ocean.ask('DELETE', `/v2/databases/${id}`, { key })
const names = async () =>
  (await ocean.ask('GET', '/v2/databases')).body.databases.map(({ name }: { name: string }) => name)
const forget = (id: string) => ocean.running.native('DELETE', `/instances/${id}`)

/** What the audit says of an instance: action and detail. */
async function auditOf(id: string): Promise<readonly string[]> {
  const { items } = await ocean.running.app.store.read.audit.list(ocean.running.project, { limit: 500 })
  const own = items.filter(line => line.subject === id && line.dialect === 'digitalocean')
  return own.map(({ action, detail }) => [action, ...detail].join(' ')).toReversed()
}

describe('adoption', () => {
  test('trap 14: gives a server the asked name, and answers exactly what was asked', async () => {
    const one = await aServer({ version: '16', tags: ['old'] })
    const asked = {
      name: 'Orders-2',
      version: '16',
      tags: ['b', 'A', ''],
      project_id: '9cc10173-e9ea-4176-9dbc-a4cee4c4ff30',
      private_network_uuid: 'd455e75d-4858-4eec-8c95-da2f0a5f93a7',
      storage_size_mib: 61440,
      do_settings: { service_cnames: ['db.example.test'] },
    }
    const body = wish(one, {
      ...asked,
      region: one.slug.toUpperCase(),
      rules: [],
      autoscale: { storage: { enabled: false } },
    })
    const made = await create(body)
    expect(made.status).toBe(201)
    expect(made.body.database).toMatchObject({
      ...asked,
      id: one.id,
      region: one.slug,
      tags: ['b', 'A'],
      status: 'online',
    })
    expect(made.body.database).toMatchObject({ size: 'byo', num_nodes: 1, rolecall: { adopted: true } })
    expect((await get(one.id)).body).toEqual(made.body)
    expect(await names()).toContain('Orders-2')
    expect(await auditOf(one.id)).toEqual(['instance.adopt Orders-2'])
    await forget(one.id)
  })

  test('takes "" and null as nothing, as godo sends them', async () => {
    const one = await aServer({ tags: ['kept'] })
    const empty = {
      version: '',
      private_network_uuid: '',
      project_id: '',
      rules: null,
      tags: null,
      backup_restore: null,
    }
    const { status, body } = await create(wish(one, empty))
    expect(status).toBe(201)
    expect(body.database).toMatchObject({ version: '', private_network_uuid: '', project_id: '', tags: ['kept'] })
    await forget(one.id)
  })

  test('again under the same name is no fault, and under another one is', async () => {
    const one = await aServer()
    const first = await create(wish(one, { name: 'first' }))
    expect((await create(wish(one, { name: 'first' }))).body.database.id).toBe(first.body.database.id)
    const { status, body } = await create(wish(one, { name: 'second' }))
    expect([status, body.message]).toEqual([422, 'The instance has been adopted under another name'])
    expect(await names()).toContain('first')
    await forget(one.id)
  })

  test.each([
    [{ region: 'nyc1' }, /region/],
    [{ region: '' }, /region/],
    [{ engine: 'mysql' }, /engine must be pg/],
    [{ engine: 'opensearch' }, /engine must be pg/],
    [{ size: 'db-s-1vcpu-1gb' }, /size must be byo/],
    [{ size: null }, /size must be byo/],
    [{ num_nodes: 2 }, /num_nodes must be 1/],
    [{ version: '17' }, /version must fit 16/],
    [{ version: '1' }, /version must fit 16/],
    [{ name: 'with_underscore' }, /name must/],
    [{ name: '' }, /name must/],
    [{ name: null }, /name is required/],
    [{ name: 7 }, /name/],
    [{ tags: ['a b'] }, /tags/],
    [{ rules: [{ type: 'ip_addr', value: '1.2.3.4' }] }, /rules must be empty/],
    [{ backup_restore: { database_name: 'x' } }, /backup_restore/],
    [{ autoscale: { storage: { enabled: true } } }, /autoscale/],
    [{ storage_size_mib: -1 }, /storage_size_mib/],
  ])('of %j is 422, and nothing is changed', async (own, words) => {
    const one = await aServer({ version: '16' })
    const { status, body } = await create(wish(one, own))
    expect([status, body.id]).toEqual([422, 'unprocessable_entity'])
    expect(body.message).toMatch(words)
    expect((await get(one.id)).body.database).toMatchObject({ name: one.slug, rolecall: { adopted: false } })
    await forget(one.id)
  })

  test('trap 15: refuses a name that another cluster is shown under, and frees it with its release', async () => {
    const [one, other] = [await aServer(), await aServer()]
    const isTaken = async (name: string) => (await create(wish(other, { name }))).body.message
    expect(await isTaken(one.slug)).toBe('cluster name is not available')
    await create(wish(one, { name: 'mine' }))
    expect(await isTaken('mine')).toBe('cluster name is not available')
    expect((await create(wish(other, { name: one.slug }))).status).toBe(201)
    expect(await names()).toEqual(['mine', one.slug])
    for (const { id } of [one, other]) await forget(id)
  })

  test('keeps its name for itself: no server is called so later', async () => {
    const one = await aServer()
    await create(wish(one, { name: 'reserved' }))
    const { running } = ocean
    const other = await aServer()
    const renamed = await running.native('PATCH', `/instances/${other.id}`, { body: { name: 'reserved' } })
    expect(renamed.status).toBe(409)
    const third = await aServer({ name: 'Reserved', slug: undefined })
    expect((await get(third.id)).body.database.name).toBe('reserved-2')
    for (const { id } of [one, other, third]) await forget(id)
  })

  test('of one name by two at once is one cluster', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => aServer()))
    const answers = await Promise.all(all.map(one => create(wish(one, { name: 'contended' }))))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422, 422])
    for (const { id } of all) await forget(id)
  })

  test('needs an admin, and the scope to create', async () => {
    const one = await aServer()
    for (const key of [await ocean.aToken('editor'), await ocean.aToken('admin', ['database:read', 'database:delete'])])
      expect((await create(wish(one), key)).status).toBe(403)
    expect((await create(wish(one), await ocean.aToken('admin', ['database:create']))).status).toBe(201)
    await forget(one.id)
  })
})

test('the native API says under which name each dialect shows it, and whether it does', async () => {
  const one = await aServer()
  const seen = async () => (await ocean.running.native('GET', `/instances/${one.id}`)).body.names.digitalocean
  expect(await seen()).toEqual({ id: one.id, name: one.slug, state: 'listed' })
  await create(wish(one, { name: 'here' }))
  expect(await seen()).toEqual({ id: one.id, name: 'here', state: 'claimed' })
  await release(one.id)
  expect(await seen()).toEqual({ id: one.id, name: one.slug, state: 'released' })
  await forget(one.id)
  const { id } = await aServer({ engine: 'oracle' })
  expect(Object.keys((await ocean.running.native('GET', `/instances/${id}`)).body.names)).toEqual(['native'])
  await forget(id)
})

describe('the version', () => {
  test('is compared with what the server says, which is asked this once', async () => {
    const { instance: id } = await ocean.running.connect(server, { name: 'real', slug: 'real' })
    const real = { id, slug: 'real', connection: '' }
    expect((await get(id)).body.database.version).toBe('')
    const wrong = await create(wish(real, { version: '9' }))
    expect([wrong.status, wrong.body.message]).toEqual([422, expect.stringContaining(`version must fit ${major}`)])
    const made = await create(wish(real, { version: major }))
    expect([made.status, made.body.database.version]).toEqual([201, major])
    expect(made.body.database.semantic_version).not.toBe(major)
    await forget(id)
  })

  test('can’t be compared while the server is away: that is worth a repeat', async () => {
    const { instance: id } = await ocean.running.connect({ ...server, port: 9 }, { name: 'away', slug: 'away' })
    const away = { id, slug: 'away', connection: '' }
    expect((await create(wish(away, { version: major }))).status).toBe(503)
    expect((await create(wish(away))).status).toBe(201)
    await forget(id)
  })

  test('trap 14: is the asked one as long as it is true, so that nothing is upgraded on paper', async () => {
    const { instance: id, connection } = await ocean.running.connect(server, { name: 'truth', slug: 'truth' })
    await ocean.running.native('POST', `/connections/${connection}/test`)
    const truth = { id, slug: 'truth', connection }
    const { semantic_version: full } = (await get(id)).body.database
    expect((await create(wish(truth, { name: 't', version: full }))).body.database.version).toBe(full)
    const { store } = ocean.running.app
    const after = { version: '99.1', readOnly: false, seenAt: Date.now() }
    await store.transaction(tables => tables.instances.see(id, { server: after, trust: false }))
    expect((await get(id)).body.database).toMatchObject({ version: '99', semantic_version: '99.1' })
    await forget(id)
  })
})

describe('the engine', () => {
  test.each([
    ['mysql', 'mysql', undefined],
    ['mongodb', 'mongodb', undefined],
    ['kafka', 'kafka', '3.8'],
    ['redis', 'redis', '7'],
  ])('%s is adopted as %s, and its server is not asked in vain', async (engine, word, version) => {
    const one = await aServer({ engine, version })
    const { status, body } = await create(wish(one, { engine: word, version }))
    expect([status, body.database?.engine, body.database?.version]).toEqual([201, word, version ?? ''])
    await forget(one.id)
  })
})

describe('a release', () => {
  test('hides it here and changes nothing on its server, until it is adopted again', async () => {
    const { instance: id } = await ocean.running.connect(server, { name: 'held', slug: 'held' })
    const held = { id, slug: 'held', connection: '' }
    await create(wish(held, { name: 'held-here', project_id: 'p' }))
    const made = await ocean.running.native('POST', `/instances/${id}/databases`, { body: { name: 'do_release' } })
    expect(made.status).toBe(201)
    expect((await release(id)).status).toBe(204)
    for (const path of ['', '/ca', '/dbs', '/autoscale', '/config'])
      expect((await ocean.ask('GET', `/v2/databases/${id}${path}`)).body.message).toBe('cluster not found')
    expect((await release(id)).status).toBe(404)
    expect(await names()).toEqual([])
    expect((await ocean.ask('GET', '/v2/databases/options')).body.options.pg.regions).toEqual(['held'])
    expect((await ocean.running.native('GET', `/instances/${id}`)).status).toBe(200)
    const engine = await engineClient(server)
    expect((await engine.query("select from pg_database where datname = 'do_release'")).rowCount).toBe(1)
    await engine.end()
    expect(await auditOf(id)).toEqual(['instance.adopt held-here', 'instance.release'])
    const again = await create(wish(held, { name: 'held-again' }))
    expect(again.body.database).toMatchObject({ id, name: 'held-again', project_id: '' })
    await ocean.running.native('DELETE', `/instances/${id}/databases/do_release`)
    await forget(id)
  })

  test('trap 1: comes from no user called ..: an address that ends in / is nobody’s', async () => {
    const one = await aServer()
    for (const path of [`/v2/databases/${one.id}/`, `/v2/databases//${one.id}`, `/v2/databases/${one.id}//`])
      expect((await ocean.ask('DELETE', path)).status).toBe(404)
    expect((await get(one.id)).status).toBe(200)
    await forget(one.id)
  })

  test('is refused where the policy says so', async () => {
    const one = await aServer({ policy: { onDelete: 'refuse' } })
    const { status, body } = await release(one.id)
    expect([status, body.message]).toEqual([422, expect.stringContaining('onDelete')])
    expect((await get(one.id)).status).toBe(200)
    await forget(one.id)
  })

  test('needs an admin, and the scope to delete', async () => {
    const one = await aServer()
    for (const key of [await ocean.aToken('editor'), await ocean.aToken('admin', ['database:read', 'database:create'])])
      expect((await release(one.id, key)).status).toBe(403)
    expect((await release(one.id, await ocean.aToken('admin', ['database:delete']))).status).toBe(204)
    await forget(one.id)
  })
})
