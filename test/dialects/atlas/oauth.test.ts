import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Atlas, anAtlas } from './atlas.ts'

let atlas: Atlas
let client: Client
beforeAll(async () => {
  atlas = await anAtlas({ flags: { '--trust-proxy': '127.0.0.1/32' } })
  client = await aClient()
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

interface Client {
  readonly clientId: string
  readonly secret: string
  readonly secretId: string
}

const NEW = { name: 'deploy', description: 'from the pipeline', roles: ['GROUP_READ_ONLY'], secretExpiresAfterHours: 8 }
const V2024 = { accept: 'application/vnd.atlas.2024-08-05+json' }

const accounts = (method: string, below = '', body?: object) =>
  atlas.v2(method, `/serviceAccounts${below}`, { body, headers: V2024 })

async function aClient(own: object = {}): Promise<Client> {
  const { status, body } = await accounts('POST', '', { ...NEW, ...own })
  if (status !== 201) throw new Error(JSON.stringify(body))
  const { id: secretId, secret } = body.secrets[0]
  atlas.running.heard({ password: secret }, '')
  return { clientId: body.clientId, secret, secretId }
}

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

async function oauth(what: string, form: string, headers: Record<string, string>) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await atlas.ask('POST', `/api/oauth/${what}`, {
    as: null,
    payload: form,
    headers: { ...type, ...headers },
  })
  if (answer.body?.access_token) atlas.running.heard({ password: answer.body.access_token }, '')
  return answer
}

const GRANT = 'grant_type=client_credentials'
const aToken = async ({ clientId, secret }: Client) => {
  const { status, body } = await oauth('token', GRANT, basic(clientId, secret))
  expect(status).toBe(200)
  return body.access_token as string
}
const useOf = (token: string, headers = {}) =>
  atlas.v1('GET', '', { as: null, headers: { authorization: `Bearer ${token}`, ...headers } })

describe('a token', () => {
  test('is issued to a service account, and opens what its role opens, v1.0 included', async () => {
    const { status, body, headers } = await oauth('token', GRANT, basic(client.clientId, client.secret))
    expect([status, headers['cache-control'], headers['content-type']]).toEqual([
      200,
      'no-store',
      'application/json; charset=utf-8',
    ])
    expect(body).toEqual({ access_token: expect.any(String), expires_in: 3600, token_type: 'Bearer' })
    const authorization = `Bearer ${body.access_token}`
    expect((await useOf(body.access_token)).status).toBe(200)
    const v2 = await atlas.v2('GET', '/accessList', { as: null, headers: { authorization } })
    expect(v2.status).toBe(200)
    const write = await atlas.v2('POST', '/accessList', { as: null, headers: { authorization }, body: [] })
    expect(write.body.errorCode).toBe('USER_UNAUTHORIZED')
  })

  test('is issued to Go’s client, which escapes both halves', async () => {
    const escaped = client.clientId.replaceAll('_', '%5f')
    expect((await oauth('token', GRANT, basic(escaped, client.secret.replaceAll('_', '%5F')))).status).toBe(200)
  })

  test('that is none is refused without a challenge', async () => {
    for (const token of ['rca-nothing', 'rct-nothing', 'nothing', client.secret]) {
      const { status, headers, body } = await useOf(token)
      expect([status, headers['www-authenticate'], body.errorCode]).toEqual([401, undefined, 'UNEXPECTED_ERROR'])
    }
  })

  test('ends when it is revoked, and revoking is never a fault', async () => {
    const [token, other] = [await aToken(client), await aToken(client)]
    const revoke = (text: string, by = client) =>
      oauth('revoke', `token=${text}&token_type_hint=access_token`, basic(by.clientId, by.secret))
    const stranger = await aClient({ name: 'stranger' })
    expect((await revoke(token, stranger)).status).toBe(200)
    expect((await useOf(token)).status).toBe(200)
    const { status, text } = await revoke(token)
    expect([status, text]).toEqual([200, ''])
    expect([(await useOf(token)).status, (await useOf(other)).status]).toEqual([401, 200])
    expect((await revoke('nothing')).status).toBe(200)
    expect((await revoke(token)).status).toBe(200)
  })

  test('ends with its service account', async () => {
    const gone = await aClient({ name: 'gone' })
    const token = await aToken(gone)
    expect((await accounts('DELETE', `/${gone.clientId}`)).status).toBe(204)
    expect((await useOf(token)).status).toBe(401)
    expect((await oauth('token', GRANT, basic(gone.clientId, gone.secret))).body.error).toBe('invalid_client')
  })

  test('is no token of other APIs', async () => {
    const key = await aToken(client)
    const trove = await atlas.running.ask('GET', `/v1.0/${atlas.running.project}/instances`, {
      key: null,
      headers: { 'x-auth-token': key },
    })
    expect([trove.status, (await atlas.running.native('GET', '/projects', { key })).status]).toEqual([401, 401])
  })

  test('is issued from anywhere, and used from the networks of its key alone', async () => {
    const bound = await aClient({ name: 'bound' })
    const { store } = atlas.running.app
    await store.transaction(tables => tables.keys.setNetworks(bound.clientId.slice(10), ['203.0.113.0/24']))
    const token = await aToken(bound)
    const elsewhere = await useOf(token)
    expect([elsewhere.status, elsewhere.body.errorCode]).toEqual([403, 'IP_ADDRESS_NOT_ON_ACCESS_LIST'])
    expect((await useOf(token, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(200)
  })
})

describe('a refusal of the token endpoint', () => {
  test.each([
    ['an unknown client', 401, 'invalid_client', GRANT, basic('mdb_sa_id_000000000000000000000000', 'x')],
    ['a client that is no id', 401, 'invalid_client', GRANT, basic('someone', 'x')],
    ['no client', 401, 'invalid_client', GRANT, {}],
    ['a Bearer instead', 401, 'invalid_client', GRANT, { authorization: 'Bearer x' }],
  ])('of %s is in the form of OAuth', async (_words, status, error, form, headers) => {
    const answer = await oauth('token', form, headers as Record<string, string>)
    expect([answer.status, answer.body]).toEqual([status, { error, error_description: expect.any(String) }])
    expect(answer.headers['www-authenticate']).toBeUndefined()
  })

  test('of a wrong secret, a missing grant and another grant', async () => {
    const { clientId, secret } = client
    const outcome = async (form: string, password = secret) => {
      const { status, body } = await oauth('token', form, basic(clientId, password))
      return [status, body.error]
    }
    expect(await outcome(GRANT, 'mdb_sa_sk_wrong')).toEqual([401, 'invalid_client'])
    expect(await outcome('')).toEqual([400, 'invalid_request'])
    expect(await outcome('grant_type=password')).toEqual([400, 'unsupported_grant_type'])
    expect(await outcome(GRANT.padEnd(20_000, '&'))).toEqual([413, 'invalid_request'])
    expect((await oauth('revoke', '', basic(clientId, secret))).body.error).toBe('invalid_request')
    expect((await oauth('nothing', '', {})).status).toBe(404)
    expect((await atlas.ask('GET', '/api/oauth/token', { as: null })).headers.allow).toBe('POST')
  })

  test('comes at once after twenty wrong secrets, right ones included', async () => {
    const guessed = await aClient({ name: 'guessed' })
    for (let tries = 0; tries < 20; tries += 1) await oauth('token', GRANT, basic(guessed.clientId, `guess ${tries}`))
    expect((await oauth('token', GRANT, basic(guessed.clientId, guessed.secret))).status).toBe(401)
    expect((await oauth('token', GRANT, basic(client.clientId, client.secret))).status).toBe(200)
  })
})

describe('a service account', () => {
  test('is made, listed, read and changed, its secret told once', async () => {
    const { body: made } = await accounts('POST', '', { ...NEW, name: 'once', roles: ['GROUP_OWNER'] })
    atlas.running.heard({ password: made.secrets[0].secret }, '')
    expect(made).toMatchObject({ name: 'once', description: NEW.description, roles: ['GROUP_OWNER'] })
    expect(made.clientId).toMatch(/^mdb_sa_id_[0-9a-f]{24}$/)
    expect(made.secrets[0].secret).toMatch(/^mdb_sa_sk_/)
    const lasts = Date.parse(made.secrets[0].expiresAt) - Date.parse(made.secrets[0].createdAt)
    expect(lasts).toBe(8 * 3_600_000)
    const read = await accounts('GET', `/${made.clientId}`)
    expect(read.body.secrets).toEqual([
      {
        id: made.secrets[0].id,
        createdAt: made.secrets[0].createdAt,
        expiresAt: made.secrets[0].expiresAt,
        maskedSecretValue: `mdb_sa_sk_...${made.secrets[0].secret.slice(-4)}`,
      },
    ])
    const changed = await accounts('PATCH', `/${made.clientId}`, { name: 'twice', roles: ['GROUP_READ_ONLY'] })
    expect(changed.body).toMatchObject({ name: 'twice', roles: ['GROUP_READ_ONLY'], description: NEW.description })
    const { body: list } = await accounts('GET')
    expect(list.results.map((one: { clientId: string }) => one.clientId)).toContain(made.clientId)
    expect((await accounts('DELETE', `/${made.clientId}`)).status).toBe(204)
    expect((await accounts('GET', `/${made.clientId}`)).body.errorCode).toBe('SERVICE_ACCOUNT_NOT_FOUND')
  })

  test('has two secrets at most, and one at least', async () => {
    const own = await aClient({ name: 'secretive' })
    const path = `/${own.clientId}/secrets`
    const last = await accounts('DELETE', `${path}/${own.secretId}`)
    expect([last.status, last.body.errorCode]).toEqual([409, 'CANNOT_DELETE_LAST_SERVICE_ACCOUNT_SECRET'])
    const more = await accounts('POST', path, { secretExpiresAfterHours: 9 })
    atlas.running.heard({ password: more.body.secret }, '')
    expect((await accounts('POST', path, { secretExpiresAfterHours: 9 })).status).toBe(400)
    expect((await accounts('DELETE', `${path}/${own.secretId}`)).status).toBe(204)
    expect((await oauth('token', GRANT, basic(own.clientId, own.secret))).status).toBe(401)
    expect((await oauth('token', GRANT, basic(own.clientId, more.body.secret))).status).toBe(200)
    expect((await accounts('DELETE', `${path}/${own.secretId}`)).body.errorCode).toBe(
      'SERVICE_ACCOUNT_SECRET_NOT_FOUND',
    )
    expect((await accounts('GET', `/${own.clientId}`)).body.secrets[0].lastUsedAt).toMatch(/Z$/)
  })

  test('is not among the keys, whose lists are for keys that people use', async () => {
    const { body } = await atlas.v1('GET', '/apiKeys')
    expect(body.results.map(({ id }: { id: string }) => `mdb_sa_id_${id}`)).not.toContain(client.clientId)
  })

  test('of the organization opens every project of its maker, where it is an owner', async () => {
    const at = `/api/atlas/v2/orgs/${atlas.org}/serviceAccounts`
    const body = { ...NEW, name: 'everywhere', roles: ['ORG_OWNER'] }
    const made = await atlas.ask('POST', at, { body, headers: V2024 })
    expect([made.status, made.body.roles]).toEqual([201, ['ORG_OWNER']])
    const { clientId, secrets } = made.body
    const token = await aToken({ clientId, secret: secrets[0].secret, secretId: '' })
    atlas.running.heard({ password: secrets[0].secret }, '')
    const { status } = await atlas.v1('PATCH', '', {
      as: null,
      headers: { authorization: `Bearer ${token}` },
      body: { name: 'by-an-account' },
    })
    expect(status).toBe(200)
    const list = await atlas.ask('GET', at, { headers: V2024 })
    expect(list.body.totalCount).toBeGreaterThan(0)
    const other = await atlas.ask('PATCH', `${at}/${clientId}`, { headers: V2024, body: { roles: ['ORG_MEMBER'] } })
    expect(other.body.errorCode).toBe('FEATURE_UNSUPPORTED')
    expect((await atlas.ask('DELETE', `${at}/${clientId}`, { headers: V2024 })).status).toBe(204)
  })

  test.each([
    ['INVALID_ENUM_VALUE', { roles: ['GROUP_KING'] }, ['GROUP_KING', 'roles.0']],
    ['MISSING_ATTRIBUTE', { name: undefined }, ['name']],
    ['MISSING_ATTRIBUTES', { name: undefined, roles: undefined }, ['name', 'roles']],
    ['INVALID_ATTRIBUTE', { nmae: 'x' }, ['nmae']],
    ['INVALID_JSON_ATTRIBUTE', { name: 7 }, ['name']],
    ['VALIDATION_ERROR', { secretExpiresAfterHours: 7 }, []],
  ])('that is not acceptable is refused as %s', async (code, own, parameters) => {
    const { status, body } = await accounts('POST', '', { ...NEW, ...own })
    expect([status, body.errorCode, body.parameters]).toEqual([400, code, parameters])
    if (code === 'VALIDATION_ERROR')
      expect(body.badRequestDetail.fields).toEqual([
        { field: 'secretExpiresAfterHours', description: expect.any(String) },
      ])
  })
})
