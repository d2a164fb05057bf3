import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Asking } from '../../support/app.ts'
import { aConnection, aName, aWiremock, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const withHeader = (authorization: string | undefined): Asking => ({
  key: null,
  headers: authorization === undefined ? {} : { authorization },
})
const basic = (username: string, key: string) => `Basic ${Buffer.from(`${username}:${key}`).toString('base64')}`

describe('a key is taken', () => {
  const forms: readonly [string, (key: string, owner: string, half: string) => string][] = [
    ['as Token', key => `Token ${key}`],
    ['as Bearer', key => `Bearer ${key}`],
    ['whatever the case of the scheme', key => `tOKEN ${key}`],
    ['after more spaces than one', key => `Token    ${key}`],
    ['as Basic with the username', (key, owner) => basic(owner, key)],
    ['as Basic with the public half', (key, _owner, half) => basic(half, key)],
  ]
  test.each(forms)('%s', async (_what, form) => {
    const { key } = wiremock.running
    const header = form(key.privateKey, 'tester', key.publicKey)
    expect((await wiremock.ask('GET', wiremock.home, withHeader(header))).status).toBe(200)
  })
})

describe('without a key that is good, every path says the same', () => {
  const bad: readonly [string, (key: string) => string | undefined][] = [
    ['no header', () => undefined],
    ['an empty header', () => ''],
    ['a scheme without a key', () => 'Token'],
    ['a scheme that is not known', key => `Digest ${key}`],
    ['a key without a scheme', key => key],
    ['a key that is not known', key => `Token ${key}x`],
    ['Basic that is not base64', () => 'Basic ***'],
    ['Basic without a colon', () => `Basic ${Buffer.from('tester').toString('base64')}`],
    ["Basic with another's name", key => basic('somebody', key)],
    ['Basic with no name', key => basic('', key)],
    ['Basic with the halves swapped', key => basic(key, 'tester')],
  ]
  const requests = [
    ['GET', '/v1/users/self/database-connections?limit=abc'],
    ['POST', '/v1/users/self/database-connections'],
    ['PUT', '/v1/database-connections/abc123'],
    ['GET', '/v1/database-connections/abc123'],
    ['GET', '/v1/nothing/here'],
    ['OPTIONS', '/v1/database-connections/abc123'],
  ] as const

  test.each(bad)('%s', async (_what, header) => {
    for (const [method, path] of requests) {
      const { privateKey } = wiremock.running.key
      const asking = withHeader(header(privateKey))
      const answer = await wiremock.running.ask(method as 'GET', path, asking)
      expect([answer.status, answer.text]).toEqual([401, 'Credentials are required to access this resource.'])
      expect(answer.headers['content-type']).toMatch(/^text\/plain/)
      expect(answer.headers['www-authenticate']).toBe('Token realm="rolecall"')
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  })

  test('a key in the address is no key', async () => {
    const path = `${wiremock.home}?apiToken=${wiremock.running.key.privateKey}`
    expect((await wiremock.ask('GET', path, { key: null })).status).toBe(401)
  })

  test('the body is not looked at', async () => {
    const asking = { key: null, payload: 'x'.repeat(100_000), headers: { 'content-type': 'text/csv' } }
    expect((await wiremock.ask('POST', wiremock.home, asking)).status).toBe(401)
  })

  test('a key that has ended, was revoked, or whose operator is disabled', async () => {
    const ended = await wiremock.aMember('admin', { key: { expiresAt: 1 } })
    const revoked = await wiremock.aMember('admin', { key: { revokedAt: 1 } })
    const disabled = await wiremock.aMember('admin', { operator: { disabledAt: 1 } })
    for (const { key } of [ended, revoked, disabled]) {
      expect((await wiremock.ask('GET', wiremock.home, { key })).status).toBe(401)
    }
  })
})

test('refuses whom the role does not let, and says only that', async () => {
  const id = await wiremock.create()
  const body = { databaseConnection: aConnection({ connectionName: aName() }) }
  const { key, id: user } = await wiremock.aMember('editor')
  const asked = [
    await wiremock.ask('POST', `/v1/users/${user}/database-connections`, { key, body }),
    await wiremock.ask('POST', `/v1/users/${user}/database-connections/test`, { key, body: aConnection() }),
    await wiremock.ask('PATCH', `/v1/database-connections/${id}`, { key, body }),
    await wiremock.ask('DELETE', `/v1/data-connections/${id}`, { key }),
  ]
  for (const { status, text } of asked) {
    expect([status, text]).toEqual([403, '{"errors":[{"title":"Forbidden","source":{}}]}'])
  }
  expect((await wiremock.ask('GET', `/v1/database-connections/${id}`, { key })).status).toBe(200)
})

describe('whom a path may name', () => {
  test('the caller, also as self and me, with real ids in links', async () => {
    const { id, key } = await wiremock.aMember('viewer')
    for (const name of [id, 'self', 'me']) {
      const { status, body } = await wiremock.ask('GET', `/v1/users/${name}/database-connections`, { key })
      expect([status, body.links.self]).toEqual([200, `/v1/users/${id}/database-connections?page=1&limit=20`])
    }
  })

  test('any member, for an admin', async () => {
    const { id } = await wiremock.aMember('viewer')
    const { body } = await wiremock.ask('GET', `/v1/users/${id}/database-connections`)
    expect(body.links.self).toBe(`/v1/users/${id}/database-connections?page=1&limit=20`)
  })

  test('nobody else, whether there is one or not', async () => {
    const viewer = await wiremock.aMember('viewer')
    const others = [wiremock.running.operator, 'nobody1', 'x', 'a'.repeat(200), '%00']
    for (const other of others) {
      const answer = await wiremock.ask('GET', `/v1/users/${other}/database-connections`, { key: viewer.key })
      expect([answer.status, answer.text]).toEqual([403, '{"errors":[{"title":"Forbidden","source":{}}]}'])
    }
    expect((await wiremock.ask('GET', '/v1/users/nobody1/database-connections')).status).toBe(403)
  })

  test('what is in another organisation is not there, not even for a key that opens both', async () => {
    const id = await wiremock.create()
    const { body: other } = await wiremock.running.native('POST', '/projects', { body: { name: 'Other' } })
    const { operator, project } = wiremock.running
    const { body } = await wiremock.running.native('POST', `/projects/${other.id}/keys`, {
      body: { role: 'owner', operator },
    })
    await wiremock.running.app.store.transaction(tables =>
      tables.keys.setProject(body.id, { projectId: project, role: 'owner' }),
    )
    const answers = ['abcde', id, 'NOT-AN-ID', id.toUpperCase(), '%00', 'a%2Fb', ''].map(one =>
      wiremock.ask('GET', `/v1/database-connections/${one}`, { key: body.private }),
    )
    for (const { status, text } of await Promise.all(answers)) {
      expect([status, text]).toEqual([404, '{"code":404,"message":"HTTP 404 Not Found"}'])
    }
    const listed = await wiremock.ask('GET', '/v1/users/self/database-connections', { key: body.private })
    expect(listed.body.meta.total).toBe(0)
  })
})
