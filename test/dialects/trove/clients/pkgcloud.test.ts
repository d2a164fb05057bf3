import { describe, expect, test } from 'vitest'
import { type Pkgcloud, pkgcloud } from '../../../support/trove/pkgcloud.ts'
import { type Ground, type Held, heard, KINDS, theClient } from './ground.ts'
import { instancesContract } from './instances-contract.ts'
import { missing, usersContract } from './users-contract.ts'

const PASSWORD = 'password-by-pkgcloud'

/** Rackspace's own way in: an API key, at the root. */
const rackspace = ({ origin, running }: Ground) =>
  pkgcloud({ provider: 'rackspace', authUrl: origin, username: 'tester', apiKey: running.key.privateKey })

for (const kind of KINDS)
  describe.skipIf(kind.isLeftOut)(`on ${kind.name}`, () => {
    const held = theClient(kind, rackspace)

    usersContract(held)
    instancesContract(held)
    pastedNames(held)
    if (kind === KINDS[0]) ownCalls(held)
  })

/** It pastes names into addresses as they are. */
function pastedNames(held: Held<Pkgcloud>): void {
  const gone = async (name: string) =>
    (await held.driver.users(held.instance)).every(one => one.name !== held.kind.shown(name))

  test.each(['f&x', 'a.b', 'a.json', 'x=y', 's;t', '100%', "it's", 'a+b', 'A'])(
    '%j is dropped by its name, pasted as it is',
    async name => {
      const { driver, instance, own } = held
      await own.makeLogins({ name })
      await driver.dropUser(instance, name)
      expect(await gone(name)).toBe(true)
    },
  )

  test.each(['%41', 'm%20n', 'p?q#r', 'user@name', 'ключ'])(
    '%j is somebody else’s address as it is, or none, and its own where the caller encodes it',
    async name => {
      const { driver, instance, own } = held
      await own.makeLogins({ name })
      // Letters beyond Latin are stopped by Node itself.
      await expect(driver.dropUser(instance, name)).rejects.toThrow(/cannot be found|unescaped/)
      expect(await gone(name)).toBe(false)
      await driver.dropUser(instance, encodeURIComponent(`${name}@%`))
      expect(await gone(name)).toBe(true)
    },
  )

  test('a name with its host is taken apart, with a lone percent too', async () => {
    const { driver, instance, own, kind } = held
    if (kind.hosts) {
      await own.makeLogins({ name: 'bob', host: '10.0.0.1' }, { name: 'bob' })
      await driver.dropUser(instance, 'bob@10.0.0.1')
      expect(await driver.users(instance)).toHaveLength(1)
    } else await own.makeLogins({ name: 'bob' })
    await driver.dropUser(instance, 'bob@%')
    expect(await driver.users(instance)).toEqual([])
  })

  test.each(['..', '../..', '../databases/ledger', '.', '%2e%2e'])('a user %j leads to nobody’s end', async name => {
    const { driver, instance, own, traffic } = held
    await own.makeDatabases('ledger')
    traffic.length = 0
    await expect(driver.dropUser(instance, name)).rejects.toMatchObject({ status: 404 })
    expect(traffic.map(({ method, status }) => [method, status])).toEqual([['DELETE', 404]])
    expect((await driver.instance(instance)).id).toBe(instance)
    expect(await driver.databases(instance)).toEqual(['ledger'])
  })
}

