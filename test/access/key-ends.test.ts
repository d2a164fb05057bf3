import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Atlas, anAtlas } from '../dialects/atlas/atlas.ts'
import { type Clocks, withClocks } from '../support/clocks.ts'
import { aPerson } from '../support/people.ts'

const HOUR_MS = 3_600_000
const clocks: Clocks = { store: 0, engine: 0 }
let atlas: Atlas
beforeAll(async () => {
  atlas = await anAtlas({ parts: withClocks(clocks) })
})
afterEach(() => Object.assign(clocks, { store: 0, engine: 0 }))
afterAll(() => atlas?.[Symbol.asyncDispose]())

const inTrove = async (token: string) => {
  const path = `/v1.0/${atlas.running.project}/instances`
  return (await atlas.running.ask('GET', path, { key: null, headers: { 'x-auth-token': token } })).status
}

type Way = (key: { privateKey: string; publicKey: string }) => Promise<number>

/** The ways to show a key. */
const WAYS: Readonly<Record<string, Way>> = {
  'by itself': async ({ privateKey: key }) => (await atlas.running.native('GET', '', { key })).status,
  'by Digest': async key => (await atlas.v1('GET', '', { as: { ...key } })).status,
  'to the Trove API': ({ privateKey }) => inTrove(privateKey),
}

async function aKeyUntil(expiresAt: number) {
  const { store } = atlas.running.app
  const { key: privateKey, keyId } = await aPerson(store, atlas.running.project, 'owner', { key: { expiresAt } })
  atlas.running.heard({ password: privateKey }, '')
  return { privateKey, publicKey: (await store.read.keys.find(keyId))!.publicKey }
}

describe.each(Object.keys(WAYS))('the end of a key that is shown %s is told by the clock of the store', how => {
  test('which is ahead of ours', async () => {
    const key = await aKeyUntil(Date.now() + HOUR_MS)
    expect(await WAYS[how]!(key)).toBe(200)
    clocks.store = 2 * HOUR_MS
    expect(await WAYS[how]!(key)).toBe(401)
  })

  test('which is behind ours', async () => {
    const key = await aKeyUntil(Date.now() - HOUR_MS)
    expect(await WAYS[how]!(key)).toBe(401)
    clocks.store = -2 * HOUR_MS
    expect(await WAYS[how]!(key)).toBe(200)
  })
})

test('so are the ends of tokens', async () => {
  const { running } = atlas
  const identity = { auth: { identity: { methods: ['token'], token: { id: running.key.privateKey } } } }
  const issued = await running.ask('POST', '/identity/v3/auth/tokens', { key: null, body: identity })
  expect(issued.status, issued.text).toBe(201)
  const token = issued.headers['x-subject-token']!
  expect(await inTrove(token)).toBe(200)
  clocks.store = 24 * HOUR_MS
  expect(await inTrove(token)).toBe(401)
})

test('so are the ends of the secrets and tokens of service accounts', async () => {
  const body = { name: 'ends', description: 'ends', roles: ['GROUP_OWNER'], secretExpiresAfterHours: 8 }
  const headers = { accept: 'application/vnd.atlas.2024-08-05+json' }
  const made = await atlas.v2('POST', '/serviceAccounts', { body, headers })
  expect(made.status, made.text).toBe(201)
  const { clientId } = made.body
  const basic = Buffer.from(`${clientId}:${made.body.secrets[0].secret}`).toString('base64')
  const form = {
    key: null,
    payload: 'grant_type=client_credentials',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
  }
  const issue = () => atlas.running.ask('POST', '/api/oauth/token', form)
  const token = (await issue()).body.access_token
  atlas.running.heard({ password: token }, '')
  const asked = async () => {
    const authorization = `Bearer ${token}`
    return (await atlas.running.ask('GET', '/api/atlas/v1.0/groups', { key: null, headers: { authorization } })).status
  }
  expect(await asked()).toBe(200)
  clocks.store = 2 * HOUR_MS
  expect([await asked(), (await issue()).status]).toEqual([401, 200])
  clocks.store = 9 * HOUR_MS
  expect((await issue()).status).toBe(401)
})
