import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { responseFor } from '../../../src/services/callers/digest/digest.ts'
import { aPerson } from '../../support/people.ts'
import { type Atlas, anAtlas } from './atlas.ts'
import { authorizationOf, challengeIn, type DigestKey, type Signing } from './digest-client.ts'

let atlas: Atlas
let path: string

beforeAll(async () => {
  atlas = await anAtlas({ flags: { '--atlas-nonce-seconds': '10' } })
  path = `/api/atlas/v1.0/groups/${atlas.running.project}`
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

const BODY =
  '{\n  "error" : 401,\n  "reason" : "Unauthorized",\n  "detail" : "You are not authorized for this resource.",\n  "errorCode" : "UNEXPECTED_ERROR"\n}'

async function aNonce(of: Atlas = atlas): Promise<string> {
  return challengeIn((await of.ask('GET', path, { as: null })).headers['www-authenticate']).nonce
}

/** The answer to a request that is signed as told. */
async function signed(
  signing: Partial<Signing>,
  more: Parameters<typeof authorizationOf>[2] & { readonly key?: DigestKey; readonly sendTo?: string } = {},
) {
  const whole = { method: 'GET', uri: path, nonce: signing.nonce ?? (await aNonce()), ...signing }
  const authorization = authorizationOf(more.key ?? atlas.running.key, whole, more)
  return atlas.ask('GET', more.sendTo ?? whole.uri, { as: null, headers: { authorization } })
}

const statusOf = async (...values: Parameters<typeof signed>) => (await signed(...values)).status

describe('the challenge', () => {
  test('is byte for byte that of the hosted API, on every path and method (traps 1 and 9)', async () => {
    const asked = [
      ['GET', '/api/atlas/v1.0/groups/nonsense/databaseUsers?pageNum=0'],
      ['POST', '/api/atlas/v2/groups/64b7e0f1a2c3d4e5f6a7b8c9/databaseUsers'],
      ['DELETE', '/api/atlas/v1.5/nowhere'],
      ['PUT', '/api/atlas/v1.0/'],
    ] as const
    for (const [method, at] of asked) {
      const { status, headers, text } = await atlas.ask(method, at, { as: null, payload: '{not json' })
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toMatch(
        /^Digest realm="MMS Public API", domain="", nonce="[A-Za-z0-9+/]{32}", algorithm=MD5, qop="auth", stale=false$/,
      )
      expect(headers['content-type']).toBe('application/json')
      expect(headers['content-length']).toBe(String(Buffer.byteLength(BODY)))
      expect(headers['x-error-code']).toBeUndefined()
      expect(text).toBe(BODY)
    }
  })

  test('is the same with ?pretty=false and ?envelope=true', async () => {
    expect((await atlas.ask('GET', `${path}?envelope=true`, { as: null })).text).toBe(BODY)
  })

  test('can be read by Go’s client, which splits it at comma and space and knows seven parameters (trap 1)', async () => {
    const { headers } = await atlas.ask('GET', path, { as: null })
    const header = headers['www-authenticate']!
    expect([typeof header, header.startsWith('Digest ')]).toEqual(['string', true])
    const parts = header.slice('Digest '.length).split(', ')
    const known = ['algorithm', 'domain', 'nonce', 'opaque', 'qop', 'realm', 'stale']
    const fields = new Map(
      parts.map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1).replace(/^"|"$/g, '')]),
    )
    expect([...fields.keys()].filter(name => !known.includes(name))).toEqual([])
    expect([fields.get('qop'), fields.get('algorithm'), fields.get('realm')]).toEqual(['auth', 'MD5', 'MMS Public API'])
  })

  test('comes before anything is written, however whole the request is that it answers (trap 2)', async () => {
    const body = [{ ipAddress: '192.0.2.200' }]
    for (let probe = 0; probe < 2; probe += 1)
      expect((await atlas.v1('POST', '/accessList', { as: null, body })).status).toBe(401)
    expect((await atlas.v1('GET', '/accessList')).body.totalCount).toBe(0)
    expect((await atlas.v1('POST', '/accessList', { body })).status).toBe(201)
  })

  test('has a nonce of its own each time', async () => {
    expect(await aNonce()).not.toBe(await aNonce())
  })
})

describe('what is signed', () => {
  test('agrees with the check vector of the contract', () => {
    const ha1 = (algorithm: string) =>
      createHash(algorithm).update('qzvtkmpe:MMS Public API:5d0f6c1e-7a42-4b9f-8e63-2c1d9a7b4f05').digest('hex')
    const answer = {
      username: 'qzvtkmpe',
      method: 'GET',
      uri: '/api/atlas/v1.0/groups/64b7e0f1a2c3d4e5f6a7b8c9/databaseUsers?pretty=true',
      nonce: '0123456789abcdefghijklmnopqrstuv',
      nc: '00000001',
      cnonce: 'f00dfacecafebabe',
    }
    expect(responseFor('MD5', ha1('md5'), answer)).toBe('44fccb57f2d6a292b4ec0706b76afd0a')
    expect(responseFor('SHA-256', ha1('sha256'), answer)).toBe(
      '8470bea331b2da2ded1d25f66eb8aa600cb0e919169b85f209256e7886ca8b63',
    )
  })

  test('is the target as received: path and query, nothing decoded', async () => {
    expect(await statusOf({ uri: `${path}?pretty=true` })).toBe(200)
    expect(await statusOf({ uri: path }, { sendTo: `${path}?pretty=true` })).toBe(401)
    expect(await statusOf({ uri: `${path}?x=%41` }, { sendTo: `${path}?x=A` })).toBe(401)
    expect(await statusOf({ uri: `${path}?x=%41` })).toBe(200)
  })

  test('may be the absolute form of the target', async () => {
    expect(await statusOf({ uri: `http://roll.example${path}` }, { sendTo: path })).toBe(200)
  })

  test('is the method, too', async () => {
    expect(await statusOf({ method: 'POST' })).toBe(401)
  })
})

