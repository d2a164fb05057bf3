import { describe, expect, test } from 'vitest'
import { type Troveclient, type TroveclientWish, troveclient, type Way } from '../../../support/trove/troveclient.ts'
import { type Ground, type Held, heard, KINDS, theClient } from './ground.ts'
import { instancesContract, wholeInstancesContract } from './instances-contract.ts'
import { missing, usersContract, wholeContract } from './users-contract.ts'

const [FIRST, SECOND] = ['first-by-troveclient', 'second-by-troveclient']

const open = ({ origin, running }: Ground, wish: Partial<TroveclientWish> = {}) =>
  troveclient({
    ...{ way: 'v3', origin, project: running.project, username: 'tester', password: running.key.privateKey },
    ...wish,
  })

for (const kind of KINDS)
  describe.skipIf(kind.isLeftOut)(`on ${kind.name}`, () => {
    const held = theClient(kind, ground => open(ground))

    usersContract(held)
    wholeContract(held)
    instancesContract(held)
    wholeInstancesContract(held)
    moreCalls(held)
    if (kind === KINDS[0]) waysIn(held)
  })

function moreCalls(held: Held<Troveclient>): void {
  test('passwords of several are changed at once: of all, or of nobody', async () => {
    const { driver, instance, own } = held
    const all = ['ada', 'bob'].map(name => heard(held, { name, password: `${FIRST}-${name}`, databases: [] }))
    await driver.createUsers(instance, all)
    const others = all.map(({ name }) => heard(held, { name, password: `${SECOND}-${name}` }))
    const withNobody = [...others, { name: 'nobody', password: SECOND }]
    await expect(driver.call('users.change_passwords', [instance, withNobody])).rejects.toEqual(missing('nobody@%'))
    for (const { name, password } of all) expect(await own.logsIn(name, password)).toBe(true)
    await driver.call('users.change_passwords', [instance, others])
    for (const { name, password } of others) expect(await own.logsIn(name, password)).toBe(true)
    for (const { name, password } of all) expect(await own.logsIn(name, password)).toBe(false)
  })

  test('root gets the password that was asked for', async () => {
    const { driver, instance, kind, own } = held
    const { password } = heard(held, { password: 'chosen-for-root' })
    expect(await driver.call('root.create_instance_root', [instance, password])).toEqual([kind.root, password])
    expect(await own.rules(kind.root, password)).toBe(true)
    expect(await driver.user(instance, { name: kind.root })).toMatchObject({ name: kind.root, host: '%' })
    await driver.call('root.disable_instance_root', [instance])
    expect((await driver.call('root.is_instance_root_enabled', [instance])).rootEnabled).toBe(false)
  })

  test('an instance is created with databases and users: all of it, or nothing', async () => {
    const { driver, instance, kind, own } = held
    await driver.release(instance)
    const databases = ['ledger', 'stock'].map(name => ({ name }))
    const user = (name: string, ...on: object[]) => heard(held, { name, password: FIRST, databases: on })
    const create = (...users: object[]) =>
      driver.call('instances.create', ['shop'], {
        ...{ flavor_id: '1', volume: { size: 1 }, datastore: kind.datastore, databases, users },
      })
    await expect(create(user('ada'), user(kind.root))).rejects.toMatchObject({ status: 400 })
    await expect(create(user('ada', { name: 'elsewhere' }))).rejects.toMatchObject({ status: 400 })
    expect(await driver.instances()).toEqual([])
    expect(await create(user('ada', databases[0]!))).toMatchObject({ id: instance, name: 'shop' })
    expect(await driver.databases(instance)).toEqual(['ledger', 'stock'])
    expect(await own.mayWrite('ada', FIRST, 'ledger')).toBe(true)
    expect(await own.mayWrite('ada', FIRST, 'stock')).toBe(false)
  })

  test('datastores, versions, flavors and limits are read by each of its calls', async () => {
    const { driver, kind } = held
    const all = await driver.call('datastores.list')
    expect(all.map(({ name }: { name: string }) => name)).toContain(kind.datastore)
    const store = await driver.call('datastores.get', [kind.datastore])
    const [version] = await driver.call('datastore_versions.list', [kind.datastore])
    expect(store).toMatchObject({ name: kind.datastore, default_version: version.id })
    expect(await driver.call('datastore_versions.get', [store.id, version.name])).toEqual(version)
    expect(await driver.call('datastore_versions.get_by_uuid', [version.id])).toEqual(version)
    const of = await driver.call('flavors.list_datastore_version_associated_flavors', [kind.datastore, version.id])
    expect(of).toEqual(await driver.flavors())
    expect(await driver.call('flavors.get', [of[0].id])).toEqual(of[0])
    expect(await driver.call('limits.list')).toContainEqual(expect.objectContaining({ verb: 'ABSOLUTE' }))
    expect(await driver.call('clusters.list')).toEqual([])
  })

  test.each([
    ['a resize of the flavor', 'instances.resize_instance', ['1']],
    ['backups', 'instances.backups', []],
    ['a configuration', 'instances.configuration', []],
    ['logs', 'instances.log_list', []],
    ['modules', 'instances.modules', []],
    ['another version', 'instances.upgrade', ['99']],
    ['a replica of its own', 'instances.promote_to_replica_source', []],
  ])('%s is told as not offered, in words', async (_, method, rest) => {
    const { driver, instance } = held
    const refused = driver.call(method, [instance, ...rest])
    await expect(refused).rejects.toMatchObject({ status: expect.toSatisfy(status => [400, 501].includes(status)) })
    await expect(refused).rejects.toThrow(/\w+ \w+/)
  })

  test('its status is asked anew where somebody wants that', async () => {
    const { driver, instance } = held
    expect(await driver.call('instances.reset_status', [instance])).toBeNull()
    expect(await driver.instance(instance)).toMatchObject({ status: 'ACTIVE', operating_status: 'HEALTHY' })
  })

  test.each(['..', '../..', '.', '/', '../databases/ledger'])('a user %j leads to nobody’s end', async name => {
    const { driver, instance, own, traffic } = held
    await own.makeDatabases('ledger')
    traffic.length = 0
    await expect(driver.dropUser(instance, name)).rejects.toMatchObject({ status: 404 })
    expect(traffic.map(({ method, status }) => [method, status])).toEqual([['DELETE', 404]])
    expect((await driver.instance(instance)).id).toBe(instance)
    expect(await driver.databases(instance)).toEqual(['ledger'])
  })
}

