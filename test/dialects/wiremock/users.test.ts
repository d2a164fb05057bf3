import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anotherProject, aPerson } from '../../support/people.ts'
import { aWiremock, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock[Symbol.asyncDispose]())

test.each(['self', 'me'])('/v1/users/%s leads to the caller', async name => {
  const { id, key } = await wiremock.aMember('viewer')
  const answer = await wiremock.ask('GET', `/v1/users/${name}`, { key })
  expect([answer.status, answer.headers.location]).toEqual([307, `/v1/users/${id}`])
  expect((await wiremock.ask('GET', `/v1/users/${name}`, { key: null })).status).toBe(401)
})

describe('a user', () => {
  test('sees itself', async () => {
    const { id, username, key } = await wiremock.aMember('viewer', { operator: { email: 'ada@example.test' } })
    const { status, body } = await wiremock.ask('GET', `/v1/users/${id}`, { key })
    expect(status).toBe(200)
    expect(body.user).toMatchObject({ id, username, emailAddress: 'ada@example.test' })
    expect(body.user.links).toMatchObject({ self: `/v1/users/${id}` })
  })
  test('is seen by an admin, and by nobody else', async () => {
    const [one, other] = [await wiremock.aMember('viewer'), await wiremock.aMember('editor')]
    expect((await wiremock.ask('GET', `/v1/users/${one.id}`)).body.user.username).toBe(one.username)
    expect((await wiremock.ask('GET', `/v1/users/${one.id}`, { key: other.key })).status).toBe(403)
  })
  test('that is nobody of the organisation is 404 to an admin, whoever it is elsewhere, and 403 to others', async () => {
    const { store } = wiremock.running.app
    const stranger = await aPerson(store, await anotherProject(store), 'viewer')
    const { key } = await wiremock.aMember('editor')
    for (const id of [stranger.id, 'nobody12', 'N0', '%20']) {
      const answer = await wiremock.ask('GET', `/v1/users/${id}`)
      expect([id, answer.status, answer.text]).toEqual([id, 404, '{"code":404,"message":"HTTP 404 Not Found"}'])
      expect((await wiremock.ask('GET', `/v1/users/${id}`, { key })).status).toBe(403)
      expect((await wiremock.ask('GET', `/v1/users/${id}/teams`)).status).toBe(403)
    }
  })
})

describe('a new key', () => {
  const renew = (user: string, key: string) =>
    wiremock.ask('POST', `/v1/users/${user}/regenerate-api-token`, { key, body: {} })

  test('takes the place of the one that asks, with the same rights', async () => {
    const { id, key } = await wiremock.aMember('editor')
    const answer = await renew(id, key)
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    const fresh = answer.headers['rolecall-key']!
    expect(fresh).not.toBe(key)
    expect((await wiremock.ask('GET', `/v1/users/${id}`, { key })).status).toBe(401)
    expect((await wiremock.ask('GET', `/v1/users/${id}`, { key: fresh })).status).toBe(200)
    const body = { databaseConnection: {} }
    const create = await wiremock.ask('POST', `/v1/users/${id}/database-connections`, { key: fresh, body })
    expect(create.status).toBe(403)
  })
  test("is never another's, not even for an admin", async () => {
    const { id } = await wiremock.aMember('editor')
    expect((await renew(id, wiremock.running.key.privateKey)).status).toBe(403)
  })
})
