import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountsOn, mongodbClient } from '../../../support/mongodb/logins.ts'
import { mongodbServers, type TestServer } from '../../../support/servers.ts'
import { type Atlas, anAtlas } from '../atlas.ts'
import { usersPath } from './ground.ts'

/** Logs in by a certificate: made by others, on the server itself. */
const NAME = `CN=otto ${process.pid},OU=ledger/eu`
const path = `${usersPath}/$external/${encodeURIComponent(NAME)}`

let atlas: Atlas
let server: TestServer

beforeAll(async () => {
  server = await mongodbServers()[0]!.start()
  atlas = await anAtlas()
  await atlas.running.connect(server, { instanceName: 'orders' })
  await using admin = mongodbClient(server)
  const roles = [{ role: 'read', db: 'shop' }]
  await admin.db('$external').command({ createUser: NAME, roles, mechanisms: ['MONGODB-X509'] })
}, 120_000)
afterAll(() => atlas?.[Symbol.asyncDispose]())

test('a user of $external is found under its database and name, however these are escaped', async () => {
  const { status, body } = await atlas.v1('GET', path)
  expect([status, body.databaseName, body.username]).toEqual([200, '$external', NAME])
  const other = await atlas.v1('GET', `${usersPath}/%24external/${encodeURIComponent(NAME).replaceAll('%2C', ',')}`)
  expect(other.body).toEqual(body)
  expect((await atlas.v1('GET', `${usersPath}/admin/${encodeURIComponent(NAME)}`)).status).toBe(404)
})

test('it gets no password: nobody logs in by one there', async () => {
  const { status, body } = await atlas.v1('PATCH', path, { body: { password: 'teal-Harbor-91' } })
  expect([status, body.errorCode]).toEqual([400, 'ATLAS_INVALID_AUTH_SETTINGS'])
})

test('it has no certificates of ours', async () => {
  for (const method of ['GET', 'POST']) {
    const asking = method === 'POST' ? { body: { monthsUntilExpiration: 3 } } : {}
    const answer = await atlas.v1(method, `${usersPath}/${encodeURIComponent(NAME)}/certs`, asking)
    expect([method, answer.status, answer.body.errorCode]).toEqual([method, 400, 'USER_NOT_MANAGED_X509'])
  }
})

test('its roles are changed, and it is dropped', async () => {
  const roles = [{ databaseName: 'shop', roleName: 'readWrite' }]
  expect((await atlas.v1('PATCH', path, { body: { roles } })).body.roles).toEqual(roles)
  expect(await accountsOn(server, NAME)).toEqual([{ user: NAME, db: '$external', roles: ['shop.readWrite'] }])
  expect((await atlas.v1('DELETE', path)).status).toBe(204)
  expect(await accountsOn(server, NAME)).toEqual([])
  expect((await atlas.v1('GET', path)).status).toBe(404)
})
