import { describe, expect, test } from 'vitest'
import { createNetworkGuard, type Surroundings } from '../../../src/services/network/network-guard.ts'
import type { NetworkRules } from '../../../src/services/network/network-policy.ts'

const engine = 'postgresql' as const
const NONE: NetworkRules = { allow: [], deny: [], private: true, hosts: [], denyHosts: [], ports: [] }

function aGuard(rules: Partial<NetworkRules> = {}, around: Surroundings = {}) {
  const guard = createNetworkGuard({ ...NONE, ...rules }, around)
  return {
    isDenied: (host: string, port = 5432) => guard.isDenied({ engine, host, port }),
    resolve: (host: string, port = 5432) => guard.resolve({ engine, host, port }),
    isPortDenied: guard.isPortDenied,
  }
}

const DENIED = { code: 'network_denied', details: { reason: 'policy' } }

describe('the network guard keeps us from', () => {
  const guard = aGuard({ deny: ['10.9.0.0/16'] })
  test.each([
    ['unspecified', '0.0.0.0'],
    ['unspecified', '0.1.2.3'],
    ['unspecified', '::'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '::1'],
    ['loopback by name', 'localhost'],
    ['loopback by name', 'LOCALHOST.'],
    ['loopback by name', 'db.localhost'],
    ['link-local and metadata', '169.254.169.254'],
    ['link-local', 'fe80::1'],
    ['link-local', 'febf::1'],
    ['metadata', 'fd00:ec2::254'],
    ['metadata', 'fd20:ce::254'],
    ['metadata', '100.100.100.200'],
    ['metadata', '168.63.129.16'],
    ['multicast', '224.0.0.1'],
    ['multicast', 'ff02::1'],
    ['broadcast', '255.255.255.255'],
    ['class E', '240.0.0.1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped', '::ffff:a9fe:a9fe'],
    ['IPv4-mapped of what is denied', '::ffff:10.9.1.1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['IPv4-compatible', '::a00:1'],
    ['translated (SIIT)', '::ffff:0:7f00:1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64 of its own prefix', '64:ff9b:1::169.254.169.254'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:80ff:fffe'],
    ['ISATAP', '2001:4860::5efe:127.0.0.1'],
    ['what the installation denies', '10.9.1.1'],
  ])('%s: %s', async (_, host) => {
    expect(guard.isDenied(host)).toBe(true)
    // A name is judged by where it leads, whatever that is on this machine.
    const refused = guard.resolve(/[a-z]{3}/i.test(host) && !host.includes(':') ? '127.0.0.1' : host)
    await expect(refused).rejects.toMatchObject(DENIED)
  })

  test.each(['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '93.184.216.34', '2001:4860::1', 'fd00::1'])(
    'nothing else: %s',
    async host => {
      expect(guard.isDenied(host)).toBe(false)
      expect(await guard.resolve(host)).toEqual([host])
    },
  )
})

describe('the installation', () => {
  test('may let us to what is denied by itself, and keep us from what it lets us to', () => {
    const guard = aGuard({ allow: ['127.0.0.0/8', '10.9.0.0/16'], deny: ['127.0.0.9/32', '10.0.0.0/8'] })
    expect(guard.isDenied('127.0.0.1')).toBe(false)
    expect(guard.isDenied('::ffff:127.0.0.1')).toBe(false)
    expect(guard.isDenied('127.0.0.9')).toBe(true)
    expect(guard.isDenied('10.9.0.1')).toBe(true)
  })

  test('that lets us through a translator, does not let us to what is denied behind it', () => {
    const guard = aGuard({ allow: ['64:ff9b::/96', '2002::/16'], deny: ['10.9.0.0/16'] })
    expect(guard.isDenied('64:ff9b::10.1.1.1')).toBe(false)
    expect(guard.isDenied('64:ff9b::10.9.1.1')).toBe(true)
    expect(guard.isDenied('64:ff9b::169.254.169.254')).toBe(true)
    expect(guard.isDenied('2002:7f00:1::')).toBe(true)
  })

  test('may let us to one endpoint, and to nothing beside it', () => {
    const guard = aGuard({ allow: ['127.0.0.1:5432', '[::1]:5433'], deny: ['10.0.0.0/8'] })
    expect([guard.isDenied('127.0.0.1'), guard.isDenied('127.0.0.1', 5433)]).toEqual([false, true])
    expect([guard.isDenied('::1', 5433), guard.isDenied('::1')]).toEqual([false, true])
    expect([guard.isDenied('::ffff:127.0.0.1'), guard.isDenied('127.0.0.2')]).toEqual([false, true])
  })

  test('may keep us from private networks, except those that it names', () => {
    const guard = aGuard({ private: false, allow: ['10.1.0.0/16'] })
    for (const host of ['10.2.0.1', '172.31.0.1', '192.168.0.1', '100.64.0.1', 'fd12::1', '::ffff:192.168.0.1'])
      expect(guard.isDenied(host), host).toBe(true)
    for (const host of ['10.1.0.1', '93.184.216.34', '2001:4860::1']) expect(guard.isDenied(host), host).toBe(false)
  })

  test('may name the only hosts there are, by pattern', async () => {
    const guard = aGuard(
      { hosts: ['*.db.example.test', 'one.example.test', '10.1.2.3', '*.bücher.example.test'] },
      { lookup: async () => ['10.0.0.1'] },
    )
    for (const host of [
      'a.db.example.test',
      'A.B.DB.example.test.',
      'one.example.test',
      '10.1.2.3',
      'x.xn--bcher-kva.example.test',
    ])
      expect(guard.isDenied(host), host).toBe(false)
    for (const host of [
      'db.example.test',
      'evildb.example.test',
      'two.example.test',
      '10.1.2.4',
      'a.db.example.test.evil.test',
    ])
      expect(guard.isDenied(host), host).toBe(true)
    expect(await guard.resolve('a.db.example.test')).toEqual(['10.0.0.1'])
    await expect(guard.resolve('two.example.test')).rejects.toMatchObject(DENIED)
  })

  test('may name hosts that are never connected to', () => {
    const guard = aGuard({ denyHosts: ['*.internal.example.test', '10.1.2.3'], hosts: ['*'] })
    expect(guard.isDenied('a.internal.example.test')).toBe(true)
    expect(guard.isDenied('::ffff:10.1.2.3')).toBe(true)
    expect(guard.isDenied('a.example.test')).toBe(false)
  })

  test('may name the only ports there are, for all engines or for one', async () => {
    const guard = aGuard({ ports: ['postgresql:5432-5439', 'postgresql:6432', 'mysql:3306'] })
    const denied = (port: number) => guard.isPortDenied('postgresql', port)
    expect([5431, 5432, 5439, 5440, 6432, 3306].map(denied)).toEqual([true, false, false, true, false, true])
    expect(guard.isPortDenied('mongodb', 22)).toBe(false)
    expect(aGuard({ ports: ['5432'] }).isPortDenied('mongodb', 22)).toBe(true)
    await expect(guard.resolve('10.0.0.1', 22)).rejects.toMatchObject(DENIED)
  })
})

describe('our own listener and store', () => {
  const own: Surroundings = {
    listening: () => [{ host: '0.0.0.0', port: 8480 }],
    store: { host: '10.5.5.5', port: 5432 },
  }

  test('are denied where their networks are allowed, in every form', () => {
    const guard = aGuard({ allow: ['127.0.0.0/8', '0.0.0.0/8', '::1', '::/96'] }, own)
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::127.0.0.1'])
      expect([host, guard.isDenied(host, 8480), guard.isDenied(host, 8481)]).toEqual([host, true, false])
    expect([guard.isDenied('10.5.5.5'), guard.isDenied('::ffff:10.5.5.5'), guard.isDenied('10.5.5.6')]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('are allowed where they are named as endpoints', () => {
    const guard = aGuard({ allow: ['10.5.5.5:5432', '127.0.0.1:8480'] }, own)
    expect([guard.isDenied('10.5.5.5'), guard.isDenied('127.0.0.1', 8480)]).toEqual([false, false])
  })

  test('are known by name too, and wherever the name leads to by now', async () => {
    const names: Record<string, string[]> = { 'store.example.test': ['10.5.5.5'], 'alias.example.test': ['10.5.5.5'] }
    const guard = aGuard(
      {},
      { store: { host: 'store.example.test', port: 5432 }, lookup: async name => names[name] ?? [] },
    )
    await expect(guard.resolve('alias.example.test')).rejects.toMatchObject(DENIED)
    await expect(guard.resolve('10.5.5.5')).rejects.toMatchObject(DENIED)
    expect(await guard.resolve('10.5.5.5', 5433)).toEqual(['10.5.5.5'])
  })
})

test('names what can not be resolved, and takes nothing but addresses for an answer', async () => {
  const nowhere = { code: 'unavailable', details: { reason: 'name' } }
  await expect(aGuard().resolve('no-such-name.invalid')).rejects.toMatchObject(nowhere)
  const lying = aGuard({}, { lookup: async () => ['10.0.0.1', 'localhost'] })
  await expect(lying.resolve('db.example.test')).rejects.toMatchObject(nowhere)
})

test('one denied answer among many denies the name', async () => {
  const guard = aGuard({}, { lookup: async () => ['10.0.0.1', '93.184.216.34', '169.254.169.254'] })
  await expect(guard.resolve('db.example.test')).rejects.toMatchObject(DENIED)
})
