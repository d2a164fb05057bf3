import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CODES } from '../../../src/dialects/atlas/refusals/codes.ts'
import { FAULTS } from '../../../src/dialects/faults.ts'
import { Fault } from '../../../src/domain/fault.ts'
import type { Store } from '../../../src/store/store.ts'
import { mongodbServers } from '../../support/servers.ts'
import { type Atlas, anAtlas } from './atlas.ts'

let atlas: Atlas
let instance: string
/** What the store does with the next question about a project. */
let failure: Error | undefined

beforeAll(async () => {
  atlas = await anAtlas({ parts: real => ({ ...real, store: failing(real.store) }) })
  instance = (await atlas.running.connect(await mongodbServers()[0]!.start(), { instanceName: 'orders-eu' })).instance
}, 120_000)
afterAll(() => {
  failure = undefined
  return atlas?.[Symbol.asyncDispose]()
})

function failing(store: Store): Store {
  const find: Store['read']['projects']['find'] = async id => {
    if (failure) throw failure
    return store.read.projects.find(id)
  }
  return { ...store, read: { ...store.read, projects: { ...store.read.projects, find } } }
}

async function failingWith(error: Error) {
  failure = error
  const answer = await atlas.v2('GET', '')
  failure = undefined
  return answer
}

test('every fault has a code that is answered with its status', () => {
  for (const {
    atlas: [status, code],
  } of Object.values(FAULTS)) {
    const own = CODES[code as keyof typeof CODES]?.[0]
    // Credentials alone are refused under the code of what went wrong here.
    expect([code, code === 'UNEXPECTED_ERROR' && status === 401 ? 401 : own]).toEqual([code, status])
  }
})

const HERE = fileURLToPath(new URL('.', import.meta.url))

test('every code that Rolecall answers with is brought about by a test', () => {
  const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.test.ts'))
  const tests = files.map(name => readFileSync(join(HERE, name), 'utf8')).join('\n')
  const told = Object.keys(CODES).filter(code => !new RegExp(`\\b${code}\\b`).test(tests))
  expect(told).toEqual([])
})

describe('what goes wrong here', () => {
  test('is told as nothing but that', async () => {
    const { status, body, headers } = await failingWith(new Error('relation "projects" does not exist'))
    expect([status, headers['x-error-code']]).toEqual([500, 'UNEXPECTED_ERROR'])
    expect(body).toEqual({
      detail: 'Unexpected error.',
      error: 500,
      errorCode: 'UNEXPECTED_ERROR',
      parameters: [],
      reason: 'Internal Server Error',
    })
  })

  test('in the store for a while says when to come again', async () => {
    const away = new Fault('unavailable', 'store', 'The store does not answer', { retryAfterSeconds: 1 })
    const { status, body, headers } = await failingWith(away)
    expect([status, body.errorCode, headers['retry-after']]).toEqual([503, 'SERVICE_UNAVAILABLE', '1'])
  })

  test('by somebody else’s change is a conflict', async () => {
    const { status, body } = await failingWith(new Fault('conflict', 'project', 'Another change is under way'))
    expect([status, body.errorCode, body.detail]).toEqual([409, 'CONFLICT', 'Another change is under way'])
  })
})

describe('an instance that is only observed', () => {
  test('is not open to changes, and says so', async () => {
    const user = { username: 'ada', password: 'teal-Harbor-91', roles: [{ databaseName: 'admin', roleName: 'backup' }] }
    const mode = (to: string) => atlas.running.native('PATCH', `/instances/${instance}`, { body: { mode: to } })
    await mode('observe')
    const { status, body } = await atlas.v1('POST', '/databaseUsers', { body: user })
    expect([status, body.errorCode]).toEqual([403, 'ACCESS_FORBIDDEN'])
    expect(body.detail).toMatch(/observe/)
    await mode('manage')
  })
})

