import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { Grant } from '../../src/domain/users/grant.ts'
import { type Plan, showStep } from '../../src/engines/engine.ts'
import type { MysqlFacts } from '../../src/engines/mysql/facts/facts.ts'
import { wantedOn } from '../../src/engines/mysql/grants/plan.ts'
import {
  catalogueRoleOf,
  nearestRole,
  type Privilege,
  privilegesOf,
} from '../../src/engines/mysql/grants/privileges.ts'
import type { ServerState } from '../../src/engines/mysql/link/server.ts'
import {
  databaseMarkerRole,
  loginMarkerRole,
  markInAttribute,
  markInRole,
  markInSubject,
  subjectMark,
} from '../../src/engines/mysql/marks.ts'
import { databaseIn, grantName, wrongDatabaseName, wrongHost, wrongUserName } from '../../src/engines/mysql/names.ts'
import { plan } from '../../src/engines/mysql/plan.ts'
import { cachingSha2Hash, hashFor, isPasswordOf } from '../../src/engines/mysql/users/hashes.ts'
import type { Account } from '../../src/engines/mysql/users/read.ts'
import { sessionIdsOf } from '../../src/engines/mysql/users/sessions.ts'
import { sha256Crypt } from '../../src/engines/mysql/users/sha256-crypt.ts'
import { aCreate } from '../support/changes.ts'

const MARK = { installation: 'c0ffee00', operation: 'op_1' }

const MYSQL: ServerState = {
  versionText: '8.4.3',
  catalogue: 'attributes',
  nameLength: 32,
  readOnly: false,
  plainNames: false,
  databaseComments: false,
  compound: false,
  database: '',
  session: 7,
  me: { name: 'dba', host: '%' },
  seenAt: 0,
}
const MARIADB: ServerState = {
  ...MYSQL,
  versionText: '11.4.2-MariaDB',
  catalogue: 'documents',
  databaseComments: true,
  compound: true,
}

const NATIVE = hashFor('mysql_native_password', new Secret('opensesame'))
const SHA2 = hashFor('caching_sha2_password', new Secret('opensesame'))

function facts(state: ServerState, change: Partial<MysqlFacts> = {}): MysqlFacts {
  return {
    exists: false,
    applied: false,
    state,
    rights: { global: new Set(), all: true, grantOption: true, moreInAll: [] },
    mark: MARK,
    nameTaken: false,
    markerRole: false,
    roles: [],
    password: state.catalogue === 'documents' ? NATIVE : SHA2,
    sessions: 0,
    hosts: [],
    grants: [],
    ...change,
  }
}

function anAccount(change: Partial<Account> = {}): Account {
  return {
    name: 'ada',
    host: '%',
    locked: false,
    plugin: 'mysql_native_password',
    kept: '*AB',
    connectionLimit: 0,
    flags: [],
    replication: false,
    inMaking: false,
    renamedBy: [],
    roles: [],
    grants: [],
    ...change,
  }
}

const statements = ({ steps }: Plan) => steps.flatMap(showStep).map(({ statement }) => statement)
const orders: Grant = { role: 'read', database: 'my_orders' }
const onOrders = { name: 'my_orders', exists: true, grantName: 'my\\_orders', has: new Set<Privilege>() }

