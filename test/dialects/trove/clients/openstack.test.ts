import { describe, expect, test } from 'vitest'
import { type Openstack, openstack } from '../../../support/trove/openstack.ts'
import { type Held, heard, KINDS, theClient } from './ground.ts'
import { ODD } from './users-contract.ts'

const [FIRST, SECOND] = ['first-by-openstack', 'second-by-openstack']

for (const kind of KINDS)
  describe.skipIf(kind.isLeftOut)(`on ${kind.name}`, () => {
    const held = theClient(kind, ({ origin, running }) =>
      openstack({ origin, project: running.project, username: 'tester', password: running.key.privateKey }),
    )
    stories(held)
  })

/** Instances are named, as people do. */
function stories(held: Held<Openstack>): void {
  test('a user’s life: made with a database, shown, granted, revoked, given another password, dropped', async () => {
    const { driver, own, kind } = held
    for (const name of ['ledger', 'stock']) await driver.run('db', 'create', 'main', name)
    expect(await driver.ask('db', 'list', 'main')).toEqual([{ Name: 'ledger' }, { Name: 'stock' }])
    heard(held, { password: FIRST })
    heard(held, { password: SECOND })
    await driver.run('user', 'create', 'main', 'ada', FIRST, '--databases', 'ledger')
    expect(await own.mayWrite('ada', FIRST, 'ledger')).toBe(true)
    expect(await driver.ask('user', 'show', 'main', 'ada')).toEqual({
      ...{ name: kind.shown('ada'), host: '%' },
      databases: [{ name: 'ledger' }],
    })
    await driver.run('user', 'grant', 'access', 'main', 'ada', 'stock', 'ledger')
    expect(await driver.ask('user', 'show', 'access', 'main', 'ada')).toEqual([{ Name: 'ledger' }, { Name: 'stock' }])
    await driver.run('user', 'revoke', 'access', 'main', 'ada', 'ledger')
    expect(await own.mayWrite('ada', FIRST, 'ledger')).toBe(false)
    expect(await own.mayWrite('ada', FIRST, 'stock')).toBe(true)
    await driver.run('user', 'update', 'attributes', 'main', 'ada', '--new_password', SECOND)
    expect([await own.logsIn('ada', SECOND), await own.logsIn('ada', FIRST)]).toEqual([true, false])
    expect(await driver.ask('user', 'list', 'main')).toEqual([
      { Name: kind.shown('ada'), Host: '%', Databases: 'stock' },
    ])
    await driver.run('user', 'delete', 'main', 'ada')
    expect(await own.logsIn('ada', SECOND)).toBe(false)
    await expect(driver.run('user', 'show', 'main', 'ada')).rejects.toMatchObject({
      ...{ status: 404, message: 'User ada@% cannot be found on the instance.' },
    })
    for (const name of ['ledger', 'stock']) await driver.run('db', 'delete', 'main', name)
  })

  test('a user gets another name, where the server knows such a thing', async () => {
    const { driver, own, kind } = held
    heard(held, { password: FIRST })
    await driver.run('user', 'create', 'main', 'ada', FIRST)
    const rename = () => driver.run('user', 'update', 'attributes', 'main', 'ada', '--new_name', 'eve')
    if (!kind.renames) {
      await expect(rename()).rejects.toMatchObject({ status: 422 })
      expect(await own.logsIn('ada', FIRST)).toBe(true)
      return
    }
    await rename()
    expect([await own.logsIn('eve', FIRST), await own.logsIn('ada', FIRST)]).toEqual([true, false])
  })

  test('all of 450 users are listed, each once, and those of odd names, by the instance’s name and by its id', async () => {
    const { driver, instance, own, kind } = held
    const all = [...ODD.map(({ name }) => name), ...Array.from({ length: 450 }, (_, n) => `user_${n}`)]
    await own.makeLogins(...all.map(name => ({ name })))
    for (const called of ['main', instance]) {
      const listed: { Name: string }[] = await driver.ask('user', 'list', called)
      expect(listed.map(({ Name }) => Name).toSorted()).toEqual(all.map(kind.shown).toSorted())
    }
  })

  test('a host is its own option', async () => {
    const { driver, own, kind } = held
    const create = () => driver.run('user', 'create', 'main', 'ada', FIRST, '--host', '127.0.0.1')
    if (!kind.hosts) {
      await expect(create()).rejects.toMatchObject({ status: 400 })
      return
    }
    await create()
    expect(await own.logsIn('ada', FIRST)).toBe(true)
    expect(await driver.ask('user', 'show', 'main', 'ada', '--host', '127.0.0.1')).toMatchObject({ host: '127.0.0.1' })
    await expect(driver.run('user', 'delete', 'main', 'ada')).rejects.toThrow('User ada@% cannot be found')
    await driver.run('user', 'delete', 'main', 'ada', '--host', '127.0.0.1')
    expect(await own.logsIn('ada', FIRST)).toBe(false)
  })

  test('root is shown, enabled and disabled', async () => {
    const { driver, own, kind } = held
    expect(await driver.ask('root', 'show', 'main')).toEqual({ is_root_enabled: false })
    const { name, password } = heard(held, await driver.ask('root', 'enable', 'main'))
    expect(name).toBe(kind.root)
    expect(await own.rules(name, password)).toBe(true)
    expect(await driver.ask('root', 'show', 'main')).toEqual({ is_root_enabled: true })
    await driver.run('root', 'disable', 'main')
    expect(await own.rules(name, password)).toBe(false)
    await expect(driver.run('root', 'show', 'nowhere')).rejects.toThrow('No instance or cluster with a name or ID')
  })

  test('instances are listed, shown, renamed, let go and taken over with users and databases', async () => {
    const { driver, instance, own, kind } = held
    expect(await driver.ask('instance', 'list')).toMatchObject([{ ID: instance, Name: 'main', Status: 'ACTIVE' }])
    expect(await driver.ask('instance', 'show', 'main')).toMatchObject({ id: instance, datastore: kind.datastore })
    await driver.run('instance', 'update', 'main', '--name', 'orders')
    expect(await driver.ask('instance', 'show', 'orders')).toMatchObject({ name: 'orders' })
    await driver.run('instance', 'delete', 'orders')
    expect(await driver.ask('instance', 'list')).toEqual([])

    heard(held, { password: FIRST })
    const filled = ['--databases', 'ledger', '--users', `ada:${FIRST}`]
    const flavor = (await driver.ask('flavor', 'list'))[0].Name
    const made = await driver.ask('instance', 'create', 'main', '--flavor', flavor, '--size', '1', ...filled)
    expect(made).toMatchObject({ id: instance, name: 'main' })
    expect(await own.mayWrite('ada', FIRST, 'ledger')).toBe(true)
  })

  test('what is not offered is told in words', async () => {
    const { driver, instance } = held
    await expect(driver.run('instance', 'restart', 'main')).rejects.toMatchObject({ status: 422 })
    await expect(driver.run('instance', 'resize', 'volume', instance, '5')).rejects.toMatchObject({ status: 501 })
    await expect(driver.run('log', 'list', 'main')).rejects.toMatchObject({ status: 501 })
    expect(await driver.ask('cluster', 'list')).toEqual([])
  })
}
