import { describe, expect, test } from 'vitest'
import type { Driver, TroveUser, WholeDriver, Whom } from '../../../support/trove/driver.ts'
import { type Held, heard } from './ground.ts'

const PASSWORD = 'first-password-1'
const OTHER = 'second-password-2'
const REFUSED = expect.objectContaining({ status: 400 })

export const missing = (user: string) =>
  expect.objectContaining({ status: 404, message: `User ${user} cannot be found on the instance.` })

/** Names that an address, a query or a header could mistake for something else. */
export const ODD: readonly Whom[] = [
  ...['f&x', 'a.b', 'a.json', 'ключ', '%41', 'm%20n', 'a+b', 'p?q#r', 'x=y', 's;t', 'é ü1', 'user@name', '100%', 'A'],
  ...['bob@10.0.0.1', '..', 'p%2541', "it's"],
].map(name => ({ name }))

/** What every client does with users. */
export function usersContract(held: Held<Driver>): void {
  test('one is made with a password that logs in, is listed with what it may use, and dropped', async () => {
    const { driver, instance, own, kind } = held
    await driver.createDatabase(instance, 'ledger')
    await driver.createUsers(instance, [heard(held, { name: 'ada', password: PASSWORD, databases: ['ledger'] })])
    expect(await own.logsIn('ada', PASSWORD)).toBe(true)
    expect(await own.mayWrite('ada', PASSWORD, 'ledger')).toBe(true)
    expect((await driver.users(instance)).map(({ name }) => name)).toEqual([kind.shown('ada')])

    await driver.dropUser(instance, 'ada')
    expect(await own.logsIn('ada', PASSWORD)).toBe(false)
    expect(await driver.users(instance)).toEqual([])
    await expect(driver.dropUser(instance, 'ada')).rejects.toEqual(missing('ada@%'))
    await driver.dropDatabase(instance, 'ledger')
  })

  test('several are made at once: all of them, or none', async () => {
    const { driver, instance, own, kind } = held
    const three = ['ada', 'bob', 'cyd'].map(name =>
      heard(held, { name, password: `${PASSWORD}-${name}`, databases: [] }),
    )
    await driver.createUsers(instance, three)
    for (const { name, password } of three) expect(await own.logsIn(name, password)).toBe(true)
    const two = ['dan', 'ada'].map(name => heard(held, { name, password: OTHER, databases: [] }))
    const taken = { status: 400, message: 'A user with the name "ada" already exists.' }
    await expect(driver.createUsers(instance, two)).rejects.toMatchObject(taken)
    expect((await driver.users(instance)).map(({ name }) => name)).toEqual(['ada', 'bob', 'cyd'].map(kind.shown))
    expect(await own.logsIn('ada', `${PASSWORD}-ada`)).toBe(true)
    for (const { name } of three) await driver.dropUser(instance, name)
  })

  test('one that somebody made on the server itself is there at once, and so is its end', async () => {
    const { driver, instance, own, kind } = held
    await own.makeLogins({ name: 'outside' })
    expect((await driver.users(instance)).map(({ name }) => name)).toEqual([kind.shown('outside')])
    await own.dropLogins({ name: 'outside' })
    expect(await driver.users(instance)).toEqual([])
  })

  test('reserved names are given to nobody, and the login that manages is seen by nobody', async () => {
    const { driver, instance, kind, own, server } = held
    for (const name of [kind.root, 'os_admin', server.username]) {
      await expect(driver.createUsers(instance, [{ name, password: PASSWORD, databases: [] }])).rejects.toEqual(REFUSED)
      await expect(driver.dropUser(instance, name)).rejects.toEqual(REFUSED)
    }
    expect(await driver.users(instance)).toEqual([])
    expect(await own.logsIn(server.username, server.password)).toBe(true)
  })

  test('all of 450 are seen, each once, and so are those of odd names', async () => {
    const { driver, instance, own, kind } = held
    const many = Array.from({ length: 450 }, (_, n): Whom => ({ name: `user_${n}` }))
    const others = kind.hosts ? ['10.0.0.1', '10.%', 'db.example.net'].map(host => ({ name: 'bob', host })) : []
    const all = [...many, ...ODD, ...others]
    await own.makeLogins(...all)
    expect(keysOf(await driver.users(instance))).toEqual(shown(all))
    await own.dropLogins(...all)
    expect(await driver.users(instance)).toEqual([])
  })

  test.each([1, 2, 5])('odd names at the end of a page of %i lose nobody, and repeat nobody', async limit => {
    const { driver, instance, own, kind } = held
    const others = kind.hosts ? ['10.0.0.1', '10.%'].map(host => ({ name: 'm%20n', host })) : []
    const all = [...ODD, ...others]
    await own.makeLogins(...all)
    expect(keysOf(await driver.users(instance, limit))).toEqual(shown(all))
    await own.dropLogins(...all)
  })

  test('an instance that is not there is told as such', async () => {
    const { driver } = held
    const nobody = '00000000-0000-4000-8000-000000000000'
    const gone = expect.objectContaining({ status: 404, message: `Resource ${nobody} cannot be found.` })
    await expect(driver.users(nobody)).rejects.toEqual(gone)
    await expect(driver.createUsers(nobody, [{ name: 'ada', password: PASSWORD, databases: [] }])).rejects.toEqual(gone)
    await expect(driver.dropUser(nobody, 'ada')).rejects.toEqual(gone)
  })

  /** By name alone where the client lets the host fall. */
  function keysOf(users: readonly (Whom | TroveUser)[]): readonly string[] {
    return users.map(({ name, host = '%' }) => (held.driver.showsHosts ? `${name}@${host}` : name)).toSorted()
  }

  const shown = (all: readonly Whom[]) => keysOf(all.map(one => ({ ...one, name: held.kind.shown(one.name) })))
}

