import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mongodbServers } from '../../../support/servers.ts'
import { type Atlas, anAtlas } from '../atlas.ts'
import { aUser, userPath, usersPath } from './ground.ts'

let atlas: Atlas
const NAME = `r${process.pid}`
const DAY_MS = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString()

if (mongodbServers().length === 0) test.skip('MongoDB is left out: ENGINES says so')

const [one] = mongodbServers()

beforeAll(async () => {
  atlas = await anAtlas({ flags: { '--atlas-limits-users': '4' } })
  await atlas.running.connect(await one!.start(), { name: 'to orders', instanceName: 'orders' })
}, 120_000)
afterAll(async () => {
  for (const name of [NAME, `${NAME}_temporary`]) await atlas?.v1('DELETE', userPath(name))
  await atlas?.[Symbol.asyncDispose]()
})

const make = (more: Readonly<Record<string, unknown>>) => atlas.v1('POST', usersPath, { body: aUser(NAME, more) })
const roles = (...all: object[]) => ({ roles: all })
const role = (roleName: string, more: object = {}) => roles({ databaseName: 'admin', roleName, ...more })
const external = (username: string, more: object) => ({
  username,
  databaseName: '$external',
  password: undefined,
  ...more,
})

describe.runIf(one)('a new user is refused', () => {
  test.each<[string, Readonly<Record<string, unknown>>, number, string, readonly unknown[]]>([
    ['without roles', { roles: undefined }, 400, 'MISSING_ATTRIBUTE', ['roles']],
    ['with an empty list of roles', { roles: [] }, 400, 'MISSING_ATTRIBUTE', ['roles']],
    ['trap 6: with null for roles', { roles: null }, 400, 'MISSING_ATTRIBUTE', ['roles']],
    ['without a name', { username: '' }, 400, 'MISSING_ATTRIBUTE', ['username']],
    ['without a password', { password: undefined }, 400, 'MISSING_ATTRIBUTE', ['password']],
    ['without name and password', { username: undefined, roles: 7 }, 400, 'INVALID_JSON_ATTRIBUTE', ['roles']],
    ['with a field that nobody knows', { passwrd: 'x' }, 400, 'INVALID_ATTRIBUTE', ['passwrd']],
    ['with a role without a database', roles({ roleName: 'read' }), 400, 'MISSING_ATTRIBUTE', ['databaseName']],
    ['with a role that is nothing', roles({}), 400, 'MISSING_ATTRIBUTES', ['databaseName', 'roleName']],
    ['in a database for others', { databaseName: 'shop' }, 400, 'INVALID_ENUM_VALUE', ['shop', 'databaseName']],
    [
      'with a kind of scope that there is not',
      { scopes: [{ name: 'orders', type: 'X' }] },
      400,
      'INVALID_ENUM_VALUE',
      ['X', 'scopes.0.type'],
    ],
    ['with a long description', { description: 'x'.repeat(101) }, 400, 'VALIDATION_ERROR', []],
    ['with a label without a key', { labels: [{ key: '', value: 'x' }] }, 400, 'VALIDATION_ERROR', []],
    ['of another project', { groupId: 'a'.repeat(24) }, 400, 'GROUP_MISMATCH', []],
    ['with an unknown role', role('ledgerWriter'), 400, 'ATLAS_INVALID_ROLE', ['ledgerWriter', 'admin']],
    [
      'with a role of admin elsewhere',
      role('backup', { databaseName: 'shop' }),
      400,
      'ATLAS_INVALID_ROLE_DATABASE',
      ['backup', 'shop'],
    ],
    ['with a role that is never granted', role('root'), 400, 'ATLAS_RESTRICTED_ROLE', ['root']],
    [
      'with the right to give rights',
      role('userAdminAnyDatabase'),
      400,
      'ATLAS_RESTRICTED_ROLE',
      ['userAdminAnyDatabase'],
    ],
    [
      'with a collection where none is taken',
      role('dbAdmin', { collectionName: 'x' }),
      400,
      'ATLAS_RESTRICTED_COLLECTION',
      ['dbAdmin'],
    ],
    [
      'with a role twice',
      roles({ databaseName: 'a', roleName: 'read' }, { databaseName: 'a', roleName: 'read', collectionName: '' }),
      400,
      'DUPLICATE_DATABASE_ROLES',
      [],
    ],
    [
      'with a database that can have no such name',
      role('read', { databaseName: 'a b' }),
      400,
      'INVALID_DATABASE_NAME',
      ['a b'],
    ],
    ['trap 5: called ..', { username: '..' }, 400, 'ATLAS_INVALID_USERNAME', ['..']],
    ['trap 5: called .', { username: '.' }, 400, 'ATLAS_INVALID_USERNAME', ['.']],
    ['with a control character', { username: 'a\nb' }, 400, 'ATLAS_INVALID_USERNAME', ['a\nb']],
    ['with a space around its name', { username: ' ada' }, 400, 'ATLAS_INVALID_USERNAME', [' ada']],
    ['called as the server itself', { username: '__system' }, 400, 'BLOCKED_USERNAME', ['__system']],
    ['called as Rolecall’s own login', { username: 'dba' }, 400, 'BLOCKED_USERNAME', ['dba']],
    ['with a short password', { password: 'seven77' }, 400, 'WEAK_PASSWORD', []],
    ['with its name for a password', { username: 'longenough', password: 'longenough' }, 400, 'WEAK_PASSWORD', []],
    ['with a password that everybody tries', { password: 'Password123' }, 400, 'COMMON_PASSWORD', []],
    ['with a password with a NUL', { password: 'teal\0Harbor' }, 400, 'VALIDATION_ERROR', []],
    ['with a password that is too long', { password: 'x'.repeat(1025) }, 400, 'VALIDATION_ERROR', []],
    ['with an end that lies behind', { deleteAfterDate: inDays(-1) }, 400, 'EXPIRATION_DATE_IN_PAST', []],
    ['with an end that is far ahead', { deleteAfterDate: inDays(8) }, 400, 'EXPIRATION_DATE_EXCEEDS_MAX', [7]],
    ['with an end that is no date', { deleteAfterDate: 'tomorrow' }, 400, 'INVALID_DATE_FORMAT', ['tomorrow']],
    ['with an end that says nothing', { deleteAfterDate: '' }, 400, 'INVALID_DATE_FORMAT', ['']],
    [
      'on a cluster that there is not',
      { scopes: [{ name: 'nowhere', type: 'CLUSTER' }] },
      404,
      'CLUSTER_NOT_FOUND',
      ['nowhere', '*'],
    ],
    ['in $external with a password', { databaseName: '$external' }, 400, 'DATABASE_NAME_INVALID_ADMIN', ['*']],
    [
      'with a certificate in admin',
      external('CN=ada', { databaseName: 'admin', x509Type: 'CUSTOMER' }),
      400,
      'DATABASE_NAME_INVALID_EXTERNAL',
      ['CN=ada'],
    ],
    [
      'with a certificate and a password',
      external('CN=ada', { x509Type: 'CUSTOMER', password: 'teal-Harbor' }),
      400,
      'ATLAS_X509_USER_CANNOT_USE_SCRAM',
      [],
    ],
    [
      'with a certificate and LDAP',
      external('CN=ada', { x509Type: 'CUSTOMER', ldapAuthType: 'USER' }),
      400,
      'ATLAS_X509_USER_CANNOT_USE_LDAP',
      [],
    ],
    [
      'with a certificate and an end',
      external('CN=ada', { x509Type: 'CUSTOMER', deleteAfterDate: inDays(1) }),
      400,
      'ATLAS_X509_USER_CANNOT_BE_TEMPORARY',
      [],
    ],
    [
      'with two ways to log in',
      external('CN=ada', { awsIAMType: 'USER', oidcAuthType: 'USER' }),
      400,
      'ATLAS_INVALID_AUTH_SETTINGS',
      ['*'],
    ],
    [
      'by a way that no server here knows',
      external('CN=ada', { x509Type: 'CUSTOMER' }),
      400,
      'ATLAS_INVALID_AUTH_SETTINGS',
      ['*'],
    ],
    [
      'with LDAP and no distinguished name',
      external('ada', { ldapAuthType: 'USER' }),
      400,
      'ATLAS_INVALID_LDAP_NAME',
      ['ada'],
    ],
    [
      'with a distinguished name that is not escaped',
      external('CN=a<b', { x509Type: 'CUSTOMER' }),
      400,
      'ATLAS_INVALID_DN_METACHARACTERS',
      ['CN=a<b'],
    ],
    [
      'with a managed certificate and a distinguished name',
      external('CN=ada', { x509Type: 'MANAGED' }),
      400,
      'ATLAS_MANAGED_X509_NAME_INVALID',
      ['CN=ada'],
    ],
  ])('%s', async (_why, more, status, errorCode, parameters) => {
    const { body, text, ...answer } = await make(more)
    expect(answer.status, text).toBe(status)
    expect(body.errorCode, text).toBe(errorCode)
    expect(body.error).toBe(status)
    expect(body.parameters).toEqual(parameters.map(one => (one === '*' ? expect.any(String) : one)))
    // Trap 15: a provider repeats for ten minutes whatever has these digits in its text.
    expect(body.detail).not.toMatch(/500|404/)
    expect(text).not.toContain('Harbor')
    expect((await atlas.v1('GET', userPath(NAME))).status).toBe(404)
  })

  test('whose body is no JSON, or is nothing', async () => {
    expect((await atlas.v1('POST', usersPath, { payload: '{' })).body.errorCode).toBe('MALFORMED_JSON')
    expect((await atlas.v1('POST', usersPath)).body.errorCode).toBe('INVALID_JSON')
  })
})

