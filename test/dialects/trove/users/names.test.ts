import { describe, expect, test } from 'vitest'
import { datastoreOf } from '../../../../src/dialects/trove/datastores/datastores.ts'
import {
  MONGODB_RULES,
  mysqlRules,
  type NameRules,
  POSTGRESQL_RULES,
} from '../../../../src/dialects/trove/datastores/name-rules.ts'

const PUBLISHED = { nameLimit: 0, anyPassword: false, hosts: [] }

type Row = readonly [what: keyof NameRules, good: readonly string[], bad: readonly string[]]

const RULES: readonly (readonly [string, NameRules, readonly Row[]])[] = [
  [
    'MySQL and MariaDB',
    mysqlRules(PUBLISHED),
    [
      [
        'user',
        ['ada', 'a b', 'user@name', 'é', 'a%b', 'a=b', 'a<b>&c'],
        [' a', 'a ', "a'b", 'a"b', 'a;b', 'a`b', 'a,b', 'a/b', 'a\\b', 'a\tb', 'a\0b'],
      ],
      ['password', ['s3cret', 'p@ss word'], ['pass;word', 'pass,word', ' password', 'pass\nword']],
      [
        'host',
        ['%', '10.0.0.1', '10.%', '192.168.1.%', '255.255.%'],
        [
          '',
          '10',
          '10.0.0.256',
          '300.%',
          '10.%.%',
          '%.10',
          'localhost',
          'db.example.net',
          '::1',
          '10.0.0.0/8',
          '10.0.0.0/255.0.0.0',
          '10.0.0.0.%',
          '1-2',
        ],
      ],
      [
        'database',
        ['a', 'a_b-c', '-a-', 'a b?c#d@e', 'é', 'x'.repeat(64)],
        ['a\\b', ' a', 'a?', '@a', 'a.b', 'a/b', 'x'.repeat(65)],
      ],
    ],
  ],
  [
    'PostgreSQL',
    POSTGRESQL_RULES,
    [
      ['user', ['ada', 'a;b', 'x'.repeat(63)], ['x'.repeat(64), 'é'.repeat(32), 'a\0']],
      ['password', ['anything; at all'], ['a\0b']],
      ['host', ['%'], ['', 'localhost', '10.0.0.1', '10.%']],
      ['database', ['a.b', ' a', 'x'.repeat(63)], ['a ', 'x'.repeat(64), 'a\0']],
    ],
  ],
  [
    'MongoDB',
    MONGODB_RULES,
    [
      ['user', ['shop.ada', 'ada', 'x'.repeat(128)], ['x'.repeat(129), 'a\0']],
      ['host', ['%'], ['10.0.0.1']],
      ['database', ['shop', 'x'.repeat(64)], ['a/b', 'a\\b', 'a.b', 'a b', 'a"b', 'a$b', 'x'.repeat(65)]],
    ],
  ],
]

describe.each(RULES)('on %s', (_name, rules, rows) => {
  test.each(rows)('a %s may be, and may not be', (what, good, bad) => {
    expect(good.filter(text => rules[what](text) !== undefined)).toEqual([])
    expect(bad.filter(text => rules[what](text) === undefined)).toEqual([])
    // Clients print it: it says the rule, and not what broke it.
    for (const text of bad) expect(rules[what](text)).toMatch(/^[A-Z].{5,120}\.$/)
  })
})

test('a user of MongoDB is a database and a name, and of admin where no database is said', () => {
  const mongodb = datastoreOf({ engine: 'mongodb' })
  const ANY = '%'
  for (const [name, key, shown] of [
    ['shop.ada', { name: 'ada', authDatabase: 'shop' }, 'shop.ada'],
    ['shop.ada.b', { name: 'ada.b', authDatabase: 'shop' }, 'shop.ada.b'],
    ['ada', { name: 'ada', authDatabase: 'admin' }, 'admin.ada'],
  ] as const) {
    expect(mongodb.keyOf({ name, host: ANY })).toEqual(key)
    expect(mongodb.nameOf(key)).toEqual({ name: shown, host: ANY })
  }
})
