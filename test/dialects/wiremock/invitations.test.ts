import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anotherProject, aPerson } from '../../support/people.ts'
import { aWiremock, detailsOf, type Member, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let home: string
let admin: Member
beforeAll(async () => {
  wiremock = await aWiremock()
  home = `/v1/organisations/${wiremock.running.project}/invitations`
  admin = await wiremock.aMember('admin')
})
afterAll(() => wiremock[Symbol.asyncDispose]())

let counted = 0
const anAddress = () => `new${++counted}@example.test`
const post = (invitation: object, key?: string) => wiremock.ask('POST', home, { key, body: { invitation } })
const accept = (code: string, own: { readonly username?: string; readonly key?: string | null } = {}) => {
  const { username, key = null } = own
  return wiremock.ask('POST', '/v1/invitations/accept', { key, body: { invitation: { code, username } } })
}

/** Invites somebody; answers the code. */
async function invited(
  own: object = {},
): Promise<{ readonly id: string; readonly code: string; readonly email: string }> {
  const email = anAddress()
  const answer = await post({ recipientEmailAddress: email, role: 'organisation_member', ...own })
  expect(answer.status, answer.text).toBe(201)
  return { id: answer.body.invitation.id, code: answer.headers['rolecall-invitation']!, email }
}

const roleOf = async (id: string) =>
  (await wiremock.running.app.store.read.members.find(wiremock.running.project, id))?.role

describe('an invitation', () => {
  test('is made by an owner, shown as published, and its code comes once, in a header', async () => {
    const recipientEmailAddress = anAddress()
    const answer = await post({ recipientEmailAddress, role: 'organisation_admin' })
    const { invitation } = answer.body
    expect([answer.status, invitation]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[a-z0-9]{5,10}$/),
        senderId: wiremock.running.operator,
        recipientEmailAddress,
        newUser: true,
        role: 'organisation_admin',
        created: expect.any(String),
        links: { self: `${home}/${invitation.id}` },
      },
    ])
    expect(answer.headers['rolecall-invitation']).toMatch(/^\w{40}$/)
    const one = await wiremock.ask('GET', invitation.links.self, { key: admin.key })
    expect([one.status, one.body]).toEqual([200, answer.body])
    expect(one.headers).not.toHaveProperty('rolecall-invitation')
    const found = await wiremock.ask('GET', `${home}?q=${recipientEmailAddress.toUpperCase()}`, { key: admin.key })
    expect(found.body).toEqual({ invitations: [invitation] })
  })
  test('opens nothing any more once its sender is disabled', async () => {
    const sender = await wiremock.aMember('owner')
    const answer = await post({ recipientEmailAddress: anAddress(), role: 'organisation_admin' }, sender.key)
    const { store } = wiremock.running.app
    await store.transaction(async tables => {
      await tables.operators.setDisabled(sender.id, await tables.now())
    })
    expect((await accept(answer.headers['rolecall-invitation']!)).status).toBe(404)
  })

  test('makes an operator of who has no key, with a key for this organisation', async () => {
    const { code, email } = await invited()
    const joined = await accept(code)
    const { user } = joined.body
    expect([joined.status, user]).toMatchObject([200, { username: email, emailAddress: email }])
    const key = joined.headers['rolecall-key']!
    const seen = await wiremock.ask('GET', `/v1/users/${user.id}`, { key })
    expect(seen.body.user.links.organisation).toBe(`/v1/organisations/${wiremock.running.project}`)
    expect(await roleOf(user.id)).toBe('viewer')
    expect((await wiremock.ask('GET', wiremock.home.replace(wiremock.running.operator, 'self'), { key })).status).toBe(
      200,
    )
  })
  test('takes in who has a key already: the same operator, and its other key stays as it is', async () => {
    const { store } = wiremock.running.app
    const outsider = await aPerson(store, await anotherProject(store), 'owner')
    const { code } = await invited({ role: 'organisation_admin' })
    const joined = await accept(code, { key: outsider.key })
    expect([joined.status, joined.body.user.id]).toEqual([200, outsider.id])
    expect(await roleOf(outsider.id)).toBe('admin')
    const own = `/v1/organisations/${wiremock.running.project}`
    expect((await wiremock.ask('GET', own, { key: outsider.key })).status).toBe(404)
    expect((await wiremock.ask('GET', own, { key: joined.headers['rolecall-key']! })).status).toBe(200)
  })
  test('is good once, also for two who come at the same moment', async () => {
    const { code } = await invited()
    const both = await Promise.all([accept(code, { username: 'first.one' }), accept(code, { username: 'second.one' })])
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 404])
    expect((await accept(code)).status).toBe(404)
  })
  test('ends when it is withdrawn, made anew, too old, or its sender may not invite any more', async () => {
    const withdrawn = await invited()
    expect((await wiremock.ask('DELETE', `${home}/${withdrawn.id}`)).status).toBe(204)
    expect((await wiremock.ask('DELETE', `${home}/${withdrawn.id}`)).status).toBe(404)
    const again = await invited()
    await post({ recipientEmailAddress: again.email.toUpperCase(), role: 'organisation_member' })
    const { store } = wiremock.running.app
    const sender = await aPerson(store, wiremock.running.project, 'owner')
    const demoted = await post({ recipientEmailAddress: anAddress(), role: 'organisation_member' }, sender.key)
    await store.transaction(tables => tables.members.set(wiremock.running.project, sender.id, 'admin', Date.now()))
    const codes = [withdrawn.code, again.code, demoted.headers['rolecall-invitation']!, 'x'.repeat(40)]
    const answers = await Promise.all(codes.map(code => accept(code)))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]!.status).toBe(404)
  })
  test('can be to a team, a data source or a connection, which come with it', async () => {
    const team = (await wiremock.ask('POST', '/v1/teams', { body: { team: { name: 'Guests' } } })).body.team.id
    const connection = await wiremock.create()
    await wiremock.ask('DELETE', `/v1/database-connections/${connection}/acl/organisation/${wiremock.running.project}`)
    const mate = await accept((await invited({ role: 'team_admin', aclObjectId: team })).code)
    const reader = await accept((await invited({ role: 'database_connection_user', aclObjectId: connection })).code)
    const members = await wiremock.ask('GET', `/v1/teams/${team}/members`)
    expect(members.body.members.map(({ id }: { id: string }) => id)).toContain(mate.body.user.id)
    const see = async ({ headers }: { headers: Readonly<Record<string, string>> }) =>
      (await wiremock.ask('GET', `/v1/database-connections/${connection}`, { key: headers['rolecall-key']! })).status
    expect([await see(reader), await see(mate)]).toEqual([200, 404])
    const { invitation } = (await post({ recipientEmailAddress: anAddress(), role: 'team_member', aclObjectId: team }))
      .body
    expect(invitation).toMatchObject({ role: 'team_member', aclObjectId: team })
  })
  test('says what is wrong with it', async () => {
    const wish = { recipientEmailAddress: anAddress(), role: 'organisation_member' }
    const wrong = async (own: object) => {
      const answer = await post({ ...wish, ...own })
      expect(answer.status, answer.text).toBe(422)
      return detailsOf(answer).join()
    }
    expect(await wrong({ recipientEmailAddress: 'nobody' })).toContain('/invitation/recipientEmailAddress has a value')
    expect(await wrong({ role: 'mock_api_user' })).toContain('it must be one of organisation_member,')
    expect(await wrong({ role: 'team_member' })).toContain('/invitation/aclObjectId not present')
    expect(await wrong({ role: 'team_member', aclObjectId: null })).toContain('/invitation/aclObjectId not present')
    expect(await wrong({ role: 'team_member', aclObjectId: 'nobody12' })).toContain(
      '/invitation/aclObjectId has a value',
    )
    expect(await wrong({ aclObjectId: 'nobody12' })).toContain('must be left out')
    expect((await post({ ...wish, aclObjectId: null })).status).toBe(201)
    const { code } = await invited()
    expect((await accept(code, { username: 'no spaces' })).status).toBe(422)
    expect((await accept(code, { username: admin.username })).status).toBe(422)
    expect((await accept(code)).status).toBe(200)
  })
  test('is the business of owners, and not for who belongs to the organisation already', async () => {
    const wish = { recipientEmailAddress: anAddress(), role: 'organisation_member' }
    expect((await post(wish, admin.key)).status).toBe(403)
    const { key } = await wiremock.aMember('editor')
    expect((await wiremock.ask('GET', home, { key })).status).toBe(403)
    const member = await wiremock.aMember('viewer', { operator: { email: 'here@example.test' } })
    expect((await post({ ...wish, recipientEmailAddress: 'HERE@example.test' })).status).toBe(409)
    const { code } = await invited()
    expect((await accept(code, { key: member.key })).status).toBe(409)
    expect((await accept(code, { key: 'x'.repeat(40) })).status).toBe(401)
    expect((await accept(code)).status).toBe(200)
  })
})