function waysIn(held: Held<Troveclient>): void {
  describe('its ways in', () => {
    const ways: readonly (readonly [string, Way, (ground: Ground) => Partial<TroveclientWish>])[] = [
      ['a password, by version 3', 'v3', () => ({})],
      ['a password, by version 3, and the project by its name', 'v3', () => ({ project: 'test' })],
      ['a password, by version 2', 'v2', () => ({})],
      ['a key as a token', 'token', () => ({})],
      ['a key as an application credential', 'application', ({ running }) => ({ username: running.key.publicKey })],
      ['without a session, as of old', 'old', () => ({ region: 'RegionOne' })],
    ]

    test.each(ways)('%s', async (_, way, wish) => {
      await using client = await open(held, { way, ...wish(held) })
      expect((await client.instances()).map(({ id }) => id)).toEqual([held.instance])
      expect(await client.users(held.instance)).toEqual([])
    })

    test('a wrong password, another project and no region are refused', async () => {
      // It asks for its token when it is made.
      await using stranger = await open(held, { password: 'nobodys-password' })
      await expect(stranger.instances()).rejects.toThrow('Unauthorized')
      await using elsewhere = await open(held, { project: 'somebodys' })
      await expect(elsewhere.instances()).rejects.toThrow('Unauthorized')
      // Version 2 lists each service with a region and without one: the old way takes no choice.
      await using old = await open(held, { way: 'old' })
      await expect(old.instances()).rejects.toThrow('AmbiguousEndpoints')
    })

    test('a token that is over is exchanged for another, unseen', async () => {
      const { driver, running, traffic, instance } = held
      expect(await driver.users(instance)).toEqual([])
      await running.app.store.transaction(tables => tables.tokens.sweep(Number.MAX_SAFE_INTEGER))
      traffic.length = 0
      expect(await driver.users(instance)).toEqual([])
      expect(traffic.map(({ method, status }) => [method, status])).toEqual([
        ['GET', 401],
        ['POST', 201],
        ['GET', 200],
      ])
    })
  })
}