function ownCalls(held: Held<Pkgcloud>): void {
  describe('its ways in', () => {
    const credentials = ({ running }: Ground) => ({ username: 'tester', password: running.key.privateKey })
    const ways: Readonly<Record<string, (ground: Ground) => Promise<Pkgcloud>>> = {
      'as Rackspace, with a region': ground =>
        pkgcloud({
          provider: 'rackspace',
          authUrl: ground.origin,
          region: 'regionOne',
          username: 'tester',
          apiKey: ground.running.key.privateKey,
        }),
      'as OpenStack, by version 2': ground =>
        pkgcloud({ provider: 'openstack', authUrl: `${ground.origin}/identity`, ...credentials(ground) }),
      'as OpenStack, by version 2, with a tenant': ground =>
        pkgcloud({
          provider: 'openstack',
          authUrl: `${ground.origin}/identity`,
          tenantId: ground.running.project,
          region: 'RegionOne',
          ...credentials(ground),
        }),
      'as OpenStack, by version 3': ground =>
        pkgcloud({
          provider: 'openstack',
          authUrl: `${ground.origin}/identity`,
          keystoneAuthVersion: 'v3',
          tenantName: 'test',
          domainName: 'Default',
          region: 'RegionOne',
          ...credentials(ground),
        }),
    }

    test.each(Object.keys(ways))('%s', async way => {
      const { instance, traffic } = held
      const client = await ways[way]!(held)
      traffic.length = 0
      expect((await client.instances()).map(({ id }) => id)).toEqual([instance])
      expect(await client.users(instance)).toEqual([])
      // Its token is good for both.
      expect(traffic.map(({ method, status }) => [method, status])).toEqual([
        ['POST', way.endsWith('3') ? 201 : 200],
        ['GET', 200],
        ['GET', 200],
      ])
    })

    test('a wrong key is refused at the door', async () => {
      const stranger = await pkgcloud({
        provider: 'rackspace',
        authUrl: held.origin,
        username: 'tester',
        apiKey: 'nobodys',
      })
      await expect(stranger.instances()).rejects.toMatchObject({ status: 401 })
    })
  })

  test('it reads versions and flavors', async () => {
    const { calls, results } = held.driver
    const [versions] = await results<[{ id: string }[]]>(done => calls.getVersion(done))
    expect(versions.map(({ id }) => id)).toEqual(['v1.0'])
    const [[flavor]] = await results<[{ id: number; name: string; ram: number; href: string }[]]>(done =>
      calls.getFlavors(done),
    )
    const [same] = await results<[object]>(done => calls.getFlavor(flavor!.id, done))
    expect(same).toMatchObject({ id: flavor!.id, name: flavor!.name, ram: flavor!.ram })
    expect(flavor!.href).toBe(`${held.origin}/v1.0/${held.running.project}/flavors/${flavor!.id}`)
    await expect(results(done => calls.getFlavor(999, done))).rejects.toMatchObject({ status: 404 })
  })

  test('its other names for the root calls say the same', async () => {
    const { driver, instance, own } = held
    const { calls, results } = driver
    const [enabled] = await results<[{ user: { name: string; password: string } }]>(done =>
      calls.enableRootUser(instance, done),
    )
    heard(held, enabled.user)
    expect(await own.logsIn('root', enabled.user.password)).toBe(true)
    expect(await results(done => calls.listRootStatus(instance, done))).toMatchObject([{ rootEnabled: true }])
    await held.own.dropLogins({ name: 'root' })
    expect(await results(done => calls.listRootStatus(instance, done))).toMatchObject([{ rootEnabled: false }])
  })

  test('an instance is created with its databases; where one is taken, it is let go again', async () => {
    const { driver, instance, own } = held
    const { calls, results } = driver
    const create = (...databases: string[]) =>
      results<[{ id: string }]>(done => calls.createInstance({ name: 'orders', flavor: '1', size: 2, databases }, done))
    await driver.release(instance)
    await own.makeDatabases('taken')
    await expect(create('first', 'taken')).rejects.toMatchObject({ status: 400 })
    expect(await driver.instances()).toEqual([])
    const [made] = await create('first', 'second')
    expect(made.id).toBe(instance)
    expect(await driver.databases(instance)).toEqual(['first', 'second', 'taken'])
  })

  test('what it refuses by itself is never asked', async () => {
    const { driver, instance, traffic } = held
    traffic.length = 0
    const make = (name: string, password = PASSWORD) =>
      driver.createUsers(instance, [{ name, password, databases: [] }])
    for (const name of ['a-name-of-17-char', "it's", '@b', 'a;b', 'a/b']) await expect(make(name)).rejects.toThrow()
    await expect(make('ada', 'quo"te-password')).rejects.toThrow('Invalid characters in password')
    expect(traffic).toEqual([])
  })

  test('a user that is gone is told by name and host', async () => {
    await expect(held.driver.dropUser(held.instance, 'carol@10.1.1.1')).rejects.toEqual(missing('carol@10.1.1.1'))
  })
}
