import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anotherProject, aPerson } from '../../support/people.ts'
import { aWiremock, detailsOf, type Member, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let id: string
let member: Member
beforeAll(async () => {
  wiremock = await aWiremock()
  id = await wiremock.create()
  member = await wiremock.aMember('viewer')
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const acl = (rest = '', of = id) => `/v1/database-connections/${of}/acl${rest}`
const grant = (role: string) => ({ body: { grant: { role } } })

describe('an access list', () => {
  test('says from the beginning that every member may see the connection', async () => {
    const { project } = wiremock.running
    const { status, body } = await wiremock.ask('GET', acl())
    const links = { self: { href: acl(`/organisation/${project}`) } }
    const line = { role: 'database_connection_user', subject: { type: 'organisation', id: project }, links }
    expect([status, body]).toEqual([200, { grants: [line] }])
  })
  test('takes, changes and gives up a line, and answers what was sent', async () => {
    const path = acl(`/user/${member.id}`)
    for (const role of ['database_connection_editor', 'database_connection_admin']) {
      const put = await wiremock.ask('PUT', path, grant(role))
      expect([put.status, put.text]).toEqual([200, JSON.stringify(grant(role).body)])
    }
    const { body } = await wiremock.ask('GET', acl(`?subjectId=${member.id}`))
    expect(body.grants.map(({ role }: { role: string }) => role)).toEqual(['database_connection_admin'])
    const one = await wiremock.ask('GET', `/v1/database-connections/${id}?view=rolecall`, { key: member.key })
    expect(one.body.databaseConnection.rolecall.access).toBe('admin')
    expect((await wiremock.ask('DELETE', path)).status).toBe(204)
    expect((await wiremock.ask('DELETE', path)).status).toBe(404)
  })
  test('takes no role of another family, and no JSON of another shape', async () => {
    const put = (body: unknown) => wiremock.ask('PUT', acl(`/user/${member.id}`), { body })
    const wrong = await put({ grant: { role: 'data_source_user' } })
    expect([wrong.status, detailsOf(wrong)[0]]).toEqual([
      422,
      'json pointer /grant/role has value "data_source_user"; it must be one of database_connection_user, database_connection_editor, database_connection_admin',
    ])
    expect((await put({ grant: {} })).status).toBe(422)
    expect((await put([])).status).toBe(422)
  })
  test('names nobody outside of the organisation', async () => {
    const { store } = wiremock.running.app
    const elsewhere = await anotherProject(store)
    const outsider = await aPerson(store, elsewhere, 'owner')
    const put = (rest: string) => wiremock.ask('PUT', acl(rest), grant('database_connection_user'))
    const answers = [
      `/user/${outsider.id}`,
      '/user/nobody12',
      `/organisation/${elsewhere}`,
      '/team/nobody12',
      '/robot/nobody12',
    ]
    for (const rest of answers) expect([rest, (await put(rest)).status]).toEqual([rest, 404])
  })
  test('is the business of admins', async () => {
    const { key } = member
    for (const path of [acl(), acl('/candidates')]) expect((await wiremock.ask('GET', path, { key })).status).toBe(403)
    const put = wiremock.ask('PUT', acl(`/user/${member.id}`), { key, ...grant('database_connection_admin') })
    expect((await put).status).toBe(403)
  })
  test('is the same under both names of the collection', async () => {
    const other = await wiremock.ask('GET', `/v1/data-connections/${id}/acl/candidates?limit=1`)
    expect(other.body.candidates[0].links.self.href).toContain(`/v1/data-connections/${id}/acl/`)
  })
})

describe('candidates', () => {
  test('are the organisation, its teams and its members, by a part of their names', async () => {
    const made = await wiremock.ask('POST', '/v1/teams', { body: { team: { name: 'Platform team' } } })
    const self = { href: acl(`/team/${made.body.team.id}`) }
    const found = await wiremock.ask('GET', acl('/candidates?q=PLATFORM'))
    expect(found.body).toEqual({ candidates: [{ name: 'Platform team', links: { self } }] })
    const all = await wiremock.ask('GET', acl('/candidates'))
    expect(all.body.candidates.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['test', 'Platform team', 'tester', member.username]),
    )
    expect((await wiremock.ask('GET', acl('/candidates?limit=2'))).body.candidates).toHaveLength(2)
    expect((await wiremock.ask('GET', acl('/candidates?limit=0'))).status).toBe(400)
  })
})
