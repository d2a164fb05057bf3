import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { MongodbFacts } from '../../src/engines/mongodb/facts/facts.ts'
import { rightsFrom } from '../../src/engines/mongodb/facts/rights.ts'
import { plan, undo } from '../../src/engines/mongodb/plan.ts'
import { isDone } from '../../src/engines/mongodb/run.ts'
import { isPartlySet } from '../../src/engines/mongodb/users/plan.ts'
import { cutHere, type Login } from '../../src/engines/mongodb/users/read.ts'
import { aCreate } from '../support/changes.ts'

const mark = { installation: 'c0ffee00', operation: 'op_1' }

function someFacts(change: Partial<MongodbFacts> = {}): MongodbFacts {
  return {
    exists: false,
    applied: false,
    state: { version: '8.0.4', readOnly: false, seenAt: 0 },
    rights: { users: true, databases: true, sessions: true },
    mark,
    keepsData: true,
    account: { user: 'ada', db: 'admin' },
    roles: [],
    databases: [],
    ...change,
  }
}

const someLogin = (change: Partial<Login> = {}): Login => ({
  user: 'ada',
  db: 'admin',
  locked: false,
  roles: [],
  markers: [],
  mechanisms: [],
  ...change,
})

const shown = (change: Change, facts: MongodbFacts) =>
  plan(change, facts).steps.map(({ database, statements: [statement] }) => [database, JSON.parse(statement!.shown)])

const writeConcern = { w: 'majority' }

describe('a new login', () => {
  test('carries its mark beside it where the server keeps data there, in the one command that makes it', () => {
    const customData = { rolecall: mark }
    expect(shown(aCreate('ada'), someFacts())).toEqual([
      ['admin', { createUser: 'ada', pwd: '[secret]', roles: [], customData, writeConcern }],
    ])
  })

  test('carries it as a role of its own where the server keeps none', () => {
    const [role, user] = shown(aCreate('ada'), someFacts({ keepsData: false })).map(([, command]) => command)
    expect(role).toEqual({ createRole: expect.any(String), privileges: [], roles: [], writeConcern })
    expect(role.createRole).toMatch(/^rolecall\.mark\.c0ffee00\.op_1\.[0-9a-f]{12}$/)
    expect(user.roles).toEqual([{ role: role.createRole, db: 'admin' }])
    expect(user).not.toHaveProperty('customData')
  })

  test('of an operation that makes several has a mark of its own', () => {
    const marks = ['ada', 'bob'].map(name => shown(aCreate(name), someFacts({ keepsData: false }))[0]![1].createRole)
    expect(new Set(marks).size).toBe(2)
  })

  test('sends its password where it is shown masked', () => {
    const [step] = plan(aCreate('ada', { password: 'in "clear"' }), someFacts()).steps
    expect(JSON.parse(step!.statements[0]!.secret!.reveal())).toMatchObject({ createUser: 'ada', pwd: 'in "clear"' })
  })

  test.each([
    ['a secondary', { state: { version: '8.0.4', readOnly: true, seenAt: 0 } }, 'read_only'],
    ['a login without rights', { rights: { users: false, databases: false, sessions: false } }, 'missing_right'],
  ])('is refused by %s', (_, change, code) => {
    expect(plan(aCreate('ada'), someFacts(change)).refusals).toMatchObject([{ code, subject: 'server' }])
  })

  test.each(['local', 'a.b', 'a/b', 'x'.repeat(64)])('is not kept in a database called %s', authDatabase => {
    expect(plan(aCreate('ada', { authDatabase }), someFacts()).refusals).toMatchObject([{ code: 'invalid' }])
  })

  test('that may do everything is root', () => {
    const change: Change = { ...(aCreate('ada') as Extract<Change, { kind: 'create-user' }>), everything: true }
    expect(shown(change, someFacts())[0]![1].roles).toEqual([{ role: 'root', db: 'admin' }])
  })
})

test('atlasAdmin is made before it is given, inherits no root, and lets nobody make logins', () => {
  const [needed, made] = shown(aCreate('ada', { engineRoles: ['atlasAdmin'] }), someFacts())
  const [database, command] = made!
  expect(needed![1].createRole).toBe('enableSharding')
  expect([database, command.createRole]).toEqual(['admin', 'atlasAdmin'])
  expect(JSON.stringify(command)).not.toMatch(/root|userAdmin|createUser|grantRole/)
})

test('an action that the server does not know is left out of the roles that are made for it', () => {
  const facts = someFacts({ actions: new Set(['find']) })
  const commands = shown(aCreate('ada', { engineRoles: ['autoCompact'] }), facts)
  expect(commands[0]![1].privileges).toEqual([{ resource: { db: '', collection: '' }, actions: ['compact'] }])
})

