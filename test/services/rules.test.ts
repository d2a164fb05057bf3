import { describe, expect, test } from 'vitest'
import { isHost } from '../../src/services/connections/connection-rules.ts'
import { slugOf } from '../../src/services/connections/instance-making.ts'
import { mayReferTo } from '../../src/services/links/targets.ts'
import { isInNetworks } from '../../src/services/network/networks.ts'

describe('a host', () => {
  test.each(['db', 'pg-1.internal.example', 'db.', 'bücher.example', '10.0.0.1', '::1', '2001:db8::1', 'a_b.example'])(
    'can be %s',
    host => expect(isHost(host)).toBe(true),
  )
  test.each([
    '',
    'a b',
    'http://db',
    'user@db',
    'db/x',
    'a,b',
    'fe80::1%eth0',
    '/var/run',
    '0177.1',
    '2130706433',
    '0x7f.1',
    '10.1',
    'db?x',
    '-db',
    'db..x',
  ])('can not be %j', host => expect(isHost(host)).toBe(false))
})

test.each([
  ['Orders (staging)', 'orders-staging'],
  ['Ärger & Öl', 'arger-ol'],
  ['ключ', 'instance'],
  ['x'.repeat(200), 'x'.repeat(56)],
])('the slug of %j is %j', (name, slug) => expect(slugOf(name)).toBe(slug))

test.each([
  ['10.1.2.3', ['10.0.0.0/8'], true],
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
  ['11.1.2.3', ['10.0.0.0/8', '11.1.2.3'], true],
  ['11.1.2.4', ['10.0.0.0/8', '11.1.2.3'], false],
  ['2001:db8::5', ['2001:db8::/32'], true],
  ['anything', [], true],
])('a client at %s is in %j: %s', (address, networks, is) => expect(isInNetworks(address, networks)).toBe(is))

test.each([
  ['file', '/run/secrets/db', ['file:/run/secrets/*'], true],
  ['file', '/run/secrets/../../etc/shadow', ['file:/run/secrets/*'], false],
  ['file', '/etc/shadow', ['file:/run/secrets/*'], false],
  ['env', 'DB_PASSWORD_1', ['env:DB_PASSWORD_*'], true],
  ['env', 'ROLECALL_MASTER_KEY', ['env:DB_PASSWORD_*'], false],
  ['env', 'PATH', [], false],
])('a credential may refer to %s:%s where %j is allowed: %s', (kind, what, allowed, may) => {
  const credential = kind === 'env' ? ({ kind: 'env', name: what } as const) : ({ kind: 'file', path: what } as const)
  expect(mayReferTo(credential, allowed)).toBe(may)
})
