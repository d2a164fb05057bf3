import { afterAll, beforeAll, expect, test } from 'vitest'
import { mongodbServers } from '../../../support/servers.ts'
import { type Atlas, anAtlas } from '../atlas.ts'
import { aUser, userPath, usersPath } from './ground.ts'

/** What clients trip over that no client at hand does by itself, as they send it. The others have their numbers in the tests around. */
let atlas: Atlas

beforeAll(async () => {
  atlas = await anAtlas()
  await atlas.running.connect(await mongodbServers()[0]!.start(), { instanceName: 'orders' })
}, 120_000)
afterAll(() => atlas?.[Symbol.asyncDispose]())

test('trap 7: the newer Go SDK finds JSON, a number for `error`, and a date as RFC 3339 has them', async () => {
  const name = `sdk_${process.pid}`
  const deleteAfterDate = new Date(Date.now() + 3_600_000).toISOString()
  const made = await atlas.v2('POST', usersPath, { body: aUser(name, { deleteAfterDate }) })
  expect(made.headers['content-type']).toMatch(/^application\/(\S+\+)?json\b/)
  expect(made.body.deleteAfterDate).toBe(deleteAfterDate.replace(/\.\d+Z$/, 'Z'))
  expect((await atlas.v2('DELETE', userPath(name))).status).toBe(204)
  const { body, headers } = await atlas.v2('GET', userPath(name))
  expect([body.error, headers['content-type']]).toEqual([404, 'application/json'])
})

test('trap 12: Terraform keeps the answer to a create as its state, and reads the same again', async () => {
  const name = `terraform_${process.pid}`
  const sent = {
    roles: [
      { databaseName: 'shop', roleName: 'readWrite', collectionName: '' },
      { databaseName: 'shop', roleName: 'read', collectionName: 'invoices' },
    ],
    labels: [{ key: 'team', value: 'ops' }],
    scopes: [{ name: 'orders', type: 'CLUSTER' }],
  }
  const body = aUser(name, {
    ...sent,
    x509Type: 'NONE',
    ldapAuthType: 'NONE',
    awsIAMType: 'NONE',
    oidcAuthType: 'NONE',
  })
  const made = await atlas.v2('POST', usersPath, { body: { ...body, description: '' } })
  const { labels, scopes } = sent
  const roles = [{ databaseName: 'shop', roleName: 'readWrite' }, sent.roles[1]]
  const types = { x509Type: 'NONE', ldapAuthType: 'NONE', awsIAMType: 'NONE', oidcAuthType: 'NONE' }
  expect([made.status, made.body]).toMatchObject([201, { ...types, roles, labels, scopes, databaseName: 'admin' }])
  expect(made.body).not.toHaveProperty('description')
  expect((await atlas.v2('GET', userPath(name))).body).toEqual(made.body)
  expect((await atlas.v2('DELETE', userPath(name))).status).toBe(204)
})

test('traps 13 and 19: what is gone already is a 404 that says so, or 204 where that is set', async () => {
  const gone = await atlas.v2('DELETE', userPath('long.gone'))
  expect([gone.status, gone.body.errorCode, gone.headers['x-error-code']]).toEqual([
    404,
    'USER_NOT_FOUND',
    'USER_NOT_FOUND',
  ])
  await using lenient = await anAtlas({ flags: { '--atlas-delete-missing': '204' } })
  expect((await lenient.v2('DELETE', userPath('long.gone'))).status).toBe(204)
})

test('trap 15: a custom role that is refused says nothing that Terraform repeats for', async () => {
  const body = { roleName: 'role500404', actions: [{ action: 'NOTHING_500', resources: [{ cluster: true }] }] }
  const refused = await atlas.v2('POST', '/customDBRoles/roles', { body })
  expect([refused.status, refused.body.errorCode]).toEqual([400, 'INVALID_ENUM_VALUE'])
  const missing = await atlas.v2('GET', '/customDBRoles/roles/nobody')
  expect([missing.status, missing.body.errorCode]).toEqual([404, 'ATLAS_CUSTOM_ROLE_NOT_FOUND'])
})

test('trap 18: the command knows ids of 24 hex digits, and waits for USERNAME_NOT_FOUND', async () => {
  expect(atlas.running.project).toMatch(/^[0-9a-f]{24}$/)
  expect(atlas.org).toMatch(/^[0-9a-f]{24}$/)
  expect((await atlas.v2('GET', userPath('not.yet'))).body.errorCode).toBe('USERNAME_NOT_FOUND')
})
