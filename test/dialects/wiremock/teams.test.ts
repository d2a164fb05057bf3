import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWiremock, detailsOf, type Member, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let maker: Member
let mate: Member
beforeAll(async () => {
  wiremock = await aWiremock()
  maker = await wiremock.aMember('viewer')
  mate = await wiremock.aMember('viewer')
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const make = (name: string, key = maker.key) => wiremock.ask('POST', '/v1/teams', { key, body: { team: { name } } })
const join = (team: string, memberId: string, role = 'team_member', key = maker.key) => {
  const body = { member: { memberId, permissionFriendlyId: role } }
  return wiremock.ask('POST', `/v1/teams/${team}/members`, { key, body })
}
const idsIn = (items: readonly { id: string }[]) => items.map(({ id }) => id)

describe('a team', () => {
  test('is made by any member, who is its admin then', async () => {
    const { status, body } = await make('Makers')
    expect(status).toBe(201)
    const { id } = body.team
    expect((await wiremock.ask('GET', `/v1/teams/${id}`, { key: mate.key })).body).toEqual(body)
    expect((await join(id, mate.id, 'team_member', mate.key)).status).toBe(403)
    expect((await join(id, mate.id)).status).toBe(201)
    const members = await wiremock.ask('GET', `/v1/teams/${id}/members`, { key: mate.key })
    expect(idsIn(members.body.members)).toEqual([maker.id, mate.id])
    const own = await wiremock.ask('GET', '/v1/users/self/teams', { key: mate.key })
    expect(idsIn(own.body.teams)).toContain(id)
    const found = await wiremock.ask('GET', `/v1/organisations/${wiremock.running.project}/teams?q=MAKE`)
    expect(idsIn(found.body.teams)).toEqual([id])
  })
  test('has a name of its own', async () => {
    await make('Taken')
    const again = await make('Taken')
    expect([again.status, again.body.errors[0].title]).toEqual([422, 'Invalid team'])
    expect(detailsOf(await make(' '))[0]).toContain('json pointer /team/name has a value')
  })
  test('keeps its last admin, and is left by the others', async () => {
    const { id } = (await make('Leavers')).body.team
    await join(id, mate.id)
    const leave = (who: Member) => wiremock.ask('DELETE', `/v1/teams/${id}/members/${who.id}`, { key: who.key })
    expect((await leave(maker)).status).toBe(409)
    expect((await join(id, maker.id)).status).toBe(409)
    expect((await leave(mate)).status).toBe(204)
    expect((await leave(mate)).status).toBe(404)
  })
  test('is deleted with a 200, and its 404 is a list of errors', async () => {
    const { id } = (await make('Short')).body.team
    const path = `/v1/teams/${id}`
    expect((await wiremock.ask('DELETE', path, { key: mate.key })).status).toBe(403)
    const gone = await wiremock.ask('DELETE', path, { key: maker.key })
    expect([gone.status, gone.text]).toEqual([200, '{}'])
    expect((await wiremock.ask('GET', path)).body.errors).toHaveLength(1)
  })
})

describe('the organisation', () => {
  const path = () => `/v1/organisations/${wiremock.running.project}`
  test('shows itself and who belongs to it', async () => {
    const { body } = await wiremock.ask('GET', path(), { key: mate.key })
    expect(body.organisation).toMatchObject({ id: wiremock.running.project, name: 'test' })
    const users = await wiremock.ask('GET', `${path()}/users?q=${mate.username}`, { key: maker.key })
    expect(idsIn(users.body.users)).toEqual([mate.id])
  })
  test('is renamed by its owner, and is deleted by nobody while servers are managed', async () => {
    await wiremock.create()
    const named = (name: string, key?: string) => wiremock.ask('PUT', path(), { key, body: { organisation: { name } } })
    expect((await named('renamed', (await wiremock.aMember('admin')).key)).status).toBe(403)
    expect((await named('renamed')).body.organisation.name).toBe('renamed')
    for (const wrong of ['', 'x'.repeat(65), 'line\nbreak']) expect((await named(wrong)).status).toBe(422)
    expect((await wiremock.ask('DELETE', path())).status).toBe(409)
  })
  test('lets a member go, who then has no access by any list', async () => {
    const leaver = await wiremock.aMember('editor')
    expect((await wiremock.ask('DELETE', `${path()}/members/${leaver.id}`)).status).toBe(204)
    expect((await wiremock.ask('GET', wiremock.home, { key: leaver.key })).status).toBe(403)
  })
  test('counts the connections that the caller sees', async () => {
    const usage = async (key?: string) =>
      (await wiremock.ask('GET', `/v1/subscriptions/${wiremock.running.project}/usage`, { key })).body.usage
    const before = await usage(mate.key)
    const id = await wiremock.create()
    expect(await usage(mate.key)).toEqual({ totalDatabaseConnectionCount: before.totalDatabaseConnectionCount + 1 })
    await wiremock.ask('DELETE', `/v1/database-connections/${id}/acl/organisation/${wiremock.running.project}`)
    expect(await usage(mate.key)).toEqual(before)
  })
})

test('a user says of itself how it is called', async () => {
  const user = { emailAddress: 'ada@example.test', marketingOptIn: false, name: 'Ada' }
  const changed = await wiremock.ask('PUT', '/v1/users/self', { key: mate.key, body: { user } })
  expect([changed.status, changed.body.user]).toMatchObject([200, { ...user, id: mate.id }])
  const missing = await wiremock.ask('PUT', '/v1/users/self', { key: mate.key, body: { user: {} } })
  expect(missing.body.errors).toHaveLength(2)
})