describe('certificates', () => {
  test('are no matter of users that have passwords', async () => {
    const user = {
      username: 'susan',
      password: 'teal-Harbor-91',
      roles: [{ databaseName: 'admin', roleName: 'backup' }],
    }
    expect((await atlas.v1('POST', '/databaseUsers', { body: user })).status).toBe(201)
    const refusal = { error: 400, errorCode: 'USER_NOT_MANAGED_X509', parameters: ['susan'] }
    expect((await atlas.v1('GET', '/databaseUsers/susan/certs')).body).toMatchObject(refusal)
    expect((await atlas.v1('POST', '/databaseUsers/susan/certs', { body: {} })).body).toMatchObject(refusal)
    expect((await atlas.v1('DELETE', '/databaseUsers/admin/susan')).status).toBe(204)
  })

  test('are issued to nobody', async () => {
    const at = '/databaseUsers/CN=otto/certs'
    const list = await atlas.v1('GET', at)
    expect(list.body).toMatchObject({ error: 404, errorCode: 'USERNAME_NOT_FOUND', parameters: ['CN=otto'] })
    const months = (monthsUntilExpiration: unknown) => atlas.v1('POST', at, { body: { monthsUntilExpiration } })
    expect((await months(3)).body.errorCode).toBe('USERNAME_NOT_FOUND')
    expect((await months(25)).body).toMatchObject({ error: 400, errorCode: 'CERT_EXPIRY_CANNOT_EXCEED_TWO_YEARS' })
    expect((await months(0)).body.errorCode).toBe('VALIDATION_ERROR')
    expect((await months('3')).body).toMatchObject({
      errorCode: 'INVALID_JSON_ATTRIBUTE',
      parameters: ['monthsUntilExpiration'],
    })
  })

  test('is a name that a user may have', async () => {
    for (const database of ['admin', '$external', '%24external'])
      expect((await atlas.v1('GET', `/databaseUsers/${database}/certs`)).body).toMatchObject({
        errorCode: 'USERNAME_NOT_FOUND',
        parameters: ['certs'],
      })
  })
})

describe('a bucket of a project', () => {
  test('is told in headers, refuses what is too much, and fills again', async () => {
    const flags = {
      '--atlas-rate-database-users-capacity': '2',
      '--atlas-rate-database-users-per-minute': '60',
    }
    await using other = await anAtlas({ flags })
    const list = () => other.v1('GET', '/databaseUsers')
    const [first, second, third] = [await list(), await list(), await list()]
    expect([first, second].map(({ headers }) => [headers['ratelimit-limit'], headers['ratelimit-remaining']])).toEqual([
      ['2', '1'],
      ['2', '0'],
    ])
    expect([third.status, third.body.errorCode]).toEqual([429, 'RATE_LIMITED_TOKEN_BUCKET'])
    const path = `/api/atlas/v1.0/groups/${other.running.project}/databaseUsers`
    expect(third.body.parameters).toEqual([path, 1, 2, 60, 60])
    expect(third.headers['retry-after']).toBe('1')
    expect((await other.v1('GET', '/clusters')).status).toBe(200)
    await expect.poll(async () => (await list()).status, { timeout: 5000, interval: 300 }).toBe(200)
  })

  test('is not emptied by those who do not belong there', async () => {
    await using other = await anAtlas({ flags: { '--atlas-rate-database-users-capacity': '1' } })
    const stranger = await other.aKey('owner')
    await other.running.app.store.transaction(async tables => {
      const key = (await tables.keys.find(stranger.id))!
      await tables.members.remove(other.running.project, key.operatorId)
    })
    for (let asked = 0; asked < 3; asked += 1)
      expect((await other.v1('GET', '/databaseUsers', { as: stranger })).status).toBe(401)
    expect((await other.v1('GET', '/databaseUsers')).status).toBe(200)
  })
})

test('roles on collections are limited by a setting', async () => {
  await using other = await anAtlas({ flags: { '--atlas-limits-collection-roles': '1' } })
  const roles = ['a', 'b'].map(collectionName => ({ databaseName: 'd', roleName: 'read', collectionName }))
  const user = { username: 'ada', password: 'teal-Harbor-91', roles }
  const { status, body } = await other.v1('POST', '/databaseUsers', { body: user })
  expect([status, body.errorCode, body.parameters]).toEqual([403, 'COLLECTION_ROLES_LIMIT_EXCEEDED', [1]])
})

describe('with the setting requireAccessList', () => {
  test('a key that is bound to no networks is refused, however it comes', async () => {
    await using other = await anAtlas({ flags: { '--atlas-require-access-list': 'true' } })
    const refused = await other.v1('GET', '')
    expect([refused.status, refused.body.errorCode]).toEqual([403, 'ORG_REQUIRES_ACCESS_LIST'])
    const headers = { authorization: `Bearer ${other.running.key.privateKey}` }
    expect((await other.v1('GET', '', { as: null, headers })).status).toBe(403)
    const bound = await other.aKey('viewer', { key: { networks: ['127.0.0.0/8'] } })
    expect((await other.v1('GET', '', { as: bound })).status).toBe(200)
  })
})