describe('an answer to the challenge', () => {
  test('without algorithm means MD5 (trap 3)', async () => {
    expect(await statusOf({}, { omit: ['algorithm'] })).toBe(200)
  })

  test('may quote what need not be quoted, and write names as it likes', async () => {
    expect(await statusOf({}, { set: { algorithm: '"MD5"', qop: '"auth"', nc: '"00000001"' } })).toBe(200)
    const nonce = await aNonce()
    const authorization = authorizationOf(atlas.running.key, { method: 'GET', uri: path, nonce })
      .replace('realm=', 'Realm=')
      .replace('nc=', 'NC = ')
      .replace('Digest ', 'digest ')
    expect((await atlas.ask('GET', path, { as: null, headers: { authorization } })).status).toBe(200)
  })

  test.each(['bm9uY2U=', 'a+b/c==', 'x, y', 'a"b'])('may have the cnonce %s (trap 9)', async cnonce => {
    const set = { cnonce: `"${cnonce.replaceAll('"', '\\"')}"` }
    expect(await statusOf({ cnonce }, { set })).toBe(200)
  })

  test.each([
    ['another algorithm', { set: { algorithm: 'SHA-256' } }],
    ['a session algorithm', { set: { algorithm: 'MD5-sess' } }],
    ['no qop', { omit: ['qop'] }],
    ['auth-int', { set: { qop: 'auth-int' } }],
    ['another realm', { set: { realm: '"elsewhere"' } }],
    ['a short nc', { set: { nc: '1' } }],
    ['no cnonce', { omit: ['cnonce'] }],
    ['no nc', { omit: ['nc'] }],
    ['a response that is cut', { set: { response: '"00"' } }],
    ['no username', { omit: ['username'] }],
    ['a parameter twice', { set: { algorithm: 'MD5, nc=00000002' } }],
  ])('with %s is challenged anew', async (_words, how) => {
    const { status, headers, text } = await signed({}, how)
    expect({ status, text }).toEqual({ status: 401, text: BODY })
    expect(challengeIn(headers['www-authenticate']).stale).toBe('false')
  })

  test('of an unknown key and of a wrong private half is refused in the same words', async () => {
    const unknown = await signed({}, { key: { publicKey: 'zzzzzzzz', privateKey: 'nothing' } })
    const wrong = await signed({}, { key: { ...atlas.running.key, privateKey: 'nothing' } })
    const without = (headers: object) =>
      Object.entries(headers).filter(([name]) => !['www-authenticate', 'x-request-id', 'date'].includes(name))
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text])
    expect(without(unknown.headers)).toEqual(without(wrong.headers))
  })

  test('with a nonce that nobody here made is refused, however right it is', async () => {
    expect(await statusOf({ nonce: '0123456789abcdefghijklmnopqrstuv' })).toBe(401)
    const nonce = await aNonce()
    expect(await statusOf({ nonce: (nonce[0] === 'A' ? 'B' : 'A') + nonce.slice(1) })).toBe(401)
  })
})

describe('the count of a nonce', () => {
  const nc = (count: number) => count.toString(16).padStart(8, '0')

  test('may begin anywhere, and goes on (traps 3 and 10)', async () => {
    const nonce = await aNonce()
    const statuses = []
    for (const count of [13, 14, 15]) statuses.push(await statusOf({ nonce, nc: nc(count) }))
    expect(statuses).toEqual([200, 200, 200])
  })

  test('is good once: a request that is sent again is refused', async () => {
    const nonce = await aNonce()
    expect(await statusOf({ nonce, nc: nc(7) })).toBe(200)
    const { status, headers } = await signed({ nonce, nc: nc(7) })
    expect([status, challengeIn(headers['www-authenticate']).stale]).toEqual([401, 'false'])
  })

  test('may come out of order within 64', async () => {
    const nonce = await aNonce()
    const statuses = []
    for (const count of [100, 37, 36, 99, 99, 163, 100, 0xffffffff, 0xffffffff, 0xffffffc0, 0xffffffbf, 5])
      statuses.push(await statusOf({ nonce, nc: nc(count) }))
    expect(statuses).toEqual([200, 200, 401, 200, 401, 200, 401, 200, 401, 200, 401, 401])
  })

  test('of many requests at once is good for each of them, once', async () => {
    const nonce = await aNonce()
    const counts = [...Array(40).keys(), ...Array(40).keys()].map(count => nc(count + 1))
    const statuses = await Promise.all(counts.map(count => statusOf({ nonce, nc: count })))
    expect(statuses.filter(status => status === 200)).toHaveLength(40)
  })

  test('is of each key by itself', async () => {
    const nonce = await aNonce()
    const key = await anotherKey({})
    expect(await statusOf({ nonce })).toBe(200)
    expect(await statusOf({ nonce }, { key })).toBe(200)
  })
})

