import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../../support/app.ts'
import { anotherProject, aPerson, type Person } from '../../support/people.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aConnection, aWiremock, type Wiremock } from './wiremock.ts'

/** The five points of the contract's acceptance, each on a Rolecall of its own. */
let wiremock: Wiremock
let server: TestServer
beforeAll(async () => {
  server = await postgresqlServer()
})
const fresh = () => {
  beforeAll(async () => {
    wiremock = await aWiremock()
  })
  afterAll(() => wiremock[Symbol.asyncDispose]())
}
const refused = async (key: string) => (await wiremock.ask('GET', wiremock.home, { key })).status

describe('1. the published examples', () => {
  fresh()
  test('validate, and with equal data match apart from ids', async () => {
    const made = await wiremock.ask('POST', wiremock.home, { body: { databaseConnection: aConnection() } })
    const { id } = made.body.databaseConnection
    const row = `{"id":"${id}","connectionName":"My database connection","databaseType":"POSTGRESQL","host":"my-db.example.com","port":5432,"databaseName":"my-test-data","username":"alice","links":{"self":"/v1/data-connections/${id}"}}`
    expect([made.status, made.text]).toEqual([201, `{"databaseConnection":${row}}`])
    const home = `/v1/users/${wiremock.running.operator}/database-connections`
    const list = await wiremock.ask('GET', home)
    expect(list.text).toBe(
      `{"databaseConnections":[${row}],"links":{"self":"${home}?page=1&limit=20"},"meta":{"start":1,"end":1,"total":1,"page":1,"totalPages":1}}`,
    )
  })
  test('of refusals have their shapes', async () => {
    const { key } = await wiremock.aMember('viewer')
    const query = await wiremock.ask('GET', `${wiremock.home}?limit=x`)
    expect(Object.keys(query.body.errors[0])).toEqual(['title', 'detail'])
    const right = await wiremock.ask('POST', '/v1/users/self/database-connections', { key, body: {} })
    expect([right.status, right.text]).toEqual([403, '{"errors":[{"title":"Forbidden","source":{}}]}'])
    const body = await wiremock.ask('POST', wiremock.home, { body: { databaseConnection: {} } })
    expect(body.body.errors[0]).toMatchObject({ title: 'Invalid JSON', source: {} })
    const nobody = await wiremock.ask('GET', wiremock.home, { key: null })
    expect([nobody.status, nobody.text]).toEqual([401, 'Credentials are required to access this resource.'])
  })
})

describe('2. forty-five connections', () => {
  fresh()
  test('are walked from the first page to the last and back: each once, and no null in links', async () => {
    for (let n = 1; n <= 45; n += 1) await wiremock.create()
    const walk = async (from: string, way: 'next' | 'previous') => {
      const pages: Answer[] = []
      for (let path: string | undefined = from; path !== undefined; path = pages.at(-1)!.body.links[way])
        pages.push(await wiremock.ask('GET', path))
      return pages
    }
    const there = await walk(`${wiremock.home}?limit=7`, 'next')
    const back = await walk(there.at(-1)!.body.links.self, 'previous')
    const ids = (pages: readonly Answer[]) =>
      pages.flatMap(({ body }) => body.databaseConnections.map(({ id }: { id: string }) => id))
    expect(new Set(ids(there)).size).toBe(45)
    expect(ids(there)).toHaveLength(45)
    expect(ids(back.toReversed())).toEqual(ids(there))
    for (const { body } of [...there, ...back]) expect(Object.values(body.links)).not.toContain(null)
  })
})