describe('passwords as hashes', () => {
  test("MySQL's own way is SHA-crypt with 20 bytes of salt: a published pair of password and hash", () => {
    const salt = Buffer.from('F9CC98CE08892924F50A213B6BC571A2C11778C5', 'hex')
    expect(sha256Crypt('hashcat', salt, 5_000)).toBe('bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/')
  })

  test.each([
    ['Hello world!', 'saltstring', 5_000, '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
    ['Hello world!', 'saltstringsaltst', 10_000, '3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  ])("%j with the salt %j is as crypt's own specification has it", (password, salt, rounds, hash) => {
    expect(sha256Crypt(password, salt, rounds)).toBe(hash)
  })

  test.each(['mysql_native_password', 'caching_sha2_password'] as const)(
    '%s is recognised again, and no other',
    plugin => {
      const { hash } = hashFor(plugin, new Secret('päss "word\\'))
      expect(isPasswordOf(plugin, hash.reveal(), new Secret('päss "word\\'))).toBe(true)
      expect(isPasswordOf(plugin, hash.reveal(), new Secret('pass'))).toBe(false)
      expect(isPasswordOf(plugin, '', new Secret(''))).toBe(false)
    },
  )

  test('the native one is what the server makes of it', () => {
    expect(hashFor('mysql_native_password', new Secret('password')).hash.reveal()).toBe(
      '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19',
    )
  })

  test('two of one password differ by their salt', () => {
    expect(hashFor('caching_sha2_password', new Secret('x')).hash.reveal()).not.toBe(
      hashFor('caching_sha2_password', new Secret('x')).hash.reveal(),
    )
    expect(cachingSha2Hash('x', 'a'.repeat(20))).toMatch(/^\$A\$005\$a{20}[./0-9A-Za-z]{43}$/)
  })
})

describe('a new login', () => {
  const ADA = { name: 'ada', host: '10.%' }
  const change = aCreate('ada', { host: '10.%', grants: [orders], settings: { connectionLimit: 3 } })

  test('of MySQL is one statement with its mark, and then its grants', () => {
    expect(statements(plan(change, facts(MYSQL, { grants: [onOrders] })))).toEqual([
      `create user 'ada'@'10.%' identified with 'caching_sha2_password' as '$A$005$…' with max_user_connections 3 attribute '{"rolecall":{"installation":"c0ffee00","operation":"op_1"}}'`,
      "grant select, show view on `my\\_orders`.* to 'ada'@'10.%'",
    ])
  })

  test('of MariaDB says whose it is, and is locked, until its role is there', () => {
    expect(statements(plan(change, facts(MARIADB, { grants: [onOrders] })))).toEqual([
      'create role `rolecall_c0ffee00_op_1_b579d63d3c025f59`',
      "create user 'ada'@'10.%' identified via mysql_native_password using '*…' require subject '/O=rolecall/OU=c0ffee00/CN=op_1' with max_user_connections 3 account lock",
      "grant `rolecall_c0ffee00_op_1_b579d63d3c025f59` to 'ada'@'10.%'",
      'revoke `rolecall_c0ffee00_op_1_b579d63d3c025f59` from current_user',
      "grant select, show view on `my\\_orders`.* to 'ada'@'10.%'",
      "alter user 'ada'@'10.%' require none account unlock",
    ])
  })

  test.each([
    ['nothing but its role', { markerRole: true }, 5],
    ['it, without its role', { markerRole: true, account: anAccount({ mark: MARK, inMaking: true, locked: true }) }, 4],
    [
      'it, with its role',
      {
        markerRole: true,
        account: anAccount({ mark: MARK, inMaking: true, locked: true, marker: loginMarkerRole(MARK, ADA) }),
      },
      2,
    ],
    [
      'all but its grants',
      { markerRole: true, account: anAccount({ mark: MARK, marker: loginMarkerRole(MARK, ADA) }) },
      1,
    ],
  ])('of MariaDB goes on where a killed process left %s', (_, found, left) => {
    const { steps, refusals } = plan(change, facts(MARIADB, { ...found, applied: true, grants: [onOrders] }))
    expect(refusals).toEqual([])
    expect(steps.flatMap(showStep)).toHaveLength(left)
  })

  test('never shows its hash', () => {
    const { steps } = plan(change, facts(MYSQL))
    expect(JSON.stringify(steps)).not.toContain(SHA2.hash.reveal())
    expect(steps[0]!.statements[0]!.secret?.reveal()).toContain(SHA2.hash.reveal())
  })

  test.each<[string, Partial<MysqlFacts>, string]>([
    ['a login of that name and host', { account: anAccount() }, 'exists'],
    ['one that somebody else was quicker with', { account: anAccount(), markerRole: true, applied: true }, 'exists'],
    ['a role of that name', { nameTaken: true }, 'exists'],
    [
      'no right to make logins',
      { rights: { global: new Set(['GRANT OPTION']), all: false, grantOption: true, moreInAll: [] } },
      'missing_right',
    ],
    ['no way of keeping passwords that we know', { password: undefined }, 'unsupported'],
    ['a server that is read only', { state: { ...MYSQL, readOnly: true } }, 'read_only'],
  ])('is refused where there is %s', (_, change_, code) => {
    expect(plan(aCreate('ada'), facts(MYSQL, change_)).refusals[0]).toMatchObject({ code })
  })

  test('with no session at all is refused: to the server 0 means no limit', () => {
    const none = aCreate('ada', { settings: { connectionLimit: 0 } })
    expect(plan(none, facts(MYSQL)).refusals).toMatchObject([{ code: 'invalid' }])
  })
})

describe('privileges on a database', () => {
  test.each(['read', 'readwrite', 'owner'] as const)('%s is recognised again', role => {
    expect(catalogueRoleOf(privilegesOf(role))).toBe(role)
  })

  test.each<[Privilege[], string | undefined]>([
    [['select'], 'read'],
    [['select', 'delete'], 'readwrite'],
    [['alter'], 'owner'],
    [[], undefined],
  ])('%j come nearest to %s', (has, role) => expect(nearestRole(new Set(has))).toBe(role))

  const grantOf = (role: Grant['role']) => [{ role, database: 'my_orders' }]

  test('a role that is taken away takes all with it, and one that was not there takes nothing', () => {
    const has = privilegesOf('readwrite')
    expect(wantedOn({ ...onOrders, has }, { add: [], remove: grantOf('readwrite') })).toEqual(new Set())
    expect(wantedOn({ ...onOrders, has }, { add: [], remove: grantOf('read') })).toEqual(has)
    expect(wantedOn({ ...onOrders, has }, { add: grantOf('read'), remove: grantOf('readwrite') })).toEqual(
      privilegesOf('read'),
    )
  })

  test('an owner that becomes a reader gives everything back first: ALL is more than it is shown as', () => {
    const change: Change = {
      kind: 'grant-user',
      key: { name: 'ada' },
      grants: { add: grantOf('read'), remove: grantOf('owner') },
    }
    const found = facts(MARIADB, { account: anAccount(), grants: [{ ...onOrders, has: privilegesOf('owner') }] })
    expect(statements(plan(change, found))).toEqual([
      "revoke all privileges on `my\\_orders`.* from 'ada'@'%'",
      "grant select, show view on `my\\_orders`.* to 'ada'@'%'",
    ])
  })
})

describe('names', () => {
  test.each([
    ['readwrite', ['DELETE HISTORY', 'SHOW CREATE ROUTINE'], 0],
    ['owner', ['DELETE HISTORY', 'SHOW CREATE ROUTINE'], 1],
    ['owner', ['DELETE HISTORY'], 0],
    ['owner', [], 0],
  ] as const)('of %s is refused where ALL is more than the managing login has: %j', (role, moreInAll, refusals) => {
    const has = 'SELECT INSERT UPDATE DELETE CREATE DROP REFERENCES INDEX ALTER EVENT TRIGGER EXECUTE'.split(' ')
    const global = new Set([
      ...has,
      ...['CREATE TEMPORARY TABLES', 'LOCK TABLES', 'CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE'],
      'DELETE HISTORY',
    ])
    const rights = { global, all: false, grantOption: true, moreInAll }
    const there = { name: 'shop', exists: true, grantName: 'shop', has: new Set<never>() }
    const grants = { add: [{ role, database: 'shop' }], remove: [] }
    const found = facts(MARIADB, { rights, account: anAccount(), grants: [there] })
    const refused = plan({ kind: 'grant-user', key: { name: 'ada' }, grants }, found).refusals
    expect(refused.map(({ code }) => code)).toEqual(Array(refusals).fill('missing_right'))
  })

  test.each(['a_b%c', 'plain', 'back\\slash', '%', '\\_'])('%j comes back from a grant as it went into it', name => {
    expect(databaseIn(grantName(name, MYSQL), MYSQL)).toBe(name)
    expect(databaseIn(grantName(name, { plainNames: true }), { plainNames: true })).toBe(name)
  })

  test('are not escaped where the server takes _ and % for letters (partial_revokes)', () => {
    expect(grantName('a_b', MYSQL)).toBe('a\\_b')
    expect(grantName('a_b', { plainNames: true })).toBe('a_b')
  })

  test.each(['', 'mysql.sys', 'mariadb.sys', 'rolecall_x', 'x'.repeat(33), ' ada', '🐘', "'ada'", "''"])(
    'no login is called %j',
    name => {
      expect(wrongUserName(name, MYSQL)).toBeTypeOf('string')
    },
  )

  test.each(['%', '10.%', '192.168.1.0/255.255.255.0', '::1', 'db.example.test', 'localhost'])('%s is a host', host => {
    expect(wrongHost(host)).toBeUndefined()
  })

  test.each(['', "o'brien", 'a b', 'a@b', '`', '\\', 'x'.repeat(256), 'é'])('%j is none', host => {
    expect(wrongHost(host)).toBeTypeOf('string')
  })

  test.each(['mysql', 'SYS', 'a/b', 'a\\b', 'dot.', ' x', 'x'.repeat(65), ''])('no database is called %j', name => {
    expect(wrongDatabaseName(name)).toBeTypeOf('string')
  })
})

describe('marks', () => {
  test('are read back from a role, a subject and an attribute, and from nothing else', () => {
    expect(markInRole(loginMarkerRole(MARK, { name: 'ada', host: '%' }))).toEqual(MARK)
    expect(markInRole(databaseMarkerRole(MARK, 'shop'))).toBeUndefined()
    expect(markInRole(loginMarkerRole(MARK, { name: 'ada', host: '%' }))).toEqual(MARK)
    expect(markInRole('rolecall_c0ffee00_renamed_op_1')).toBeUndefined()
    expect(markInSubject(subjectMark(MARK))).toEqual(MARK)
    expect(markInSubject('/CN=somebody')).toBeUndefined()
    expect(markInAttribute('{"team": "checkout", "rolecall": {"installation": "a", "operation": "b"}}')).toEqual({
      installation: 'a',
      operation: 'b',
    })
    for (const other of [undefined, 'null', '{}', '{"rolecall": 1}', '{"rolecall": {"operation": 2}}'])
      expect(markInAttribute(other)).toBeUndefined()
  })

  test('a database of MySQL, which carries none, is announced by a role that nobody has', () => {
    const database = { exists: false, marked: false, intended: false, things: 0, sessions: 0, grantees: [] }
    const change: Change = { kind: 'create-database', database: { name: 'my_shop' } }
    const role = databaseMarkerRole(MARK, 'my_shop')
    expect(role).toHaveLength(32)
    expect(statements(plan(change, facts(MYSQL, { database })))).toEqual([
      `create role \`${role}\``,
      `grant show view on \`my\\_shop\`.* to \`${role}\``,
      'create database `my_shop`',
    ])
    expect(statements(plan(change, facts(MARIADB, { database })))).toEqual([
      "create database `my_shop` comment '[rolecall c0ffee00 op_1]'",
    ])
  })

  test('a database that is not ours for sure is taken back only while it is empty', () => {
    const database = { exists: true, marked: true, intended: true, things: 3, sessions: 0, grantees: [] }
    const undo: Change = { kind: 'undo-create-database', name: 'shop' }
    expect(statements(plan(undo, facts(MYSQL, { database })))).toEqual([])
    expect(statements(plan(undo, facts(MYSQL, { database: { ...database, things: 0 } })))).toEqual([
      'drop database if exists `shop`',
    ])
    expect(statements(plan(undo, facts(MARIADB, { database })))).toEqual(['drop database if exists `shop`'])
  })
})

describe('a rename', () => {
  const change: Change = { kind: 'rename-user', key: { name: 'ada' }, to: { name: 'ada', host: '10.%' } }
  const rename = { taken: false, begun: false, done: false }

  test('of MySQL is announced in its attribute, which goes with it', () => {
    expect(statements(plan(change, facts(MYSQL, { account: anAccount(), rename })))).toEqual([
      `alter user 'ada'@'%' attribute '{"rolecall":{"renamedBy":"rolecall_c0ffee00_renamed_op_1"}}'`,
      "rename user 'ada'@'%' to 'ada'@'10.%'",
    ])
  })

  test('of MariaDB by a role, and the role of an earlier rename goes', () => {
    const account = anAccount({ renamedBy: ['rolecall_c0ffee00_renamed_op_0'] })
    expect(statements(plan(change, facts(MARIADB, { account, rename })))).toEqual([
      'drop role if exists `rolecall_c0ffee00_renamed_op_0`',
      'create role if not exists `rolecall_c0ffee00_renamed_op_1`',
      "grant `rolecall_c0ffee00_renamed_op_1` to 'ada'@'%'",
      'revoke `rolecall_c0ffee00_renamed_op_1` from current_user',
      "rename user 'ada'@'%' to 'ada'@'10.%'",
    ])
  })

  test('to a name that is taken is refused', () => {
    const found = facts(MYSQL, { account: anAccount(), rename: { ...rename, taken: true } })
    expect(plan(change, found).refusals).toMatchObject([{ code: 'exists' }])
  })
})

describe('sessions of one name and several hosts', () => {
  test('are those of the nearest host that fits', () => {
    expect(sessionIdsOf('ada', '%', ['%'])).not.toContain('like')
    const anywhere = sessionIdsOf('ada', '%', ['%', '10.%', '10.0.0.0/255.0.0.0'])
    expect(anywhere).toMatch(/like '%'\) and not \(.* like '10\.%'\) and not \(.*inet_aton\('255\.0\.0\.0'\)/)
    expect(sessionIdsOf('ada', '10.%', ['%', '10.%'])).not.toMatch(/and not \([^)]*\)[^)]* like '%'\) and/)
  })
})
