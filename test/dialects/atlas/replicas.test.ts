import { afterAll, beforeAll, expect, test } from 'vitest'
import { aDatabase } from '../../support/store-database.ts'
import { type Atlas, anAtlas } from './atlas.ts'
import { authorizationOf, challengeIn } from './digest-client.ts'

/** Two processes' worth of Rolecall over one PostgreSQL. */
let one: Atlas
let other: Atlas
let path: string

beforeAll(async () => {
  const flags = { '--store': await aDatabase() }
  one = await anAtlas({ flags })
  other = await anAtlas({ flags, folder: one.running.folder, key: one.running.key })
  path = `/api/atlas/v1.0/groups/${one.running.project}`
}, 60_000)
afterAll(async () => {
  await other?.[Symbol.asyncDispose]()
  await one?.[Symbol.asyncDispose]()
})

const nonceOf = async (atlas: Atlas) =>
  challengeIn((await atlas.ask('GET', path, { as: null })).headers['www-authenticate']).nonce

async function use(atlas: Atlas, nonce: string, count: number): Promise<number> {
  const nc = count.toString(16).padStart(8, '0')
  const authorization = authorizationOf(one.running.key, { method: 'GET', uri: path, nonce, nc })
  return (await atlas.ask('GET', path, { as: null, headers: { authorization } })).status
}

test('a nonce of one replica is good at the other, and each of its counts once over both', async () => {
  const nonce = await nonceOf(one)
  expect([await use(other, nonce, 1), await use(one, nonce, 1), await use(other, nonce, 1)]).toEqual([200, 401, 401])
  expect([await use(one, nonce, 70), await use(other, nonce, 6), await use(other, nonce, 7)]).toEqual([200, 401, 200])
})

test('of the same counts at both at once each is good once', async () => {
  const nonce = await nonceOf(other)
  const counts = Array.from({ length: 25 }, (_, at) => at + 1)
  const statuses = await Promise.all(counts.flatMap(count => [use(one, nonce, count), use(other, nonce, count)]))
  expect(statuses.filter(status => status === 200)).toHaveLength(25)
})

test('a service account’s token is good at both, and ends at both', async () => {
  const headers = { accept: 'application/vnd.atlas.2024-08-05+json' }
  const body = { name: 'a', description: 'b', roles: ['GROUP_READ_ONLY'], secretExpiresAfterHours: 8 }
  const { body: account } = await one.v2('POST', '/serviceAccounts', { headers, body })
  const [{ secret }] = account.secrets
  const basic = `Basic ${Buffer.from(`${account.clientId}:${secret}`).toString('base64')}`
  const form = (atlas: Atlas, what: string, payload: string) =>
    atlas.ask('POST', `/api/oauth/${what}`, { as: null, payload, headers: { authorization: basic } })
  const { access_token: token } = (await form(other, 'token', 'grant_type=client_credentials')).body
  for (const atlas of [one, other]) atlas.running.heard({ password: token, secret }, '')
  const ask = async (atlas: Atlas) =>
    (await atlas.ask('GET', path, { as: null, headers: { authorization: `Bearer ${token}` } })).status
  expect([await ask(one), await ask(other)]).toEqual([200, 200])
  await form(one, 'revoke', `token=${token}`)
  expect([await ask(one), await ask(other)]).toEqual([401, 401])
})
