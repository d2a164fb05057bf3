import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDigitalOcean, type DigitalOcean, NOWHERE } from './digitalocean.ts'

let ocean: DigitalOcean
beforeAll(async () => {
  ocean = await aDigitalOcean()
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

const dbs = `/v2/databases/${NOWHERE}/dbs`

describe('without a good token', () => {
  test.each([
    ['none', {}],
    ['an unknown one', { authorization: 'Bearer dop_v1_0000' }],
    ['another scheme', { authorization: 'Token dop_v1_0000' }],
    ['no word behind Bearer', { authorization: 'Bearer' }],
  ])('%s is 401 before anything is looked up', async (_, headers) => {
    for (const path of [dbs, '/v2/nothing', '/v2/databases/x%/', '/v2', '/v2/databases//users']) {
      const { status, body } = await ocean.ask('GET', path, { key: null, headers })
      expect([path, status, body.id, body.message]).toEqual([path, 401, 'unauthorized', 'Unauthorized'])
    }
  })
})

describe('addresses', () => {
  test.each([
    '/v2',
    '/v2/',
    '/v2/nothing',
    '/v2/databases/',
    '/v2/databases//dbs',
    '/v2//databases',
    `${dbs}/`,
    `/v2/databases/${NOWHERE}/`,
    `/v2/databases/${NOWHERE}/users/`,
    `/v2/databases/${NOWHERE}/users/..`,
    `/v2/databases/${NOWHERE}/users/.`,
    `/v2/databases/${NOWHERE}/users/a%b`,
    `/v2/databases/${NOWHERE}/users/app@%`,
    `/v2/databases/${NOWHERE}/users/%ff`,
    `/v2/databases/${NOWHERE}/users/a/b`,
    '/v2/databases/1/dbs',
    `/v2/databases/${NOWHERE.toUpperCase()}/dbs`,
  ])('traps 1, 2: %s is 404 for every method', async path => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, body } = await ocean.ask(method, path)
      const isWrongVerb = path.endsWith('/dbs') && status === 405
      expect([method, isWrongVerb ? 404 : status]).toEqual([method, 404])
      expect(body.id).toBe(isWrongVerb ? 'method_not_allowed' : 'not_found')
    }
  })

  test('a cluster that is not there is told as that', async () => {
    expect((await ocean.ask('GET', dbs)).body.message).toBe('cluster not found')
  })

  test('a known path takes no other verb', async () => {
    const { status, headers, body } = await ocean.ask('PATCH', dbs)
    expect([status, body.id]).toEqual([405, 'method_not_allowed'])
    expect(headers.allow).toContain('GET')
  })

  test('a query with a broken escape is 400', async () => {
    const { status, body } = await ocean.ask('GET', `${dbs}?page=%zz`)
    expect([status, body.id]).toEqual([400, 'bad_request'])
  })
})

describe('request ids', () => {
  test('a UUID of the caller is kept, anything else gets one of ours', async () => {
    const own = '0b1f6c1e-5d0e-4a35-9a57-0a6f5a3b7f11'
    expect((await ocean.ask('GET', dbs, { headers: { 'x-request-id': own } })).body.request_id).toBe(own)
    expect((await ocean.ask('GET', dbs, { headers: { 'x-request-id': 'mine' } })).body.request_id).not.toBe('mine')
  })
})

describe('rates', () => {
  test('every answer counts down, and the one too many says when to come again', async () => {
    await using strict = await aDigitalOcean({ flags: { '--limits-rate-per-minute': '2' } })
    const answers = []
    for (let at = 0; at < 3; at++) answers.push(await strict.ask('GET', dbs))
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 429])
    expect(answers.map(({ headers }) => headers['ratelimit-remaining'])).toEqual(['1', '0', '0'])
    expect(answers[2]!.body).toMatchObject({ id: 'too_many_requests', message: 'API rate limit exceeded' })
    expect(Number(answers[2]!.headers['ratelimit-reset']) * 1000).toBeGreaterThan(Date.now() - 1000)
  })

  test('without a limit there are headers all the same', async () => {
    await using lavish = await aDigitalOcean({ flags: { '--limits-rate-per-minute': '0' } })
    expect((await lavish.ask('GET', dbs)).headers['ratelimit-limit']).toBe('5000')
  })
})

describe('GET /v1/oauth/token/info', () => {
  test('trap 20: says what the token is good for', async () => {
    const { status, body } = await ocean.ask('GET', '/v1/oauth/token/info')
    expect(status).toBe(200)
    expect(body).toMatchObject({ expires_in_seconds: null, application: { uid: 'rolecall' } })
    expect(body.scopes).toContain('database:view_credentials')
    expect(Number.isInteger(body.created_at)).toBe(true)
  })

  test('names the scopes of a key, or those that its role could have', async () => {
    const scopesOf = async (key: string) => (await ocean.ask('GET', '/v1/oauth/token/info', { key })).body.scopes
    expect(await scopesOf(await ocean.aToken('editor', ['database:read']))).toEqual(['database:read'])
    expect(await scopesOf(await ocean.aToken('viewer'))).not.toContain('database:create')
    expect(await scopesOf(await ocean.aToken('editor'))).toEqual(expect.arrayContaining(['database:create']))
    expect(await scopesOf(await ocean.aToken('editor'))).not.toContain('rolecall:register')
  })

  test('a bad token is 401', async () => {
    expect((await ocean.ask('GET', '/v1/oauth/token/info', { key: 'nobody' })).status).toBe(401)
  })
})
