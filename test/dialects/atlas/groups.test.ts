import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anotherProject } from '../../support/people.ts'
import { postgresqlServer } from '../../support/servers.ts'
import { type Atlas, anAtlas, V2 } from './atlas.ts'

let atlas: Atlas
let group: string
beforeAll(async () => {
  atlas = await anAtlas()
  group = atlas.running.project
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

const api = (method: string, below: string, body?: unknown) => atlas.ask(method, `/api/atlas/v1.0${below}`, { body })
const create = (name: unknown, more: object = {}) => api('POST', '/groups', { name, orgId: atlas.org, ...more })

describe('projects', () => {
  test('are listed with links of their own, oldest first', async () => {
    const { body: made } = await create('second')
    const { body } = await api('GET', '/groups')
    expect(body.results.map(({ id }: { id: string }) => id)).toEqual([group, made.id])
    expect(body.results[0]).toEqual({
      clusterCount: 0,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      id: group,
      links: [{ href: `http://localhost:80/api/atlas/v1.0/groups/${group}`, rel: 'self' }],
      name: 'test',
      orgId: atlas.org,
      tags: [],
      withDefaultAlertsSettings: false,
    })
    expect((await api('GET', `/orgs/${atlas.org}/groups`)).body.results).toEqual(body.results)
    expect((await api('DELETE', `/groups/${made.id}`)).status).toBe(202)
  })

  test('one has links to what belongs to it, under names that are whole addresses', async () => {
    const { body } = await atlas.ask('GET', `/api/atlas/v2/groups/${group}`, { headers: V2 })
    const rels = ['containers', 'clusters', 'databaseUsers', 'peers', 'processes', 'whitelist']
    expect(body.links).toEqual([
      ...rels.map(rel => ({
        href: `http://localhost:80/api/atlas/v2/groups/${group}/${rel}`,
        rel: `https://cloud.mongodb.com/${rel}`,
      })),
      { href: `http://localhost:80/api/atlas/v2/groups/${group}`, rel: 'self' },
    ])
  })

  test('are found by name, escaped or not', async () => {
    const { body } = await create("a+b's(c)&ß")
    for (const name of ["a+b's(c)&%C3%9F", 'a%2Bb%27s%28c%29%26%c3%9f'])
      expect((await api('GET', `/groups/byName/${name}`)).body.id).toBe(body.id)
    expect((await api('GET', '/groups/byName/nobody')).body).toMatchObject({
      error: 404,
      errorCode: 'GROUP_NAME_NOT_FOUND',
      parameters: ['nobody'],
    })
  })

  test('are made, renamed and removed', async () => {
    const { status, body } = await create('third', { withDefaultAlertsSettings: null, tags: [] })
    expect([status, body.name, body.orgId]).toEqual([201, 'third', atlas.org])
    const renamed = await api('PATCH', `/groups/${body.id}`, { name: 'fourth', id: undefined, links: body.links })
    expect([renamed.status, renamed.body.name]).toEqual([200, 'fourth'])
    expect((await api('PATCH', `/groups/${body.id}`, {})).body.name).toBe('fourth')
    const gone = await api('DELETE', `/groups/${body.id}`)
    expect([gone.status, gone.text]).toEqual([202, '{}'])
    expect((await api('GET', `/groups/${body.id}`)).body.errorCode).toBe('GROUP_NOT_FOUND')
  })

  test('of one name there are no two that one caller sees', async () => {
    expect((await create('test')).body).toMatchObject({
      error: 409,
      errorCode: 'GROUP_ALREADY_EXISTS',
      parameters: ['test'],
    })
  })

  test('are refused by code', async () => {
    const outcome = async (answer: ReturnType<typeof create>) => {
      const { status, body } = await answer
      return [status, body.errorCode, body.parameters]
    }
    expect(await outcome(create('x', { orgId: '0'.repeat(24) }))).toEqual([404, 'ORG_NOT_FOUND', ['0'.repeat(24)]])
    expect(await outcome(create(undefined))).toEqual([400, 'MISSING_ATTRIBUTE', ['name']])
    expect(await outcome(create(7))).toEqual([400, 'INVALID_JSON_ATTRIBUTE', ['name']])
    expect(await outcome(create('x', { nmae: 1 }))).toEqual([400, 'INVALID_ATTRIBUTE', ['nmae']])
    for (const name of ['x'.repeat(65), '', 'a b', 'a/b', 'a\u0000'])
      expect(await outcome(create(name))).toEqual([400, 'VALIDATION_ERROR', []])
    expect(await outcome(create('x', { tags: [{ key: 'a', value: 'b' }] }))).toEqual([
      400,
      'FEATURE_UNSUPPORTED',
      ['tags of projects'],
    ])
    const patched = api('PATCH', `/groups/${group}`, { name: 'y', groupId: '0'.repeat(24) })
    expect(await outcome(patched)).toEqual([400, 'GROUP_MISMATCH', []])
    expect(await outcome(api('PATCH', `/groups/${group}`, { groupId: 7 }))).toEqual([
      400,
      'INVALID_JSON_ATTRIBUTE',
      ['groupId'],
    ])
    expect(await outcome(api('PATCH', `/groups/${group}`, { groupId: '', name: 'test' }))).toEqual([
      200,
      undefined,
      undefined,
    ])
    expect(await outcome(api('GET', '/orgs/nonsense'))).toEqual([404, 'INVALID_ORG_ID', ['nonsense']])
  })

  test('stay while they have servers', async () => {
    await using other = await anAtlas()
    await other.running.connect(await postgresqlServer())
    const { status, body } = await other.v1('DELETE', '')
    expect([status, body.errorCode]).toEqual([409, 'CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS'])
  })

  test('are told of in whatever else clients read of them', async () => {
    const read = async (what: string) => (await atlas.v1('GET', `/${what}`)).body
    for (const what of ['teams', 'users']) expect(await read(what)).toMatchObject({ results: [], totalCount: 0 })
    expect(await read('limits')).toEqual([])
    expect(await read('ipAddresses')).toEqual({ groupId: group, services: { clusters: [] } })
    expect(Object.values(await read('settings')).every(value => value === false)).toBe(true)
    expect(await read('userSecurity')).toMatchObject({ customerX509: { cas: '' } })
    const refused = await atlas.v1('PATCH', '/userSecurity', { body: { customerX509: { cas: 'x' } } })
    expect([refused.status, refused.body.errorCode]).toEqual([400, 'FEATURE_UNSUPPORTED'])
    expect((await atlas.v1('DELETE', '/userSecurity/customerX509')).status).toBe(400)
  })
})

describe('who may do what', () => {
  test('too small a role is 401, without a challenge', async () => {
    const as = await atlas.aKey('viewer')
    const { status, body, headers } = await atlas.v1('DELETE', '', { as })
    expect([status, body.errorCode]).toEqual([401, 'USER_UNAUTHORIZED'])
    expect(headers['www-authenticate']).toBeUndefined()
  })

  test('a key with scopes does what they say', async () => {
    const projects = [{ projectId: group, role: 'owner' as const, scopes: ['database:read'] }]
    const as = await atlas.aKey('owner', { key: { projects } })
    expect((await atlas.v1('GET', '/clusters', { as })).status).toBe(200)
    expect((await atlas.v1('GET', '', { as })).body.errorCode).toBe('USER_UNAUTHORIZED')
  })

  test('a project of others can not be told from one that there is not', async () => {
    const foreign = await anotherProject(atlas.running.app.store)
    const told = async (id: string) => {
      const { status, body } = await api('GET', `/groups/${id}`)
      return [status, body.errorCode, body.detail]
    }
    const nothing = [401, 'NOT_IN_GROUP', 'The current user is not in the group, or the group does not exist.']
    expect(await told(foreign)).toEqual(nothing)
    expect(await told('0'.repeat(24))).toEqual(nothing)
    for (const id of ['nonsense', 'A'.repeat(24), '0'.repeat(23)])
      expect((await api('GET', `/groups/${id}`)).body).toMatchObject({
        errorCode: 'INVALID_GROUP_ID',
        parameters: [id],
      })
  })
})

describe('the root, and what is asked beside', () => {
  test('tells a caller who it is', async () => {
    const { id, publicKey } = atlas.running.key
    for (const path of ['', '/']) {
      const { body } = await api('GET', path)
      expect(body).toMatchObject({ appName: 'MongoDB Atlas', throttling: false, apiKey: { id, publicKey } })
      expect(body.apiKey.roles).toContainEqual({ groupId: group, roleName: 'GROUP_OWNER' })
    }
    expect((await atlas.ask('GET', '/api/atlas/v2', { headers: V2 })).status).toBe(200)
    expect((await atlas.ask('GET', '/api/atlas/v2')).status).toBe(406)
  })

  test('tells anybody the version, and the address they come from', async () => {
    const open = (path: string) => atlas.ask('GET', `/api/private/${path}`, { as: null })
    const version = await open('unauth/version')
    expect([version.status, version.text]).toEqual([200, expect.stringMatching(/^rolecall /)])
    expect(version.headers['x-mongodb-service-version']).toMatch(/^gitHash=[0-9a-f]{40}; versionString=v/)
    expect((await open('unauth/nds/defaultMongoDBMajorVersion')).text).toMatch(/^\d\.\d$/)
    expect((await open('ipinfo')).body).toEqual({ currentIpv4Address: '127.0.0.1' })
    expect((await open('nothing')).body.errorCode).toBe('RESOURCE_NOT_FOUND')
  })

  test('there is one organization', async () => {
    const { body } = await api('GET', '/orgs')
    expect(body).toMatchObject({ results: [{ id: atlas.org, name: 'Rolecall', isDeleted: false }], totalCount: 1 })
    expect((await api('GET', `/orgs/${atlas.org}`)).body).toEqual(body.results[0])
  })
})

describe('rates', () => {
  test('of a key that are spent are told', async () => {
    await using other = await anAtlas({ flags: { '--limits-rate-per-minute': '2' } })
    for (let asked = 0; asked < 2; asked += 1) expect((await other.v1('GET', '')).status).toBe(200)
    const { status, body, headers } = await other.v1('GET', '/nothing')
    expect([status, body.errorCode]).toEqual([429, 'RATE_LIMITED'])
    expect(headers['retry-after']).toMatch(/^\d+$/)
  })
})
