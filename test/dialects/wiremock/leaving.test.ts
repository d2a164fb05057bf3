import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anotherProject } from '../../support/people.ts'
import { aWiremock, type Member, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const store = () => wiremock.running.app.store
const putOut = ({ id }: Member) => wiremock.ask('DELETE', `/v1/organisations/${wiremock.running.project}/members/${id}`)
const join = (project: string, { id }: Member, role: 'viewer' | 'owner' = 'viewer') =>
  store().transaction(tables => tables.members.set(project, id, role, Date.now()))
const organisationOf = async ({ id, key }: Member) =>
  (await wiremock.ask('GET', `/v1/users/${id}`, { key })).body.user.links.organisation as string

describe('a member that is removed', () => {
  test('has an organisation of its own then, which its key leads to', async () => {
    const member = await wiremock.aMember('editor')
    expect((await putOut(member)).status).toBe(204)
    const own = await organisationOf(member)
    expect(own).not.toBe(`/v1/organisations/${wiremock.running.project}`)
    const { key } = member
    expect((await wiremock.ask('GET', own, { key })).body.organisation.name).toBe(member.username)
    const users = await wiremock.ask('GET', `${own}/users`, { key })
    expect(users.body.users.map(({ id }: { id: string }) => id)).toEqual([member.id])
    const renamed = await wiremock.ask('PUT', own, { key, body: { organisation: { name: 'Mine' } } })
    expect(renamed.status).toBe(200)
    const list = await wiremock.ask('GET', '/v1/users/self/database-connections', { key })
    expect(list.body.meta.total).toBe(0)
    expect((await wiremock.ask('GET', `/v1/organisations/${wiremock.running.project}`, { key })).status).toBe(404)
  })
  test('opens the former organisation with none of its keys, even if it comes back', async () => {
    const member = await wiremock.aMember('editor')
    await putOut(member)
    await join(wiremock.running.project, member)
    const native = await wiremock.running.native('GET', `/projects/${wiremock.running.project}`, { key: member.key })
    expect(native.status).toBe(404)
  })
  test('gets from a weak key no stronger one', async () => {
    const { project } = wiremock.running
    const member = await wiremock.aMember('editor', { key: { projects: [{ projectId: project, role: 'viewer' }] } })
    await putOut(member)
    const body = { organisation: { name: 'Mine' } }
    const own = await organisationOf(member)
    expect((await wiremock.ask('PUT', own, { key: member.key, body })).status).toBe(403)
  })
  test('takes along no key that others made for it, nor one that was made with such a key', async () => {
    const { native, project } = wiremock.running
    const member = await wiremock.aMember('editor')
    const make = (key?: string, body: object = {}) =>
      native('POST', `/projects/${project}/keys`, { key, body: { role: 'editor', ...body } })
    const given = (await make(undefined, { operator: member.id })).body.private
    const handedOn = (await make(given)).body.private
    const own = (await make(member.key)).body.private
    await putOut(member)
    const statuses = [given, handedOn, own, member.key].map(
      async key => (await native('GET', '/projects', { key })).status,
    )
    expect(await Promise.all(statuses)).toEqual([401, 401, 200, 200])
  })
  test('stays where else it belongs, without another organisation', async () => {
    const member = await wiremock.aMember('viewer')
    const elsewhere = await anotherProject(store())
    await join(elsewhere, member)
    expect((await putOut(member)).status).toBe(204)
    const memberships = await store().read.members.listOf(member.id)
    expect(memberships.map(({ projectId }) => projectId)).toEqual([elsewhere])
  })
  test('is not the last owner', async () => {
    const { operator: id } = wiremock.running
    expect((await putOut({ id } as Member)).status).toBe(409)
    expect((await putOut(await wiremock.aMember('owner'))).status).toBe(204)
  })
})

describe('a user that deletes itself', () => {
  const end = (user: string, key: string) => wiremock.ask('DELETE', `/v1/users/${user}`, { key })

  test('is gone, with its keys, teams and access', async () => {
    const member = await wiremock.aMember('viewer')
    const team = await wiremock.ask('POST', '/v1/teams', { key: member.key, body: { team: { name: 'Left alone' } } })
    expect(team.status).toBe(201)
    const answer = await end(member.id, member.key)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await wiremock.ask('GET', wiremock.home, { key: member.key })).status).toBe(401)
    expect(await store().read.operators.find(member.id)).toBeUndefined()
    const members = await wiremock.ask('GET', `/v1/teams/${team.body.team.id}/members`)
    expect(members.body.members).toEqual([])
  })
  test('is nobody else, not even for an owner', async () => {
    const member = await wiremock.aMember('viewer')
    expect((await end(member.id, wiremock.running.key.privateKey)).status).toBe(403)
  })
  test('takes along the organisation that it is alone in, unless servers are managed there', async () => {
    const member = await wiremock.aMember('viewer')
    await putOut(member)
    const own = (await organisationOf(member)).split('/').at(-1)!
    const body = {
      databaseConnection: {
        ...{ connectionName: 'mine', databaseType: 'POSTGRESQL', host: 'db.example.test', port: 5432 },
        ...{ databaseName: 'd', username: 'u', password: 'a password of mine' },
      },
    }
    const made = await wiremock.ask('POST', '/v1/users/self/database-connections', { key: member.key, body })
    expect(made.status).toBe(201)
    expect((await end('self', member.key)).status).toBe(409)
    const connection = `/v1/database-connections/${made.body.databaseConnection.id}`
    expect((await wiremock.ask('DELETE', connection, { key: member.key })).status).toBe(204)
    expect((await end('self', member.key)).status).toBe(204)
    expect(await store().read.projects.find(own)).toBeUndefined()
  })
  test('is neither the first operator nor the last owner among others', async () => {
    expect((await end(wiremock.running.operator, wiremock.running.key.privateKey)).status).toBe(409)
    const owner = await wiremock.aMember('viewer')
    await putOut(owner)
    const own = (await organisationOf(owner)).split('/').at(-1)!
    const guest = await wiremock.aMember('viewer')
    await join(own, guest)
    expect((await end(owner.id, owner.key)).status).toBe(409)
    await join(own, guest, 'owner')
    expect((await end(owner.id, owner.key)).status).toBe(204)
  })
  test('does it with a key that may do all that it may', async () => {
    const { project } = wiremock.running
    const weak = await wiremock.aMember('editor', { key: { projects: [{ projectId: project, role: 'viewer' }] } })
    expect((await end(weak.id, weak.key)).status).toBe(403)
    const scopes = ['database:read'] as const
    const scoped = await wiremock.aMember('viewer', {
      key: { projects: [{ projectId: project, role: 'viewer', scopes: [...scopes] }] },
    })
    expect((await end(scoped.id, scoped.key)).status).toBe(403)
    const partial = await wiremock.aMember('viewer')
    await join(await anotherProject(store()), partial)
    expect((await end(partial.id, partial.key)).status).toBe(403)
  })
})