/** The same for a client that has a word for each call. */
export function wholeContract(held: Held<WholeDriver>): void {
  const made = async (name: string, more: object = {}) => {
    const wanted = { name, password: PASSWORD, databases: [], ...more }
    await held.driver.createUser(held.instance, heard(held, wanted))
  }

  describe('one user', () => {
    test('is shown, and gets another password', async () => {
      const { driver, instance, own, kind } = held
      await driver.createDatabase(instance, 'ledger')
      await made('ada', { databases: ['ledger'] })
      const shown = { name: kind.shown('ada'), host: '%', databases: [{ name: 'ledger' }] }
      expect(await driver.user(instance, { name: 'ada' })).toEqual(shown)
      await driver.changeUser(instance, { name: 'ada' }, heard(held, { password: OTHER }))
      expect([await own.logsIn('ada', OTHER), await own.logsIn('ada', PASSWORD)]).toEqual([true, false])
      expect(await driver.user(instance, { name: 'ada' })).toEqual(shown)
      await driver.dropWhom(instance, { name: 'ada' })
      await driver.dropDatabase(instance, 'ledger')
    })

    test('gets another name and keeps what it may use, where the server knows such a thing', async () => {
      const { driver, instance, own, kind } = held
      await driver.createDatabase(instance, 'ledger')
      await made('ada', { databases: ['ledger'] })
      const shown = await driver.user(instance, { name: 'ada' })
      const rename = (change: object) => driver.changeUser(instance, { name: 'ada' }, { name: 'eve', ...change })
      if (!kind.renames) {
        await expect(rename(heard(held, { password: OTHER }))).rejects.toMatchObject({ status: 422 })
        expect(await own.logsIn('ada', PASSWORD)).toBe(true)
        expect(await driver.users(instance)).toEqual([expect.objectContaining(shown)])
        return
      }
      await rename({})
      expect([await own.logsIn('eve', PASSWORD), await own.logsIn('ada', PASSWORD)]).toEqual([true, false])
      expect(await driver.user(instance, { name: 'eve' })).toEqual({ ...shown, name: 'eve' })
      expect(await own.mayWrite('eve', PASSWORD, 'ledger')).toBe(true)
      await expect(driver.user(instance, { name: 'ada' })).rejects.toEqual(missing('ada@%'))
      await driver.changeUser(instance, { name: 'eve' }, heard(held, { name: 'ada', password: OTHER }))
      expect([await own.logsIn('ada', OTHER), await own.logsIn('ada', PASSWORD)]).toEqual([true, false])
      await driver.dropWhom(instance, { name: 'ada' })
    })

    test('is granted and revoked databases, and then may and may not use them', async () => {
      const { driver, instance, own } = held
      for (const name of ['ledger', 'stock']) await driver.createDatabase(instance, name)
      await made('ada')
      expect(await driver.access(instance, { name: 'ada' })).toEqual([])
      expect(await own.mayWrite('ada', PASSWORD, 'stock')).toBe(false)

      await driver.grant(instance, { name: 'ada' }, ['stock', 'ledger'])
      await driver.grant(instance, { name: 'ada' }, ['stock'])
      expect(await driver.access(instance, { name: 'ada' })).toEqual(['ledger', 'stock'])
      expect(await own.mayWrite('ada', PASSWORD, 'stock')).toBe(true)

      await driver.revoke(instance, { name: 'ada' }, 'stock')
      expect(await driver.access(instance, { name: 'ada' })).toEqual(['ledger'])
      expect(await own.mayWrite('ada', PASSWORD, 'stock')).toBe(false)
      expect(await own.mayWrite('ada', PASSWORD, 'ledger')).toBe(true)
      const none = { status: 404, message: 'Database stock cannot be found on the instance.' }
      await expect(driver.revoke(instance, { name: 'ada' }, 'stock')).rejects.toMatchObject(none)
      await expect(driver.grant(instance, { name: 'bob' }, ['stock'])).rejects.toEqual(missing('bob@%'))
      await driver.dropWhom(instance, { name: 'ada' })
      for (const name of ['ledger', 'stock']) await driver.dropDatabase(instance, name)
    })

    test.each(ODD.filter(({ name }) => name !== '..'))(
      '$name is shown, changed and dropped by its name',
      async ({ name }) => {
        const { driver, instance, own, kind } = held
        await own.makeLogins({ name }, { name: 'neighbour' })
        // A name with an @ is addressed with its host.
        const whom = { name, host: '%' }
        expect(await driver.user(instance, whom)).toEqual({ ...whom, name: kind.shown(name), databases: [] })
        await driver.changeUser(instance, whom, heard(held, { password: OTHER }))
        expect(await own.logsIn(name, OTHER)).toBe(kind.letsIn(name))
        await driver.dropWhom(instance, whom)
        expect(await own.logsIn(name, OTHER)).toBe(false)
        expect((await driver.users(instance)).map(one => one.name)).toEqual([kind.shown('neighbour')])
        await own.dropLogins({ name: 'neighbour' })
      },
    )
  })

  test('the same name from another host is another user, where the server can tell hosts apart', async () => {
    const { driver, instance, kind, own } = held
    const here = { name: 'ada', host: '127.0.0.1' }
    if (!kind.hosts) {
      await expect(made('ada', here)).rejects.toEqual(REFUSED)
      await expect(driver.user(instance, here)).rejects.toEqual(missing('ada@127.0.0.1'))
      return
    }
    await made('ada', { password: OTHER })
    await made('ada', here)
    expect((await driver.users(instance)).map(({ name, host }) => `${name}@${host}`)).toEqual([
      'ada@%',
      'ada@127.0.0.1',
    ])
    expect(await own.logsIn('ada', PASSWORD)).toBe(true)
    await driver.changeUser(instance, here, { host: '10.%' })
    expect(await own.logsIn('ada', PASSWORD)).toBe(false)
    expect(await own.logsIn('ada', OTHER)).toBe(true)
    expect(await driver.user(instance, { name: 'ada', host: '10.%' })).toMatchObject({ host: '10.%' })
    await driver.dropWhom(instance, { name: 'ada', host: '10.%' })
    expect(await driver.user(instance, { name: 'ada' })).toMatchObject({ host: '%' })
    await driver.dropWhom(instance, { name: 'ada' })
  })
}