describe.runIf(one)('a user that is there', () => {
  beforeAll(async () => {
    expect((await make({})).status).toBe(201)
    const temporary = aUser(`${NAME}_temporary`, { deleteAfterDate: inDays(1) })
    expect((await atlas.v1('POST', usersPath, { body: temporary })).status).toBe(201)
  })

  test.each<[string, Readonly<Record<string, unknown>>, number, string, readonly unknown[]]>([
    ['takes no other name', { username: 'other' }, 409, 'DATABASE_USERNAME_CANNOT_BE_CHANGED', []],
    ['moves to no other database', { databaseName: '$external' }, 409, 'DATABASE_NAME_CANNOT_BE_CHANGED', []],
    ['takes no other way to log in', { x509Type: 'MANAGED' }, 409, 'AUTH_TYPE_CANNOT_BE_CHANGED', []],
    [
      'that is to stay is given no end',
      { deleteAfterDate: inDays(1) },
      400,
      'PERMANENT_ENTITY_CANNOT_BE_MADE_TEMPORARY',
      [],
    ],
    ['gets no weak password', { password: 'short' }, 400, 'WEAK_PASSWORD', []],
    ['gets no role that there is not', role('nobody'), 400, 'ATLAS_INVALID_ROLE', ['nobody', 'admin']],
    [
      'moves to no cluster that there is not',
      { scopes: [{ name: 'nowhere', type: 'CLUSTER' }] },
      404,
      'CLUSTER_NOT_FOUND',
      ['nowhere', '*'],
    ],
  ])('%s', async (_what, body, status, errorCode, parameters) => {
    const answer = await atlas.v1('PATCH', userPath(NAME), { body })
    expect(answer.status, answer.text).toBe(status)
    expect(answer.body.errorCode).toBe(errorCode)
    expect(answer.body.parameters).toEqual(parameters.map(one => (one === '*' ? expect.any(String) : one)))
  })

  test('is not made a second time', async () => {
    const again = await make({})
    expect([again.status, again.body.errorCode, again.body.parameters]).toEqual([409, 'USER_ALREADY_EXISTS', [NAME]])
  })

  test('with an end may get another one, and stay; but none over the limit', async () => {
    const path = userPath(`${NAME}_temporary`)
    const later = await atlas.v1('PATCH', path, { body: { deleteAfterDate: inDays(2) } })
    expect(later.status, later.text).toBe(200)
    expect(Date.parse(later.body.deleteAfterDate) - Date.now()).toBeGreaterThan(1.9 * DAY_MS)
    expect((await atlas.v1('PATCH', path, { body: { deleteAfterDate: inDays(9) } })).body.errorCode).toBe(
      'EXPIRATION_DATE_EXCEEDS_MAX',
    )
    const kept = await atlas.v1('PATCH', path, { body: { description: 'night shift' } })
    expect(kept.body.deleteAfterDate).toBe(later.body.deleteAfterDate)
    const stays = await atlas.v1('PATCH', path, { body: { deleteAfterDate: null } })
    expect([stays.status, stays.body.deleteAfterDate]).toEqual([200, undefined])
  })

  test('trap 6 and 17: fields that clients send and do not mean change nothing; an empty list clears', async () => {
    const body = {
      roles: null,
      scopes: null,
      labels: null,
      groupId: '',
      username: '',
      databaseName: '',
      x509Type: 'NONE',
      links: [],
    }
    const kept = await atlas.v1('PATCH', userPath(NAME), { body })
    expect(kept.status, kept.text).toBe(200)
    expect(kept.body.roles).toEqual([{ databaseName: 'shop', roleName: 'readWrite' }])
    expect((await atlas.v1('PATCH', userPath(NAME), { body: {} })).status).toBe(200)
    expect((await atlas.v1('PATCH', userPath(NAME), { body: { roles: [] } })).body.roles).toEqual([])
  })

  test('trap 11: keeps roles, scopes and labels in the order in which they were sent', async () => {
    const sent = {
      roles: [
        { databaseName: 'z', roleName: 'readWrite' },
        { collectionName: 'in.voices', databaseName: 'a', roleName: 'read' },
        { databaseName: 'admin', roleName: 'clusterMonitor' },
        { databaseName: 'a', roleName: 'dbAdmin' },
      ],
      scopes: [
        { name: 'orders', type: 'CLUSTER' },
        { name: 'lake', type: 'DATA_LAKE' },
      ],
      labels: [
        { key: 'team', value: 'ops' },
        { key: 'area', value: 'eu' },
        { key: 'team', value: 'two' },
      ],
    }
    const changed = await atlas.v1('PATCH', userPath(NAME), { body: sent })
    expect(changed.status, changed.text).toBe(200)
    expect(changed.body).toMatchObject(sent)
    expect((await atlas.v1('GET', userPath(NAME))).body).toEqual(changed.body)
  })

  test('a project has so many users, and no more', async () => {
    const more = ['_third', '_fourth', '_fifth']
    const made = []
    for (const name of more) made.push(await atlas.v1('POST', usersPath, { body: aUser(NAME + name) }))
    expect(made.map(({ status }) => status)).toEqual([201, 201, 403])
    expect(made[2]!.body).toMatchObject({ errorCode: 'GROUP_USERS_LIMIT_EXCEEDED', parameters: [4] })
    for (const name of more) await atlas.v1('DELETE', userPath(NAME + name))
  })
})