describe('3. everybody', () => {
  fresh()
  let [member, mate, admin, outsider, revoked]: Person[] = []
  const connections: Record<'everybody' | 'team' | 'own' | 'hidden', string> = {
    everybody: '',
    team: '',
    own: '',
    hidden: '',
  }
  const put = (path: string) => wiremock.ask('PUT', path, { body: { grant: { role: 'database_connection_user' } } })

  beforeAll(async () => {
    const { store } = wiremock.running.app
    const { project } = wiremock.running
    member = await aPerson(store, project, 'viewer')
    mate = await aPerson(store, project, 'editor')
    admin = await aPerson(store, project, 'admin')
    revoked = await aPerson(store, project, 'admin', { key: { revokedAt: 1 } })
    outsider = await aPerson(store, await anotherProject(store), 'owner')
    for (const name of ['everybody', 'team', 'own', 'hidden'] as const) {
      connections[name] = await wiremock.create()
      const acl = `/v1/database-connections/${connections[name]}/acl`
      if (name !== 'everybody') await wiremock.ask('DELETE', `${acl}/organisation/${project}`)
    }
    const team = await wiremock.ask('POST', '/v1/teams', { body: { team: { name: 'Platform' } } })
    const { id } = team.body.team
    const mateJoins = { member: { memberId: mate.id, permissionFriendlyId: 'team_member' } }
    expect((await wiremock.ask('POST', `/v1/teams/${id}/members`, { body: mateJoins })).status).toBe(201)
    expect((await put(`/v1/database-connections/${connections.team}/acl/team/${id}`)).status).toBe(200)
    expect((await put(`/v1/database-connections/${connections.own}/acl/user/${member.id}`)).status).toBe(200)
  })

  async function seenBy(key: string, user = 'self') {
    const { status, body } = await wiremock.ask('GET', `/v1/users/${user}/database-connections`, { key })
    expect(status).toBe(200)
    const ids = body.databaseConnections.map(({ id }: { id: string }) => id)
    expect(body.meta).toMatchObject({ total: ids.length, end: ids.length, totalPages: ids.length > 0 ? 1 : 0 })
    for (const id of Object.values(connections)) {
      const one = await wiremock.ask('GET', `/v1/database-connections/${id}`, { key })
      if (user === 'self') expect(one.status).toBe(ids.includes(id) ? 200 : 404)
    }
    return ids
  }

  test('sees exactly what is theirs: member, team member, admin, outsider', async () => {
    const { everybody, team, own } = connections
    expect(await seenBy(member!.key)).toEqual([everybody, own])
    expect(await seenBy(mate!.key)).toEqual([everybody, team])
    expect(await seenBy(admin!.key)).toEqual(Object.values(connections))
    expect(await seenBy(outsider!.key)).toEqual([])
  })
  test('and an admin sees what another one sees', async () => {
    expect(await seenBy(admin!.key, member!.id)).toEqual([connections.everybody, connections.own])
    expect(await seenBy(admin!.key, wiremock.running.operator)).toEqual(Object.values(connections))
  })
  test('and a revoked key sees nothing', async () => {
    expect(await refused(revoked!.key)).toBe(401)
  })
  test('until a grant is taken away: with the next request', async () => {
    const path = `/v1/database-connections/${connections.own}/acl/user/${member!.id}`
    expect((await wiremock.ask('DELETE', path)).status).toBe(204)
    expect(await seenBy(member!.key)).toEqual([connections.everybody])
  })
})

describe('4. passwords', () => {
  fresh()
  const failed = (detail: string) => ({
    outcome: 'FAILURE',
    errors: [{ title: 'Could not connect to database.', detail }],
  })
  test('go in and never come out; a dead host is created all the same, and tested', async () => {
    const texts: string[] = []
    const ask: Wiremock['ask'] = async (...asked) => {
      const answer = await wiremock.ask(...asked)
      texts.push(answer.text, JSON.stringify(answer.headers))
      return answer
    }
    const { host, port, database: databaseName, username, password } = server
    const live = { databaseType: 'POSTGRESQL', host, port, databaseName, username, password }
    const body = { databaseConnection: aConnection({ host: '127.0.0.1', port: 9, password: 'kept-from-everybody' }) }
    const dead = await ask('POST', wiremock.home, { body })
    expect(dead.status).toBe(201)
    const stored = `/v1/database-connections/${dead.body.databaseConnection.id}`
    expect((await ask('POST', `${stored}/test`, { body: {} })).body.outcome).toBe('FAILURE')
    const typed = (own: object) => ask('POST', `${wiremock.home}/test`, { body: { ...live, ...own } })
    expect((await typed({})).body).toEqual({ outcome: 'SUCCESS' })
    const wrong = await typed({ password: 'not the password' })
    expect([wrong.status, wrong.body]).toEqual([200, failed('Password authentication attempt was rejected.')])
    await ask('PATCH', stored, {
      body: { databaseConnection: { ...body.databaseConnection, password: 'another-secret' } },
    })
    await ask('GET', `${stored}?view=rolecall`)
    const { store } = wiremock.running.app
    texts.push(JSON.stringify(await store.read.audit.list(wiremock.running.project, { limit: 100 })))
    for (const secret of ['kept-from-everybody', 'another-secret', 'not the password', password])
      expect(texts.filter(text => text.includes(secret))).toEqual([])
    // What stands in files and logs is looked at when this Rolecall is put away.
  })
})

describe('5. a connection in use', () => {
  fresh()
  test('is not deleted, and is once it is free', async () => {
    const id = await wiremock.create()
    const dataSource = { name: 'Products', type: 'DATABASE', databaseConnection: id, tableName: 'products' }
    const source = await wiremock.ask('POST', '/v1/users/self/data-sources', { body: { dataSource } })
    expect(source.status).toBe(201)
    const pointer = `/v1/data-sources/${source.body.dataSource.id}`
    const path = `/v1/database-connections/${id}`
    const inUse = await wiremock.ask('DELETE', path)
    expect(inUse.status).toBe(409)
    expect(inUse.body.errors).toMatchObject([{ title: 'Database connection in use', source: { pointer } }])
    expect((await wiremock.ask('DELETE', pointer)).status).toBe(204)
    const gone = await wiremock.ask('DELETE', path)
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect((await wiremock.ask('GET', path)).status).toBe(404)
  })
})
