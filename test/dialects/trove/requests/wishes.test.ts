import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostRule } from '../../../../src/dialects/trove/datastores/mysql-hosts.ts'
import { mysqlRules } from '../../../../src/dialects/trove/datastores/name-rules.ts'
import { mysqlServers, postgresqlServer } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

/** What settings change of this API. What counts without them is tested wherever it is told. */
const PASSWORD = 's3cret-word'
const message = ({ body }: { body: Record<string, { message: string }> }) => Object.values(body)[0]!.message
const aName = (what: string) => `${what}_${process.pid}`

describe('on PostgreSQL', () => {
  let trove: Trove
  let at: string
  const users = ['a', 'b', 'c', 'd'].map(one => aName(`wished_${one}`))
  const hidden = aName('monitor')

  beforeAll(async () => {
    trove = await aTrove({
      flags: {
        '--trove-root': 'false',
        '--trove-collection-links': 'true',
        '--trove-page-users': '3',
        '--trove-page-databases': '2',
        '--trove-page-instances': '1',
        '--trove-reserved-users': `monitor_*,${aName('exact')}`,
        '--trove-reserved-databases': `${aName('keep')}*`,
      },
    })
    const server = await postgresqlServer()
    at = await trove.manage(server, { instanceName: 'wished' })
    for (const name of [...users, hidden])
      expect((await native('POST', '/users', { name, password: PASSWORD })).status).toBe(201)
    expect((await native('POST', '/databases', { name: aName('keep') })).status).toBe(201)
  })
  afterAll(async () => {
    for (const name of [...users, hidden]) await native('DELETE', `/users/${name}`)
    await native('DELETE', `/databases/${aName('keep')}`)
    await trove?.[Symbol.asyncDispose]()
  })
  const native = (method: 'POST' | 'DELETE', path: string, body?: object) =>
    trove.running.native(method, `${at}${path}`, { body })

  test('a page is as long as the setting says, and never longer', async () => {
    for (const limit of ['', '&limit=3', '&limit=20', '&limit=0']) {
      const { body } = await trove.api('GET', `${at}/users?marker=${aName('wished_')}${limit}`)
      expect([limit, body.users.length, body.links.length]).toEqual([limit, 3, 1])
    }
    expect((await trove.api('GET', `${at}/users?limit=1`)).body.users.length).toBe(1)
  })

  test('links have names of their own for everybody', async () => {
    const { body } = await trove.api('GET', `${at}/users`)
    expect(body.users_links).toEqual(body.links)
    const { text } = await trove.api('GET', `${at}/users.xml`)
    expect(text).not.toContain('users_links')
  })

  test('root is looked at, and neither enabled nor disabled', async () => {
    expect((await trove.api('GET', `${at}/root`)).status).toBe(200)
    for (const method of ['POST', 'DELETE']) {
      const answer = await trove.api(method, `${at}/root`)
      expect([answer.status, message(answer)]).toEqual([403, 'Root is neither enabled nor disabled by this API here.'])
    }
  })

  test('users of reserved names are neither seen nor made nor changed', async () => {
    const { body } = await trove.api('GET', `${at}/users?marker=${aName('monitor').slice(0, -1)}&limit=1`)
    expect(body.users[0]?.name).not.toBe(hidden)
    const create = await trove.api('POST', `${at}/users`, {
      body: { users: [{ name: aName('exact'), password: PASSWORD }] },
    })
    expect([create.status, message(create)]).toEqual([
      400,
      `User create error: User name "${aName('exact')}" is on the reserved list: ['postgres', 'os_admin', 'pg_*', 'monitor_*', '${aName('exact')}'].`,
    ])
    for (const [method, sent] of [['GET'], ['PUT', { user: { password: PASSWORD } }], ['DELETE']] as const)
      expect([method, (await trove.api(method, `${at}/users/${hidden}`, { body: sent })).status]).toEqual([method, 400])
    const rename = { user: { name: 'monitor_2' } }
    expect((await trove.api('PUT', `${at}/users/${users[0]}`, { body: rename })).status).toBe(400)
  })

  test('databases of reserved names are neither seen nor made, dropped nor granted on', async () => {
    const kept = aName('keep')
    const { body } = await trove.api('GET', `${at}/databases?marker=${kept.slice(0, -1)}`)
    expect(body.databases.map(({ name }: { name: string }) => name)).not.toContain(kept)
    const asked = [
      trove.api('DELETE', `${at}/databases/${kept}`),
      trove.api('POST', `${at}/databases`, { body: { databases: [{ name: `${kept}_2` }] } }),
      trove.api('PUT', `${at}/users/${users[0]}/databases`, { body: { databases: [{ name: kept }] } }),
    ]
    for (const answer of await Promise.all(asked)) {
      expect(answer.status).toBe(400)
      expect(message(answer)).toMatch(/^Database name ".*" is on the reserved list: \[.*\]\.$/)
    }
  })

  test('TLS can not be demanded of one user: only none is taken', async () => {
    const name = aName('tls')
    const create = (ssl: string) =>
      trove.api('POST', `${at}/users`, { body: { users: [{ name, password: PASSWORD, ssl }] } })
    for (const ssl of ['required', 'x509']) {
      const answer = await create(ssl)
      expect([answer.status, message(answer)]).toEqual([422, 'Operation not supported for datastore postgresql.'])
    }
    expect((await create('sometimes')).status).toBe(400)
    expect((await create('none')).status).toBe(202)
    expect((await trove.api('DELETE', `${at}/users/${name}`)).status).toBe(202)
  })
})

