import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mongodbServers, postgresqlServer } from '../../support/servers.ts'
import { type Atlas, anAtlas } from './atlas.ts'

let atlas: Atlas
let group: string
let away: string
const connections: string[] = []

beforeAll(async () => {
  atlas = await anAtlas()
  group = atlas.running.project
  const server = await mongodbServers()[0]!.start()
  const near = await atlas.running.connect(server, { instanceName: 'orders-eu', slug: 'eu-west-1' })
  const far = await atlas.running.connect({ ...server, host: '127.0.0.9', port: 9 }, { instanceName: 'orders-us' })
  away = far.instance
  connections.push(near.connection, far.connection)
  await atlas.running.connect(await postgresqlServer(), { instanceName: 'ledger' })
}, 120_000)
afterAll(() => atlas?.[Symbol.asyncDispose]())

const at = (generation: string, below = '', accept = '*/*', as = atlas.running.key) =>
  atlas.ask('GET', `/api/atlas/${generation}/groups/${group}/clusters${below}`, { as, headers: { accept } })
const dated = (date: string) => at('v2', '/orders-eu', `application/vnd.atlas.${date}+json`)

describe('clusters', () => {
  test('are the MongoDB servers of the project, oldest first, whether they answer or not', async () => {
    const { body } = await at('v1.0')
    const seen = body.results.map((one: Record<string, string>) => [one.name, one.stateName, one.mongoDBMajorVersion])
    expect(seen).toEqual([
      ['orders-eu', 'IDLE', '8.2'],
      ['orders-us', 'REPAIRING', undefined],
    ])
    expect((await atlas.v1('GET', '')).body.clusterCount).toBe(2)
  })

  test('have what all three shapes have', async () => {
    const id = (await at('v1.0', '/orders-eu')).body.id
    expect(id).toMatch(/^[0-9a-f]{24}$/)
    for (const answer of [await at('v1.0', '/orders-eu'), await at('v1.5', '/orders-eu'), await dated('2024-08-05')])
      expect(answer.body).toMatchObject({
        id,
        groupId: group,
        name: 'orders-eu',
        clusterType: 'REPLICASET',
        stateName: 'IDLE',
        paused: false,
        backupEnabled: false,
        labels: [],
        tags: [],
        diskSizeGB: null,
        connectionStrings: {
          standard: expect.stringMatching(/^mongodb:\/\/127\.0\.0\.1:\d+\/\?ssl=false&authSource=admin$/),
        },
      })
  })

  test('differ by version in how they say where they are', async () => {
    const specs = async (answer: ReturnType<typeof at>) => (await answer).body.replicationSpecs
    const region = 'EU_WEST_1'
    expect(await specs(at('v1.0', '/orders-eu'))).toMatchObject([
      { numShards: 1, regionsConfig: { [region]: { priority: 7 } } },
    ])
    const configs = [{ regionName: region, electableSpecs: { nodeCount: 3 }, priority: 7 }]
    for (const answer of [at('v1.5', '/orders-eu'), dated('2023-02-01')])
      expect(await specs(answer)).toMatchObject([{ numShards: 1, regionConfigs: configs }])
    const [latest] = await specs(dated('2024-08-05'))
    expect(latest).toMatchObject({ zoneId: expect.stringMatching(/^[0-9a-f]{24}$/), regionConfigs: configs })
    expect(latest).not.toHaveProperty('numShards')
    const first = await dated('2023-01-01')
    expect(first.body).toMatchObject({ mongoURI: expect.stringMatching(/^mongodb:\/\/[^/]+$/), numShards: 1 })
    expect((await dated('2023-02-01')).body).not.toHaveProperty('mongoURI')
  })

  test('are the same in v1.0 as in the version that it equals, but for links', async () => {
    const [{ links: _, ...legacy }, { links: __, ...current }] = [
      (await at('v1.0', '/orders-eu')).body,
      (await dated('2023-01-01')).body,
    ]
    expect(legacy).toEqual(current)
  })

  test('have links that say which generation they are of', async () => {
    const rels = ['self', 'https://cloud.mongodb.com/restoreJobs', 'https://cloud.mongodb.com/snapshots']
    const { links } = (await at('v1.0', '/orders-eu')).body
    const self = `http://localhost:80/api/atlas/v1.0/groups/${group}/clusters/orders-eu`
    expect(links.map(({ rel }: { rel: string }) => rel)).toEqual(rels)
    expect(links.map(({ href }: { href: string }) => href)).toEqual([
      self,
      `${self}/backup/restoreJobs`,
      `${self}/backup/snapshots`,
    ])
    const [own] = (await dated('2024-08-05')).body.links
    expect(own.href).toMatch(/\/v2\/groups\/.+\?includeDeletedWithRetainedBackups=false$/)
  })

  test('that there are not are named', async () => {
    for (const name of ['ledger', 'Orders-EU', 'x y'])
      expect((await at('v1.0', `/${encodeURIComponent(name)}`)).body).toMatchObject({
        error: 404,
        errorCode: 'CLUSTER_NOT_FOUND',
        parameters: [name, group],
      })
  })

  test('are neither made nor changed here', async () => {
    for (const [method, below] of [
      ['POST', ''],
      ['PATCH', '/orders-eu'],
      ['DELETE', '/orders-eu'],
    ] as const) {
      const { status, headers } = await atlas.v1(method, `/clusters${below}`, { body: {} })
      expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD'])
    }
  })

  test('of all projects are listed with their projects', async () => {
    const { body } = await atlas.ask('GET', '/api/atlas/v1.0/clusters')
    expect(body.results).toMatchObject([
      {
        groupId: group,
        groupName: 'test',
        orgId: atlas.org,
        clusters: [
          {
            name: 'orders-eu',
            type: 'REPLICA_SET',
            availability: 'available',
            versions: [expect.stringMatching(/^8/)],
          },
          { name: 'orders-us', availability: 'unavailable', versions: [] },
        ],
      },
    ])
  })

  test('that an access list hides are not there', async () => {
    for (const connection of connections) {
      const grant = `/v1/database-connections/${connection}/acl/organisation/${group}`
      expect((await atlas.running.ask('DELETE', grant)).status).toBe(204)
    }
    const viewer = await atlas.aKey('viewer')
    expect((await at('v1.0', '', '*/*', viewer)).body).toMatchObject({ results: [], totalCount: 0 })
    expect((await at('v1.0', '/orders-eu', '*/*', viewer)).body.errorCode).toBe('CLUSTER_NOT_FOUND')
    expect((await atlas.v1('GET', '', { as: viewer })).body.clusterCount).toBe(0)
  })

  test('tell a key that may not know where servers are nothing of it', async () => {
    const projects = [{ projectId: group, role: 'owner' as const, scopes: ['database:read'] }]
    const narrow = await atlas.aKey('owner', { key: { projects } })
    const { body } = await at('v1.0', '/orders-eu', '*/*', narrow)
    expect(body.connectionStrings).toEqual({})
    expect(JSON.stringify(body)).not.toContain('127.0.0.1')
  })

  test('go by the name that they have now', async () => {
    await atlas.running.native('PATCH', `/instances/${away}`, { body: { name: 'orders-asia' } })
    expect((await at('v1.0', '/orders-asia')).status).toBe(200)
    expect((await at('v1.0', '/orders-us')).status).toBe(404)
  })
})