describe('a login that is there already', () => {
  const login = someLogin({ userId: 'the-same', roles: [{ role: 'read', db: 'old' }] })
  const create = { ...aCreate('ada'), known: ['another', 'the-same'] }

  test('becomes the one that is to be made where it is known to be its own, and else is refused', () => {
    expect(shown(create, someFacts({ login }))).toEqual([
      ['admin', { updateUser: 'ada', roles: [], pwd: '[secret]', writeConcern }],
    ])
    const refusals = [{ code: 'exists' }]
    expect(plan(create, someFacts({ login: { ...login, userId: 'not-it' } })).refusals).toMatchObject(refusals)
    expect(plan(aCreate('ada'), someFacts({ login })).refusals).toMatchObject(refusals)
  })

  test('keeps its roles where a change names none', () => {
    const change: Change = { kind: 'replace-user', key: { name: 'ada' }, password: new Secret('new') }
    expect(shown(change, someFacts({ login }))).toEqual([
      ['admin', { updateUser: 'ada', pwd: '[secret]', writeConcern }],
    ])
    expect(shown({ kind: 'replace-user', key: { name: 'ada' } }, someFacts({ login }))).toEqual([])
  })
})

describe('a lock', () => {
  const roles = [{ role: 'read', db: 'shop' }]

  test('keeps the roles before it takes them, then ends what is under way', () => {
    const commands = shown({ kind: 'lock-user', key: { name: 'ada' } }, someFacts({ login: someLogin({ roles }) }))
    expect(commands.map(([, command]) => Object.keys(command)[0])).toEqual([
      'createRole',
      'createRole',
      'updateUser',
      'killAllSessions',
    ])
    expect(commands[1]![1]).toMatchObject({ createRole: 'rolecall.held.admin.ada', roles })
    expect(commands[2]![1]).toMatchObject({ updateUser: 'ada', roles: [{ role: 'rolecall.locked', db: 'admin' }] })
  })

  test('lets nobody in, where the server minds from where a login comes', () => {
    const facts = someFacts({ login: someLogin({ roles }), closesSources: true })
    const [role] = shown({ kind: 'lock-user', key: { name: 'ada' } }, facts)
    expect(role![1]).toMatchObject({
      createRole: 'rolecall.locked',
      authenticationRestrictions: [{ clientSource: ['192.0.2.0/32'] }],
    })
    const [ignored] = shown({ kind: 'lock-user', key: { name: 'ada' } }, { ...facts, closesSources: false })
    expect(ignored![1]).not.toHaveProperty('authenticationRestrictions')
  })

  test('touches neither where a login may come from nor what others keep beside it: nor does its unlock', () => {
    const change = { key: { name: 'ada' } }
    const held = { role: 'rolecall.held.admin.ada', db: 'admin', roles, privileges: [], builtIn: false }
    const there = { role: 'rolecall.locked', db: 'admin', roles: [], privileges: [], builtIn: false }
    const locking = shown({ kind: 'lock-user', ...change }, someFacts({ login: someLogin({ roles }), roles: [there] }))
    const login = someLogin({ locked: true, roles })
    const unlocking = shown({ kind: 'unlock-user', ...change }, someFacts({ login, roles: [held] }))
    expect(JSON.stringify([locking, unlocking])).not.toMatch(/authenticationRestrictions|customData/)
  })

  test('that was cut off before it ended what was under way ends it when it is taken up again', () => {
    const facts = someFacts({ login: someLogin({ locked: true, roles }) })
    expect(shown({ kind: 'lock-user', key: { name: 'ada' } }, facts)).toEqual([
      ['admin', { killAllSessions: [{ user: 'ada', db: 'admin' }] }],
    ])
  })

  test('that was cut off writes the roles again that it kept', () => {
    const held = { role: 'rolecall.held.admin.ada', db: 'admin', roles: [], privileges: [], builtIn: false }
    const facts = someFacts({ login: someLogin({ roles }), roles: [held] })
    expect(shown({ kind: 'lock-user', key: { name: 'ada' } }, facts)[1]![1]).toMatchObject({
      updateRole: held.role,
      roles,
    })
  })
})

describe('what a server answers', () => {
  test.each<[object, number, boolean]>([
    [{ dropUser: 'ada' }, 11, true],
    [{ killAllSessions: [{ user: 'ada', db: 'admin' }] }, 11, true],
    [{ dropRole: 'r' }, 31, true],
    [{ createRole: 'r' }, 51002, true],
    [{ updateUser: 'ada' }, 11, false],
    [{ killAllSessions: [{ user: 'ada', db: 'admin' }] }, 13, false],
  ])('to %j with error %i is no failure where what was asked for is so: %s', (command, number, done) => {
    expect(isDone(command as Readonly<Record<string, unknown>>, number)).toBe(done)
  })
})