describe.runIf(one)('a user that is not there', () => {
  test('is not found, in the words of each method', async () => {
    const asked = await Promise.all([
      atlas.v1('GET', userPath('nobody.at.all')),
      atlas.v1('PATCH', userPath('nobody.at.all'), { body: { description: 'x' } }),
      atlas.v1('DELETE', userPath('nobody.at.all')),
      // Trap 16: another database is another user.
      atlas.v1('PATCH', `${usersPath}/$external/${NAME}`, { body: { description: 'x' } }),
      atlas.v1('GET', `${usersPath}/shop/${NAME}`),
    ])
    expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
    expect(asked.map(({ body }) => body.errorCode)).toEqual([
      'USERNAME_NOT_FOUND',
      'USERNAME_NOT_FOUND',
      'USER_NOT_FOUND',
      'USERNAME_NOT_FOUND',
      'USERNAME_NOT_FOUND',
    ])
    expect(asked[2]!.body.reason).toBe('Not Found')
  })

  test('trap 5: a trailing slash is neither the list nor all of its users', async () => {
    for (const below of [`${usersPath}/`, `${usersPath}/admin/`])
      for (const method of ['GET', 'DELETE']) {
        const answer = await atlas.v1(method, below)
        expect([answer.status, answer.body.errorCode], `${method} ${below}`).toEqual([404, 'RESOURCE_NOT_FOUND'])
      }
    expect((await atlas.v1('PUT', userPath(NAME))).status).toBe(405)
  })

  test('trap 8: characters of names come escaped or not, and mean the same', async () => {
    const name = `${NAME}$&+=:@,;/x`
    const made = await atlas.v1('POST', usersPath, { body: aUser(name, { password: 'teal-Harbor-91' }) })
    expect(made.status, made.text).toBe(201)
    expect(made.body.links[0].href).toContain(`/admin/${NAME}$&+=:@,;%2Fx`)
    expect((await atlas.v1('GET', `${usersPath}/admin/${NAME}$&+=:@,;%2Fx`)).body).toEqual(made.body)
    expect((await atlas.v1('GET', userPath(name))).body).toEqual(made.body)
    expect((await atlas.v1('GET', `${usersPath}/admin/${NAME}%`)).body.errorCode).toBe('INVALID_PATH_PARAMETER')
    expect((await atlas.v1('DELETE', userPath(name))).status).toBe(204)
  })
})
