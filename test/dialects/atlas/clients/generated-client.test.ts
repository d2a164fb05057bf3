import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { originOf } from '../../../support/atlas/clients.ts'
import { type GeneratedClient, generateClient } from '../../../support/clients/generated.ts'
import { npmPackages } from '../../../support/clients/npm.ts'
import { mongodbServers } from '../../../support/servers.ts'
import { type Atlas, anAtlas } from '../atlas.ts'

let atlas: Atlas
let client: GeneratedClient
let groupId: string

beforeAll(async () => {
  // Fetching them stops this process for seconds, and a server in it would hang up on its clients.
  npmPackages('generators')
  atlas = await anAtlas()
  groupId = atlas.running.project
  await atlas.running.connect(await mongodbServers()[0]!.start(), { instanceName: 'orders-eu' })
  client = await generateClient((await atlas.running.ask('GET', '/openapi/atlas.json', { key: null })).body)
}, 240_000)
afterAll(async () => {
  client?.[Symbol.dispose]()
  await atlas?.[Symbol.asyncDispose]()
})

const as = (authorization: string, accept = 'application/json') =>
  client.configure({ baseUrl: originOf(atlas.running), headers: { authorization, accept } })
const ours = () => `Bearer ${atlas.running.key.privateKey}`
const ROLES = [{ databaseName: 'shop', roleName: 'readWrite' }]
const name = (text: string) => `${text}_${process.pid}`
const path = (username: string) => ({ groupId, databaseName: 'admin', username })

/** What is called otherwise in the legacy generation. */
const GENERATIONS = [
  ['v1.0', 'V1', 'application/json'],
  ['v2', '', 'application/vnd.atlas.2025-03-12+json'],
] as const

describe.each(GENERATIONS)('a client generated from our document, by %s', (_, suffix, accept) => {
  beforeAll(() => as(ours(), accept))
  const call = (operation: string) => client.operations[`${operation}${suffix}`]!

  test('makes, reads, changes, lists in pages and deletes users, of names that addresses could mistake', async () => {
    const names = ['ada', 'a/b', 'x$&=:@,;y', 'q?r#s', 'ключ'].map(name)
    for (const username of names) {
      const body = { username, databaseName: 'admin', password: 'teal-Harbor-91', roles: ROLES }
      const made = await call('createDatabaseUser')({ path: { groupId }, body })
      expect([made.response.status, made.data?.username, made.data?.roles]).toEqual([201, username, ROLES])
      const got = await call('getDatabaseUser')({ path: path(username) })
      expect(got.data).toEqual(made.data)
      const changed = await call('updateDatabaseUser')({ path: path(username), body: { description: 'night shift' } })
      expect(changed.data).toEqual({ ...made.data, description: 'night shift' })
    }
    const listed: string[] = []
    for (let pageNum = 1; pageNum < 20; pageNum += 1) {
      const { data } = await call('listDatabaseUsers')({ path: { groupId }, query: { itemsPerPage: 2, pageNum } })
      listed.push(...data.results.map(({ username }: { username: string }) => username))
      if (!data.links.some(({ rel }: { rel: string }) => rel === 'next')) break
    }
    expect(listed.slice(0, names.length)).toEqual(names)
    for (const username of names)
      expect((await call('deleteDatabaseUser')({ path: path(username) })).response.status).toBe(204)
    const gone = await call('getDatabaseUser')({ path: path(names[0]!) })
    expect([gone.response.status, gone.error]).toEqual([
      404,
      expect.objectContaining({ errorCode: 'USERNAME_NOT_FOUND' }),
    ])
  })

  test('defines a role, gives it to a user, and drops both', async () => {
    const roleName = name('ledgerReader').replaceAll(/\W/g, '')
    const actions = [{ action: 'FIND', resources: [{ db: 'shop', collection: 'invoices' }] }]
    const made = await call('createCustomDatabaseRole')({ path: { groupId }, body: { roleName, actions } })
    expect([made.response.status, made.data]).toEqual([202, { actions, inheritedRoles: [], roleName }])
    const roles = [{ databaseName: 'admin', roleName }]
    const body = { username: name('clerk'), password: 'teal-Harbor-91', roles }
    expect((await call('createDatabaseUser')({ path: { groupId }, body })).data?.roles).toEqual(roles)
    const role = { groupId, roleName }
    const refused = await call('deleteCustomDatabaseRole')({ path: role })
    expect(refused.error).toMatchObject({ error: 409, errorCode: 'ATLAS_CUSTOM_ROLE_IN_USE_BY_USERS' })
    await call('deleteDatabaseUser')({ path: path(name('clerk')) })
    expect((await call('deleteCustomDatabaseRole')({ path: role })).response.status).toBe(204)
    expect((await call('listCustomDatabaseRoles')({ path: { groupId } })).data).toEqual([])
  })

  test('reads the project, its clusters and what it is itself', async () => {
    expect((await call('getGroup')({ path: { groupId } })).data).toMatchObject({ id: groupId, clusterCount: 1 })
    const { data } = await call('listClusters')({ path: { groupId } })
    expect(data.results.map((one: { name: string }) => one.name)).toEqual(['orders-eu'])
    expect((await call('getRoot')({})).data.apiKey.publicKey).toBe(atlas.running.key.publicKey)
  })
})

test('a generated client logs in as a service account, until its token is revoked', async () => {
  const { operations } = client
  as(ours(), 'application/vnd.atlas.2024-08-05+json')
  const wish = { name: 'by-client', description: 'of a test', roles: ['GROUP_OWNER'], secretExpiresAfterHours: 8 }
  const account = await operations.createGroupServiceAccount!({ path: { groupId }, body: wish })
  const { clientId, secrets } = account.data
  atlas.running.heard({ password: secrets[0].secret }, '')
  const basic = `Basic ${Buffer.from(`${clientId}:${secrets[0].secret}`).toString('base64')}`
  as(basic)
  const issued = await operations.createAccessToken!({ body: { grant_type: 'client_credentials' } })
  expect([issued.response.status, issued.data]).toMatchObject([200, { token_type: 'Bearer', expires_in: 3600 }])
  const token = issued.data.access_token as string
  atlas.running.heard({ password: token }, '')
  as(`Bearer ${token}`)
  const listed = await operations.listDatabaseUsersV1!({ path: { groupId } })
  expect(listed.response.status).toBe(200)
  as(basic)
  const revoked = await operations.revokeAccessToken!({ body: { token, token_type_hint: 'access_token' } })
  expect(revoked.response.status).toBe(200)
  as(`Bearer ${token}`)
  expect((await operations.listDatabaseUsersV1!({ path: { groupId } })).response.status).toBe(401)
})
