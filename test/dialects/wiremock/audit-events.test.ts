import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aName, aWiremock, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let server: TestServer
let path: string
beforeAll(async () => {
  server = await postgresqlServer()
  wiremock = await aWiremock()
  path = `/v1/organisations/${wiremock.running.project}/audit-events`
})
afterAll(() => wiremock?.[Symbol.asyncDispose]())

// biome-ignore lint/suspicious/noExplicitAny: events of every kind.
type Event = any

/** Every event there is, however many links that takes. */
async function events(limit = 1000): Promise<readonly Event[]> {
  const all: Event[] = []
  for (let next: string | undefined = `${path}?limit=${limit}`; next !== undefined; ) {
    const { status, text, headers } = await wiremock.ask('GET', next)
    expect([status, headers['content-type']?.split(';')[0]]).toEqual([200, 'application/x-ndjson'])
    all.push(
      ...text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line)),
    )
    next = /^<(.+)>; rel="next"$/.exec(headers.link ?? '')?.[1]
  }
  return all
}

/** What was told while this happened. */
async function toldOf(work: () => Promise<unknown>): Promise<readonly Event[]> {
  const before = await events()
  await work()
  return (await events()).slice(before.length)
}

const entity = (entityType: string, id: unknown = expect.any(String), name: unknown = expect.any(String)) => ({
  id,
  name,
  entityType,
})

describe('audit events', () => {
  test('have the vendor’s form: one for each change of a connection', async () => {
    const connectionName = aName()
    let id = ''
    const told = await toldOf(async () => {
      id = await wiremock.create({ connectionName, password: 'never to be told' })
      await wiremock.running.native('PATCH', `/connections/${id}`, { body: { username: 'carol' } })
    })
    const { project, operator } = wiremock.running
    const common = {
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      eventId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
      entity: entity('DATABASE_CONNECTION', id, connectionName),
      organisation: entity('ORGANISATION', project, 'test'),
      principal: entity('USER', operator, 'tester'),
      clientType: 'API',
    }
    expect(told).toEqual([
      { ...common, action: 'CREATE' },
      { ...common, action: 'UPDATE' },
    ])
    expect(JSON.stringify(await events())).not.toContain('never to be told')
    await wiremock.ask('DELETE', `/v1/database-connections/${id}`)
    expect((await events()).at(-1)).toEqual({
      ...common,
      entity: entity('DATABASE_CONNECTION', id, id),
      action: 'DELETE',
    })
  })

  test('tell who was given what, and who is asked in', async () => {
    const { project } = wiremock.running
    const id = await wiremock.create()
    const member = await wiremock.aMember('viewer')
    const acl = `/v1/database-connections/${id}/acl/user/${member.id}`
    const team = (await wiremock.ask('POST', '/v1/teams', { body: { team: { name: 'Audited' } } })).body.team.id
    const told = await toldOf(async () => {
      await wiremock.ask('PUT', acl, { body: { grant: { role: 'database_connection_editor' } } })
      await wiremock.ask('DELETE', acl)
      const joining = { member: { memberId: member.id, permissionFriendlyId: 'team_member' } }
      await wiremock.ask('POST', `/v1/teams/${team}/members`, { body: joining })
      const invitation = { recipientEmailAddress: 'asked@example.test', role: 'organisation_admin' }
      await wiremock.ask('POST', `/v1/organisations/${project}/invitations`, { body: { invitation } })
      await wiremock.ask('DELETE', `/v1/organisations/${project}/members/${member.id}`)
    })
    const permission = (role: string) => ({ permissions: [{ id: role, friendlyId: role }] })
    const subject = entity('USER', member.id, member.username)
    expect(told).toMatchObject([
      { action: 'ACL_GRANT', entity: { id }, subject, permission: permission('database_connection_editor') },
      { action: 'ACL_REVOKE', entity: { id }, subject },
      { action: 'ACL_GRANT', entity: entity('TEAM', team, 'Audited'), subject, permission: permission('team_member') },
      { action: 'INVITE', parentEntity: entity('ORGANISATION', project), permission: permission('organisation_admin') },
      { action: 'ACL_REVOKE', entity: entity('ORGANISATION', project, 'test'), subject },
    ])
    expect(JSON.stringify(told)).not.toContain('asked@example.test')
  })

  test('tell a change on a server once, when it is done', async () => {
    const { instance } = await wiremock.running.connect(server)
    const name = `audited_${process.pid}`
    const told = await toldOf(async () => {
      await wiremock.running.native('POST', `/instances/${instance}/users`, { body: { name } })
      await wiremock.running.native('POST', `/instances/${instance}/users`, { body: { name: 'pg_refused' } })
      await wiremock.running.native('DELETE', `/instances/${instance}/users/${name}`)
    })
    expect(told).toMatchObject([
      { action: 'CREATE', entity: entity('DATABASE_USER', expect.stringContaining(name), name) },
      { action: 'DELETE', entity: entity('DATABASE_USER', expect.stringContaining(name), name) },
    ])
  })

  test('keep their ids and their order, in pages of any size', async () => {
    expect(await events(2)).toEqual(await events())
    expect(new Set((await events()).map(({ eventId }) => eventId)).size).toBe((await events()).length)
  })

  test('are for admins of the organisation', async () => {
    const { key } = await wiremock.aMember('editor')
    expect((await wiremock.ask('GET', path, { key })).status).toBe(403)
    expect((await wiremock.ask('GET', `${path}?after=x`)).status).toBe(400)
    expect((await wiremock.ask('GET', `${path}?limit=0`)).status).toBe(400)
  })
})