describe.skipIf(mysqlServers().length === 0)('on MariaDB', () => {
  test('names, passwords and hosts are what the settings say', async () => {
    const server = await mysqlServers()[0]!.start()
    const flags = {
      '--trove-name-limit': '16',
      '--trove-any-password': 'true',
      '--trove-hosts': 'netmask,ipv6,names',
    }
    await using strict = await aTrove()
    await using wide = await aTrove({ flags })
    const at = await wide.manage(server, { instanceName: 'wide' })
    const same = await strict.manage(server, { instanceName: 'strict' })
    const name = `u${process.pid}`
    const body = (user: object) => ({ body: { users: [{ name, password: PASSWORD, ...user }] } })

    const long = body({ name: 'x'.repeat(17) })
    expect(message(await wide.api('POST', `${at}/users`, long))).toBe('User names end at 16 characters here.')
    expect((await strict.api('POST', `${same}/users`, long)).status).toBe(202)
    expect((await strict.api('DELETE', `${same}/users/${'x'.repeat(17)}`)).status).toBe(202)

    const odd = [
      { password: ` o'dd; "pass,word" \\/\` ` },
      { host: '10.0.0.0/255.0.0.0' },
      { host: '2001:db8::1' },
      { host: 'app.example.com' },
    ]
    for (const user of odd) {
      expect((await strict.api('POST', `${same}/users`, body(user))).status).toBe(400)
      expect([user, (await wide.api('POST', `${at}/users`, body(user))).status]).toEqual([user, 202])
      const path = `${at}/users/${name}@${encodeURIComponent('host' in user ? user.host! : '%')}`
      expect((await wide.api('GET', path)).body.user).toMatchObject({ name, host: user.host ?? '%' })
      expect((await wide.api('DELETE', path)).status).toBe(202)
    }
  })
})

describe('hosts beyond the published ones', () => {
  const KINDS = {
    netmask: [
      ['10.0.0.0/255.0.0.0', '192.168.1.0/255.255.255.0'],
      ['10.0.0.0/8', '10.0.0.0/', '/255.0.0.0', '10.%/255.0.0.0', 'a/b', '10.0.0.0/255.0.0.0/1'],
    ],
    ipv6: [
      ['::1', '2001:db8::7'],
      ['::g', '[::1]', 'fe80::1%eth0', '2001:db8::%'],
    ],
    names: [
      ['localhost', 'app.example.com', '%.example.com', 'a_b-c.example', 'x1'],
      ['10.0.0.256', '300', 'a..b', '-a', 'a b', "a'b", 'a@b', '%%.example.com', '%.', '', 'ключ', 'x'.repeat(64)],
    ],
  } as const

  test.each(Object.entries(KINDS))('%s', (kind, [good, bad]) => {
    const rule = hostRule([kind as keyof typeof KINDS])
    expect(good.filter(host => rule(host) !== undefined)).toEqual([])
    expect(bad.filter(host => rule(host) === undefined)).toEqual([])
    expect(good.filter(host => hostRule([])(host) === undefined)).toEqual([])
    for (const host of ['%', '10.0.0.1', '10.%']) expect(rule(host)).toBeUndefined()
  })
})

test('a name is as long as is wished for, counted in characters', () => {
  const { user } = mysqlRules({ nameLimit: 16, anyPassword: false, hosts: [] })
  expect([user('ü'.repeat(16)), user('x'.repeat(17))]).toEqual([undefined, 'User names end at 16 characters here.'])
})
