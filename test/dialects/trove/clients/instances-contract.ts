import { describe, expect, test } from 'vitest'
import type { Driver, WholeDriver } from '../../../support/trove/driver.ts'
import { disableRoot, type Held, heard } from './ground.ts'

/** What every client does with databases, root and instances. */
export function instancesContract(held: Held<Driver>): void {
  test('databases are made, listed and dropped; taken, reserved and missing ones are told as such', async () => {
    const { driver, instance, kind } = held
    const [set, collate] = kind.hosts ? ['utf8', 'utf8_general_ci'] : []
    await driver.createDatabase(instance, 'stock', set, collate)
    await driver.createDatabase(instance, 'ledger')
    expect(await driver.databases(instance)).toEqual(['ledger', 'stock'])
    const taken = { status: 400, message: 'A database with the name "stock" already exists.' }
    await expect(driver.createDatabase(instance, 'stock')).rejects.toMatchObject(taken)
    const reserved = kind.reservedDatabase
    await expect(driver.createDatabase(instance, reserved)).rejects.toMatchObject({ status: 400 })
    await expect(driver.dropDatabase(instance, reserved)).rejects.toMatchObject({ status: 400 })
    for (const name of ['stock', 'ledger']) await driver.dropDatabase(instance, name)
    const none = { status: 404, message: 'Database stock cannot be found on the instance.' }
    await expect(driver.dropDatabase(instance, 'stock')).rejects.toMatchObject(none)
    expect(await driver.databases(instance)).toEqual([])
  })

  test('all of 25 databases are seen, each once', async () => {
    const { driver, instance, own } = held
    const names = Array.from({ length: 25 }, (_, n) => `db_${n}`).toSorted()
    await own.makeDatabases(...names)
    expect(await driver.databases(instance)).toEqual(names)
    expect(await driver.databases(instance, 7)).toEqual(names)
    await own.dropDatabases(...names)
  })

  test('root is enabled with a password that logs in, again with another one, and listed while it is', async () => {
    const { driver, instance, kind, own } = held
    expect(await driver.rootEnabled(instance)).toBe(false)
    const first = heard(held, await driver.enableRoot(instance))
    expect(first).toEqual(expect.objectContaining({ name: kind.root, password: expect.stringMatching(/^.{36}$/) }))
    expect(await own.rules(kind.root, first.password!)).toBe(true)
    expect(await driver.rootEnabled(instance)).toBe(true)
    expect((await driver.users(instance)).map(({ name }) => name)).toEqual([kind.root])
    const second = heard(held, await driver.enableRoot(instance))
    expect(await own.rules(kind.root, second.password!)).toBe(true)
    expect(await own.rules(kind.root, first.password!)).toBe(false)
    await disableRoot(held)
    expect(await driver.rootEnabled(instance)).toBe(false)
    expect(await driver.users(instance)).toEqual([])
  })

  describe('instances', () => {
    test('a server under management is one, and complete', async () => {
      const { driver, instance, server } = held
      const read = await driver.instance(instance)
      expect(read).toMatchObject({ id: instance, hostname: server.host, flavor: { id: '1' }, volume: { size: 1 } })
      expect(['ACTIVE', 'RUNNING']).toContain(read.status)
      expect((await driver.instances()).map(({ id }) => id)).toEqual([instance])
      expect((await driver.flavors()).length).toBeGreaterThan(0)
    })

    test('all are seen, each once, on pages of one', async () => {
      const { driver, instance, running, server } = held
      // The same server under another name is another instance.
      const other = await running.connect({ ...server, host: 'localhost' })
      const seen = (await driver.instances(1)).map(({ id }) => id)
      expect(seen.toSorted()).toEqual([instance, other.instance].toSorted())
      await running.native('DELETE', `/connections/${other.connection}`)
    })

    test('deleting one lets its server go, which loses nothing, and creating one takes it over again', async () => {
      const { driver, instance, running, own, kind } = held
      await driver.createUsers(instance, [
        heard(held, { name: 'stays', password: 'password-that-stays', databases: [] }),
      ])
      await driver.release(instance)
      const gone = { status: 404, message: `Resource ${instance} cannot be found.` }
      await expect(driver.instance(instance)).rejects.toMatchObject(gone)
      expect(await driver.instances()).toEqual([])
      expect(await own.logsIn('stays', 'password-that-stays')).toBe(true)
      expect((await running.native('GET', `/instances/${instance}`)).status).toBe(200)

      expect(await driver.adopt('orders')).toMatchObject({ id: instance, name: 'orders' })
      expect((await driver.instances()).map(({ name }) => name)).toEqual(['orders'])
      expect((await driver.users(instance)).map(({ name }) => name)).toEqual([kind.shown('stays')])
      await expect(driver.adopt('another')).rejects.toMatchObject({ status: 413 })
      await driver.dropUser(instance, 'stays')
    })

    test('what nobody here can do to a server is refused: a restart, and a larger volume', async () => {
      const { driver, instance } = held
      await expect(driver.restart(instance)).rejects.toMatchObject({ status: 422 })
      await expect(driver.resizeVolume(instance, 2)).rejects.toThrow()
      expect((await driver.instance(instance)).volume).toMatchObject({ size: 1 })
    })
  })
}

/** The same for a client that has a word for each call. */
export function wholeInstancesContract(held: Held<WholeDriver>): void {
  test('root is disabled: it is good for nothing, and listed no more', async () => {
    const { driver, instance, kind, own } = held
    const { password } = heard(held, await driver.enableRoot(instance))
    await driver.disableRoot(instance)
    expect(await driver.rootEnabled(instance)).toBe(false)
    expect(await own.rules(kind.root, password!)).toBe(false)
    expect(await driver.users(instance)).toEqual([])
  })

  test('an instance gets another name, and is found by it', async () => {
    const { driver, instance } = held
    const { name } = await driver.instance(instance)
    await driver.rename(instance, 'renamed')
    expect(await driver.instance('renamed')).toMatchObject({ id: instance, name: 'renamed' })
    await driver.rename(instance, name)
  })
}
