import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  adminOf,
  aUser,
  clientOf,
  type Ground,
  passwordOf,
  rolesOn,
  twoClusters,
  userPath,
  usersPath,
} from '../users/ground.ts'

let ground: Ground
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)
const path = '/customDBRoles/roles'

beforeAll(async () => {
  ground = await twoClusters({ flags: { '--atlas-limits-custom-roles': '3' } })
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const onOrders = [{ db: 'billing', collection: 'orders' }]
const aRole = (roleName: string, more: object = {}) => ({
  roleName,
  actions: [{ action: 'FIND', resources: onOrders }],
  ...more,
})
const make = (body: object) => v1('POST', path, { body })
const customOn = async (cluster: Ground['east']) =>
  (await rolesOn(cluster)).filter(role => !/^(rolecall|rc)\./.test(role))

describe('a custom role', () => {
  test('is made on every cluster, told back as it was sent, changed there, and dropped', async () => {
    const made = await make({
      roleName: 'ledgerWriter',
      actions: [
        { action: 'FIND', resources: [{ db: 'billing', collection: 'orders', cluster: false }] },
        { action: 'KILL_OP', resources: [{ cluster: true, db: '', collection: '' }] },
        { action: 'INSERT', resources: [{ db: 'billing', collection: '' }] },
      ],
      inheritedRoles: null,
    })
    expect(made.status, made.text).toBe(202)
    expect(made.body).toEqual({
      roleName: 'ledgerWriter',
      actions: [
        { action: 'FIND', resources: onOrders },
        { action: 'KILL_OP', resources: [{ cluster: true }] },
        { action: 'INSERT', resources: [{ db: 'billing' }] },
      ],
      inheritedRoles: [],
    })
    for (const cluster of [ground.east, ground.west]) {
      await using admin = await adminOf(cluster)
      const { roles } = await admin.db('admin').command({ rolesInfo: 'ledgerWriter', showPrivileges: true })
      expect(roles[0].privileges).toEqual([
        { resource: { db: 'billing', collection: 'orders' }, actions: ['find'] },
        { resource: { cluster: true }, actions: ['killop'] },
        { resource: { db: 'billing', collection: '' }, actions: ['insert'] },
      ])
    }
    // Bare: no results, no paging.
    expect((await v1('GET', path)).body).toEqual([made.body])
    const changed = await v1('PATCH', `${path}/ledgerWriter`, {
      body: { inheritedRoles: [{ db: 'shop', role: 'read' }] },
    })
    expect(changed.body).toEqual({ ...made.body, inheritedRoles: [{ db: 'shop', role: 'read' }] })
    expect((await v1('GET', `${path}/ledgerWriter`)).body).toEqual(changed.body)
    expect((await v1('DELETE', `${path}/ledgerWriter`)).status).toBe(204)
    expect((await v1('GET', `${path}/ledgerWriter`)).body.errorCode).toBe('ATLAS_CUSTOM_ROLE_NOT_FOUND')
    expect([await customOn(ground.east), await customOn(ground.west)]).toEqual([[], []])
  })

  test('lets a user do what it says, and stays while somebody has it or inherits from it', async () => {
    expect(
      (await make(aRole('reader', { actions: [{ action: 'FIND', resources: [{ db: 'billing' }] }] }))).status,
    ).toBe(202)
    expect(
      (await make(aRole('wider', { actions: [], inheritedRoles: [{ db: 'admin', role: 'reader' }] }))).status,
    ).toBe(202)
    const user = await v1('POST', usersPath, {
      body: aUser('ada', { roles: [{ databaseName: 'admin', roleName: 'reader' }] }),
    })
    expect(user.status, user.text).toBe(201)
    expect(user.body.roles).toEqual([{ databaseName: 'admin', roleName: 'reader' }])
    await using client = await clientOf(ground.west, 'ada', passwordOf('ada'))
    expect(await client.db('billing').collection('orders').findOne()).toBeNull()
    await expect(client.db('billing').collection('orders').insertOne({})).rejects.toMatchObject({ code: 13 })
    const drop = () => v1('DELETE', `${path}/reader`)
    expect((await drop()).body.errorCode).toBe('ATLAS_CUSTOM_ROLE_IN_USE_BY_ROLES')
    expect((await v1('DELETE', `${path}/wider`)).status).toBe(204)
    expect((await drop()).body).toMatchObject({
      error: 409,
      errorCode: 'ATLAS_CUSTOM_ROLE_IN_USE_BY_USERS',
      parameters: ['reader'],
    })
    const elsewhere = { roles: [{ databaseName: 'shop', roleName: 'reader' }] }
    expect((await v1('PATCH', userPath('ada'), { body: elsewhere })).body.errorCode).toBe('UNSUPPORTED_ROLE')
    expect((await v1('DELETE', userPath('ada'))).status).toBe(204)
    expect((await drop()).status).toBe(204)
  })

  test('is made nowhere while a cluster is away', async () => {
    await ground.west.door.refuse()
    const made = await make(aRole('away'))
    expect([made.status, made.body.errorCode, made.body.parameters]).toEqual([503, 'SERVICE_UNAVAILABLE', ['west']])
    await ground.west.door.comeBack()
    expect(await customOn(ground.east)).toEqual([])
    expect((await v1('GET', `${path}/away`)).status).toBe(404)
  })

  test('reaches a cluster that joins later, and the users who have it after it', async () => {
    expect((await make(aRole('late'))).status).toBe(202)
    const roles = [{ databaseName: 'admin', roleName: 'late' }]
    expect((await v1('POST', usersPath, { body: aUser('later', { roles }) })).status).toBe(201)
    const north = await ground.join('north')
    const end = Date.now() + 40_000
    while (
      Date.now() < end &&
      !(await clientOf(north, 'later', passwordOf('later')).then(
        one => one.close().then(() => true),
        () => false,
      ))
    )
      await new Promise(resolve => setTimeout(resolve, 300))
    expect(await customOn(north)).toEqual(['late'])
    expect((await v1('DELETE', userPath('later'))).status).toBe(204)
    expect((await v1('DELETE', `${path}/late`)).status).toBe(204)
    expect(await customOn(north)).toEqual([])
  }, 60_000)

  test('of the same name on the server is taken where it is the same, and refused where it is not', async () => {
    await using admin = await adminOf(ground.east)
    const privileges = [{ resource: { db: 'billing', collection: 'orders' }, actions: ['find'] }]
    await admin.db('admin').command({ createRole: 'shared', privileges, roles: [] })
    const other = aRole('shared', { actions: [{ action: 'INSERT', resources: onOrders }] })
    expect((await make(other)).body.errorCode).toBe('ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS')
    expect(await customOn(ground.west)).toEqual([])
    expect((await make(aRole('shared'))).status).toBe(202)
    expect((await v1('DELETE', `${path}/shared`)).status).toBe(204)
  })
})

describe('a custom role is refused', () => {
  beforeAll(async () => {
    expect((await make(aRole('first'))).status).toBe(202)
    expect((await make(aRole('second', { inheritedRoles: [{ db: 'admin', role: 'first' }] }))).status).toBe(202)
  })

  const twice = [...onOrders, ...onOrders]
  test.each<[string, object, number, string, readonly unknown[]]>([
    ['whose name is taken', aRole('first'), 409, 'ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS', ['first']],
    [
      'called as one that servers bring',
      aRole('readWrite'),
      409,
      'ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS',
      ['readWrite'],
    ],
    ['that begins with xgen-', aRole('xgen-x'), 400, 'ATLAS_RESERVED_CUSTOM_ROLE_RESTRICTED', ['xgen-x']],
    ['with a dot in its name', aRole('rc.x'), 400, 'VALIDATION_ERROR', []],
    ['without a name', { actions: [] }, 400, 'MISSING_ATTRIBUTE', ['roleName']],
    ['that allows nothing', aRole('none', { actions: [] }), 400, 'ATLAS_CUSTOM_ROLE_HAS_NO_PERMISSIONS', []],
    [
      'with an action that there is not',
      aRole('x', { actions: [{ action: 'FLY', resources: onOrders }] }),
      400,
      'INVALID_ENUM_VALUE',
      ['FLY', 'action'],
    ],
    [
      'with an action that only the hosted service has',
      aRole('x', { actions: [{ action: 'OUT_TO_S3', resources: onOrders }] }),
      400,
      'INVALID_ENUM_VALUE',
      ['OUT_TO_S3', 'action'],
    ],
    [
      'with an action twice',
      aRole('x', {
        actions: [
          { action: 'FIND', resources: onOrders },
          { action: 'FIND', resources: onOrders },
        ],
      }),
      400,
      'ATLAS_DUPLICATE_CUSTOM_ROLE_ACTION',
      ['FIND'],
    ],
    [
      'with a resource twice',
      aRole('x', { actions: [{ action: 'FIND', resources: twice }] }),
      400,
      'ATLAS_INVALID_RESOURCE',
      [],
    ],
    [
      'with a resource that is two',
      aRole('x', { actions: [{ action: 'FIND', resources: [{ cluster: true, db: 'x' }] }] }),
      400,
      'ATLAS_INVALID_RESOURCE',
      [],
    ],
    [
      'that inherits from itself',
      aRole('x', { inheritedRoles: [{ db: 'admin', role: 'x' }] }),
      400,
      'ATLAS_CUSTOM_ROLE_SELF_REFERENTIAL',
      ['x'],
    ],
    [
      'that inherits from nobody',
      aRole('x', { inheritedRoles: [{ db: 'admin', role: 'nobody' }] }),
      400,
      'ATLAS_INVALID_CUSTOM_ROLE_INHERITANCE',
      ['nobody', 'admin'],
    ],
    [
      'that inherits everything',
      aRole('x', { inheritedRoles: [{ db: 'admin', role: 'root' }] }),
      400,
      'ATLAS_INVALID_CUSTOM_ROLE_INHERITANCE',
      ['root', 'admin'],
    ],
  ])('%s', async (_what, body, status, errorCode, parameters) => {
    const answer = await make(body)
    expect([answer.status, answer.body.errorCode, answer.body.parameters], answer.text).toEqual([
      status,
      errorCode,
      parameters,
    ])
  })

  test('that would inherit from itself by way of another', async () => {
    const circle = { inheritedRoles: [{ db: 'admin', role: 'second' }] }
    const answer = await v1('PATCH', `${path}/first`, { body: circle })
    expect(answer.body.errorCode).toBe('ATLAS_CUSTOM_ROLE_CIRCULAR_DEPENDENCY')
  })

  test('once there are as many as there may be', async () => {
    expect((await make(aRole('third'))).status).toBe(202)
    expect((await make(aRole('fourth'))).body).toMatchObject({
      error: 403,
      errorCode: 'CUSTOM_ROLES_LIMIT_EXCEEDED',
      parameters: [3],
    })
  })

  test('where there is none of its name', async () => {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await v1(method, `${path}/nobody`, method === 'PATCH' ? { body: {} } : {})
      expect(answer.body).toMatchObject({ errorCode: 'ATLAS_CUSTOM_ROLE_NOT_FOUND', parameters: ['nobody'] })
    }
  })
})