describe('roles that are set as a whole', () => {
  const roles = ['read', 'dbAdmin'].map(role => ({ role, db: 'shop' }))
  const change = (wanted: Partial<Extract<Change, { kind: 'set-user' }>>): Change => {
    return { kind: 'set-user', key: { name: 'ada' }, settings: {}, ...wanted }
  }
  const partly = (wanted: Parameters<typeof change>[0], has: Login['roles']) =>
    isPartlySet(change(wanted) as Extract<Change, { kind: 'set-user' }>, { login: someLogin({ roles: has }) })

  test('are given first and taken then; those that stay are left alone', () => {
    const wanted = { grants: [{ role: 'readwrite', database: 'shop' } as const], engineRoles: ['shop.dbAdmin'] }
    const commands = shown(change(wanted), someFacts({ login: someLogin({ roles }) })).map(([, command]) => command)
    expect(commands).toEqual([
      { grantRolesToUser: 'ada', roles: [{ role: 'readWrite', db: 'shop' }], writeConcern },
      { revokeRolesFromUser: 'ada', roles: [{ role: 'read', db: 'shop' }], writeConcern },
    ])
  })

  test('are grants alone where engine roles are left out, and the other way round', () => {
    const facts = someFacts({ login: someLogin({ roles }) })
    const [taken] = shown(change({ grants: [] }), facts)
    expect(taken![1]).toMatchObject({ revokeRolesFromUser: 'ada', roles: [{ role: 'read', db: 'shop' }] })
    const [other] = shown(change({ engineRoles: [] }), facts)
    expect(other![1]).toMatchObject({ revokeRolesFromUser: 'ada', roles: [{ role: 'dbAdmin', db: 'shop' }] })
  })

  test('are put back as they were', () => {
    const facts = someFacts({ login: someLogin({ roles }) })
    expect(undo(change({ grants: [], engineRoles: ['admin.backup'] }), facts)).toMatchObject({
      grants: [{ role: 'read', database: 'shop' }],
      engineRoles: ['shop.dbAdmin'],
    })
    expect(undo(change({ grants: [] }), facts)).toMatchObject({ engineRoles: undefined })
  })

  test('are known to have been taken, too: what took them all is no change that never was', () => {
    expect(partly({ engineRoles: [] }, [])).toBe(true)
    expect(partly({ engineRoles: [] }, roles)).toBe(false)
    expect(partly({ engineRoles: ['admin.backup'] }, roles)).toBe(false)
    expect(partly({ engineRoles: ['admin.backup'] }, [...roles, { role: 'backup', db: 'admin' }])).toBe(true)
    expect(partly({ grants: [{ role: 'read', database: 'shop' }] }, roles)).toBe(true)
    expect(partly({}, roles)).toBe(false)
  })

  test.each(['a b', '', 'x'.repeat(64)])('are not on a database called %j', database => {
    const facts = someFacts({
      login: someLogin(),
      roles: [{ role: 'dbAdmin', db: database, roles: [], privileges: [], builtIn: true }],
    })
    const wanted = [{ grants: [{ role: 'read', database } as const] }, { engineRoles: [`${database}.dbAdmin`] }]
    for (const one of wanted) expect(plan(change(one), facts).refusals).toMatchObject([{ code: 'invalid' }])
    const grants = { add: [{ role: 'read', database } as const], remove: [] }
    const granted = plan({ kind: 'grant-user', key: { name: 'ada' }, grants, ahead: true }, facts)
    expect(granted.refusals).toMatchObject([{ code: 'invalid', subject: 'database' }])
  })
})