async function anotherKey(own: object): Promise<DigestKey> {
  const { key, keyId } = await aPerson(atlas.running.app.store, atlas.running.project, 'viewer', { key: own })
  atlas.running.heard({ password: key }, '')
  return { privateKey: key, publicKey: (await atlas.running.app.store.read.keys.find(keyId))!.publicKey }
}

describe('a nonce whose time is over', () => {
  afterEach(() => void vi.useRealTimers())

  test('is stale where the answer is right, and only there', async () => {
    const nonce = await aNonce()
    // Only the clock moves on; whatever waits goes on waiting as ever.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_100 })
    const right = await signed({ nonce })
    const wrong = await signed({ nonce }, { key: { ...atlas.running.key, privateKey: 'nothing' } })
    expect(right.status).toBe(401)
    const challenge = challengeIn(right.headers['www-authenticate'])
    expect(challenge.stale).toBe('true')
    expect(challengeIn(wrong.headers['www-authenticate']).stale).toBe('false')
    expect(await statusOf({ nonce: challenge.nonce })).toBe(200)
  })
})

describe('a key', () => {
  test('that is bound to networks is refused from elsewhere with 403, and where it is known nothing more is told', async () => {
    const key = await anotherKey({ networks: ['203.0.113.0/24'] })
    const { status, body, headers } = await signed({}, { key })
    expect(status).toBe(403)
    expect(body).toMatchObject({ errorCode: 'IP_ADDRESS_NOT_ON_ACCESS_LIST', parameters: ['127.0.0.1'] })
    expect(headers['www-authenticate']).toBeUndefined()
    const wrong = await signed({}, { key: { ...key, privateKey: 'nothing' } })
    expect(wrong.status).toBe(401)
  })

  test.each([
    ['revoked', { revokedAt: 1 }],
    ['over', { expiresAt: 1 }],
  ])('that is %s is as good as none', async (_words, own) => {
    expect(await statusOf({}, { key: await anotherKey(own) })).toBe(401)
  })

  test('that failed too often is locked for a while, and nobody learns that it is, nor is anybody else locked out', async () => {
    const key = await anotherKey({})
    expect(await statusOf({}, { key })).toBe(200)
    for (let tries = 0; tries < 20; tries += 1) await signed({}, { key: { ...key, privateKey: `guess ${tries}` } })
    const { status, text } = await signed({}, { key })
    expect([status, text]).toEqual([401, BODY])
    expect(await statusOf({})).toBe(200)
  })
})

test('after a restart a request from before it can not be sent again, and its client is challenged once more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-digest-'))
  const asked = async (of: Atlas, nonce: string, nc: string) => {
    const uri = `/api/atlas/v1.0/groups/${of.running.project}`
    const authorization = authorizationOf(of.running.key, { method: 'GET', uri, nonce, nc })
    const { status, headers } = await of.ask('GET', uri, { as: null, headers: { authorization } })
    return { status, challenge: headers['www-authenticate'] }
  }
  const before = await anAtlas({ folder })
  const nonce = await aNonce(before)
  expect((await asked(before, nonce, '00000001')).status).toBe(200)
  await before[Symbol.asyncDispose]()
  {
    await using after = await anAtlas({ folder, key: before.running.key })
    for (const nc of ['00000001', '00000002']) {
      const { status, challenge } = await asked(after, nonce, nc)
      expect([status, challengeIn(challenge).stale]).toEqual([401, 'false'])
      expect((await asked(after, challengeIn(challenge).nonce, nc)).status).toBe(200)
    }
  }
  rmSync(folder, { recursive: true })
})

describe('with SHA-256', () => {
  test('MD5 is refused, and so is an answer that names no algorithm', async () => {
    await using other = await anAtlas({ flags: { '--atlas-digest-algorithm': 'SHA-256' } })
    const at = `/api/atlas/v1.0/groups/${other.running.project}`
    const answers = async (algorithm: string, omit: string[] = []) => {
      const challenge = challengeIn((await other.ask('GET', at, { as: null })).headers['www-authenticate'])
      expect(challenge.algorithm).toBe('SHA-256')
      const signing = { method: 'GET', uri: at, nonce: challenge.nonce, algorithm }
      const authorization = authorizationOf(other.running.key, signing, { omit })
      return (await other.ask('GET', at, { as: null, headers: { authorization } })).status
    }
    expect(await answers('SHA-256')).toBe(200)
    expect(await answers('MD5')).toBe(401)
    expect(await answers('SHA-256', ['algorithm'])).toBe(401)
    expect(await answers('MD5', ['algorithm'])).toBe(401)
  })
})