describe('a new password', () => {
  const reset = (name: string, password: string): Change => ({
    kind: 'reset-user',
    key: { name },
    password: new Secret(password),
  })

  test('that no client could log in with is refused, at birth and later', () => {
    for (const password of ['\u0007', '\u{1f9aa}\u{323af}', '\u00ad']) {
      const refusals = [{ code: 'invalid', subject: 'user', message: expect.stringContaining('SASLprep') }]
      expect(plan(aCreate('ada', { password }), someFacts()).refusals, password).toMatchObject(refusals)
      expect(plan(reset('ada', password), someFacts({ login: someLogin() })).refusals).toMatchObject(refusals)
      const replace: Change = { kind: 'replace-user', key: { name: 'ada' }, roles: [], password: new Secret(password) }
      expect(plan(replace, someFacts({ login: someLogin() })).refusals).toMatchObject(refusals)
    }
    expect(plan(aCreate('ada', { password: 'ﬁ ½ é' }), someFacts()).refusals).toEqual([])
  })

  test('is refused to a login that is known by other ways than passwords', () => {
    const login = someLogin({ user: 'CN=ada', db: '$external', mechanisms: ['MONGODB-X509'] })
    const to = { key: { name: 'CN=ada', authDatabase: '$external' }, password: new Secret('teal-Harbor-91') }
    const refusals = [{ code: 'unsupported', subject: 'user' }]
    for (const kind of ['reset-user', 'replace-user'] as const)
      expect(plan({ kind, ...to }, someFacts({ login })).refusals, kind).toMatchObject(refusals)
  })

  test('is not set twice where it is proved to be set, and again where nobody can prove it', () => {
    expect(shown(reset('ada', 'new'), someFacts({ login: someLogin(), applied: true }))).toEqual([])
    for (const login of [someLogin({ user: 'a=b' }), someLogin({ locked: true })]) {
      const again = shown(reset(login.user, 'new'), someFacts({ login, applied: true }))
      expect(again[0]![1]).toMatchObject({ updateUser: login.user })
    }
  })
})

test('an undo drops no login that carries another mark', () => {
  const other = someLogin({ mark: { ...mark, operation: 'op_2' } })
  expect(plan({ kind: 'undo-create-user', key: { name: 'ada' } }, someFacts({ login: other })).steps).toEqual([])
  const mine = plan({ kind: 'undo-create-user', key: { name: 'ada' } }, someFacts({ login: someLogin({ mark }) }))
  expect(mine.steps.length).toBeGreaterThan(0)
})

test('a database that somebody put something into is not taken back: its mark alone is', () => {
  const change: Change = { kind: 'undo-create-database', name: 'shop' }
  const database = { exists: true, marked: true, things: 1, grantees: [] }
  expect(shown(change, someFacts({ database }))).toEqual([
    ['shop', { drop: 'rolecall.made.c0ffee00.op_1', writeConcern }],
  ])
  expect(shown(change, someFacts({ database: { ...database, things: 0 } }))[0]![1]).toMatchObject({ dropDatabase: 1 })
})

test('a reset that is known as done needs nothing more', () => {
  const change: Change = { kind: 'reset-user', key: { name: 'ada' }, password: new Secret('new') }
  expect(plan(change, someFacts({ login: someLogin(), applied: true }))).toEqual({ steps: [], refusals: [] })
})

describe('rights', () => {
  const info = (roles: readonly string[], privileges: readonly object[] = []) => ({
    authenticatedUsers: [{ user: 'dba', db: 'admin' }],
    authenticatedUserRoles: roles.map(role => ({ role, db: 'admin' })),
    authenticatedUserPrivileges: privileges,
  })
  const all = { users: true, databases: true, sessions: true }
  const none = { users: false, databases: false, sessions: false }

  test.each([
    [['root'], [], all],
    [['userAdminAnyDatabase', 'readWriteAnyDatabase', 'dbAdminAnyDatabase', 'hostManager'], [], all],
    [['userAdminAnyDatabase'], [], { ...none, users: true }],
    [['readWriteAnyDatabase'], [], none],
    [['ours'], [{ resource: { cluster: true }, actions: ['killAnySession'] }], { ...none, sessions: true }],
    [['ours'], [{ resource: { db: 'shop', collection: '' }, actions: ['createCollection', 'dropDatabase'] }], none],
  ])('of %j with %j', (roles, privileges, rights) => {
    expect(rightsFrom(info(roles, privileges))).toEqual(rights)
  })

  test('are all there where nobody has to log in', () => {
    expect(rightsFrom({ authenticatedUsers: [] })).toEqual(all)
  })
})

test('a list that the server gave as a whole is cut as the server would', () => {
  const rows = ['b/admin', 'a/shop', 'B/admin', 'a/admin', '🐘/admin', '\uffff/admin'].map(text => {
    const [user, db] = text.split('/')
    return { user, db }
  })
  const names = (page: Parameters<typeof cutHere>[1]) => cutHere(rows, page).map(({ user, db }) => `${user}/${db}`)
  expect(names({ limit: 9 })).toEqual(['B/admin', 'a/admin', 'a/shop', 'b/admin', '\uffff/admin', '🐘/admin'])
  expect(names({ limit: 1, after: 'a/admin' })).toEqual(['a/shop', 'b/admin'])
  expect(names({ limit: 9, q: 'b' })).toEqual(['B/admin', 'b/admin'])
})
