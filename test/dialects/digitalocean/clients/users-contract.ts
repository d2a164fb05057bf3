import { describe, expect, test } from 'vitest'
import { type Driver, Refusal, type ResetsUsers } from '../../../support/digitalocean/driver.ts'
import { logsIn } from '../../../support/logins.ts'
import { aName, aTokenFor, type Held, sqlOn } from './ground.ts'

const MISSING = expect.objectContaining({ status: 404, message: 'user not found' })
const REFUSED = expect.objectContaining({ status: 422 })

/** What every client does with users. */
export function usersContract(held: Held<Driver>): void {
  describe('users', () => {
    test('one is added with a password that logs in, is read, listed and dropped', async () => {
      const { driver, cluster, server } = held
      const name = aName('whole')
      const added = await addUser(held, name)
      expect(added).toMatchObject({ name, role: 'normal', password: expect.stringMatching(/^[A-Za-z0-9]{20,}$/) })
      expect(await logsIn(server, name, added.password!)).toBe(true)

      const read = await driver.user(cluster, name)
      expect([read.name, read.role, read.password ?? '']).toEqual([name, 'normal', ''])
      expect((await driver.users(cluster)).map(one => one.name)).toContain(name)

      await driver.dropUser(cluster, name)
      expect(await logsIn(server, name, added.password!)).toBe(false)
      await expect(driver.user(cluster, name)).rejects.toEqual(MISSING)
      await expect(driver.dropUser(cluster, name)).rejects.toEqual(MISSING)
    })

    test('the login that manages the server comes first, is primary, and stays', async () => {
      const { driver, cluster, server } = held
      const [first] = await driver.users(cluster)
      expect(first).toMatchObject({ name: server.username, role: 'primary' })
      await expect(driver.dropUser(cluster, server.username)).rejects.toEqual(REFUSED)
      expect(await logsIn(server, server.username, server.password)).toBe(true)
    })

    test('a taken name is refused, and its password stays', async () => {
      const { driver, cluster, server } = held
      const name = aName('taken')
      const { password } = await addUser(held, name)
      await expect(driver.addUser(cluster, name)).rejects.toEqual(REFUSED)
      expect(await logsIn(server, name, password!)).toBe(true)
      await driver.dropUser(cluster, name)
    })

    test('eight at once all get theirs', async () => {
      const { driver, cluster, server } = held
      const names = Array.from({ length: 8 }, () => aName('at_once'))
      const added = await Promise.all(names.map(name => addUser(held, name)))
      for (const { name, password } of added) expect(await logsIn(server, name, password!)).toBe(true)
      await Promise.all(names.map(name => driver.dropUser(cluster, name)))
    })

    test('one that somebody made on the server itself is there at once, and so is its end', async () => {
      const { driver, cluster, server } = held
      const name = aName('outside')
      await sqlOn(server, `create role ${name} login password 'an-outsider'`)
      expect(await driver.user(cluster, name)).toMatchObject({ name, role: 'normal' })
      await sqlOn(server, `drop role ${name}`)
      await expect(driver.user(cluster, name)).rejects.toEqual(MISSING)
    })

    test('trap 5: all of 450 are seen', async () => {
      const { driver, cluster, server } = held
      const prefix = aName('many')
      const each = (what: string) => `do $$ begin for n in 1..450 loop execute ${what}; end loop; end $$`
      await sqlOn(server, each(`format('create role %I login', '${prefix}_' || n)`))
      const seen = (await driver.users(cluster)).filter(({ name }) => name.startsWith(`${prefix}_`))
      await sqlOn(server, each(`format('drop role %I', '${prefix}_' || n)`))
      expect(new Set(seen.map(({ name }) => name)).size).toBe(450)
    })

    test.each(['.', '..', 'a/b', 'x#y', 'x?y', 'a%b', 'a\\b', ' a', 'a ', 'a\tb', 'pg_own', 'a'.repeat(64)])(
      'trap 2: the name %j, which no address could carry or no server take, is given to nobody',
      async name => {
        const { driver, cluster, server } = held
        await expect(driver.addUser(cluster, name)).rejects.toEqual(REFUSED)
        expect(await sqlOn(server, 'select from pg_roles where rolname in ($1, $2)', [name, name.trim()])).toEqual([])
      },
    )

    test('a user without a name is made by nobody', async () => {
      const { driver, cluster, traffic } = held
      traffic.length = 0
      await expect(driver.addUser(cluster, '')).rejects.toBeInstanceOf(Refusal)
      // Some clients stop it themselves.
      expect(traffic.filter(({ status }) => status !== 422)).toEqual([])
    })

    test.each(['..', '../', '.', ''])('trap 1: dropping a user %j drops no cluster', async name => {
      const { driver, cluster, server, traffic } = held
      traffic.length = 0
      await expect(driver.dropUser(cluster, name)).rejects.toBeInstanceOf(Refusal)
      // Some stop the empty name themselves.
      expect(traffic.filter(({ status }) => status !== 404)).toEqual([])
      expect((await driver.cluster(cluster)).id).toBe(cluster)
      expect(await logsIn(server, server.username, server.password)).toBe(true)
    })

    test('a token that is none, or may not do it, is refused once, and nothing is done', async () => {
      const { cluster, server, traffic } = held
      const name = aName('refused')
      await using stranger = await held.open('dop_v1_0000')
      await using reader = await held.open(await aTokenFor(held, 'database:read'))
      traffic.length = 0
      await expect(stranger.addUser(cluster, name)).rejects.toMatchObject({ status: 401, message: 'Unauthorized' })
      await expect(reader.addUser(cluster, name)).rejects.toMatchObject({ status: 403 })
      expect(traffic.map(({ status, retryAfter }) => [status, retryAfter])).toEqual([
        [401, undefined],
        [403, undefined],
      ])
      expect((await reader.users(cluster)).map(one => one.name)).toContain(server.username)
      expect(await sqlOn(server, 'select from pg_roles where rolname = $1', [name])).toEqual([])
    })

    test('passwords are read back where the policy keeps them, by tokens that may see them', async () => {
      const { driver, cluster, running } = held
      const setRecall = (passwordRecall: string) =>
        running.native('PATCH', `/instances/${cluster}`, { body: { policy: { passwordRecall } } })
      await setRecall('stored')
      const name = aName('kept')
      const { password } = await addUser(held, name)
      expect((await driver.user(cluster, name)).password).toBe(password)
      expect((await driver.users(cluster)).find(one => one.name === name)?.password).toBe(password)
      await using reader = await held.open(await aTokenFor(held, 'database:read'))
      expect((await reader.user(cluster, name)).password ?? '').toBe('')
      await driver.dropUser(cluster, name)
      await setRecall('never')
    })

    test('a cluster that is not there is told as such', async () => {
      const { driver } = held
      const nobody = '00000000-0000-4000-8000-000000000000'
      const missing = expect.objectContaining({ status: 404, message: 'cluster not found' })
      await expect(driver.users(nobody)).rejects.toEqual(missing)
      await expect(driver.user(nobody, 'a')).rejects.toEqual(missing)
      await expect(driver.addUser(nobody, 'a')).rejects.toEqual(missing)
      await expect(driver.dropUser(nobody, 'a')).rejects.toEqual(missing)
    })
  })
}

/** What every client does with the one way to another password that it has. */
export function resetContract(held: Held<ResetsUsers>): void {
  test('trap 8: a reset gives another password; the old one is refused from then on', async () => {
    const { driver, cluster, server, running } = held
    const name = aName('reset')
    const old = await addUser(held, name)
    const reset = await driver.resetUser(cluster, name)
    running.heard(undefined, JSON.stringify(reset))
    expect(reset).toMatchObject({ name, role: 'normal', password: expect.stringMatching(/^[A-Za-z0-9]{20,}$/) })
    expect(await logsIn(server, name, reset.password!)).toBe(true)
    expect(await logsIn(server, name, old.password!)).toBe(false)
    await driver.dropUser(cluster, name)
    await expect(driver.resetUser(cluster, name)).rejects.toEqual(MISSING)
  })
}

/** Its password may stand in no file of Rolecall's, and in no log of the server's. */
export async function addUser({ driver, cluster, running }: Held<Driver>, name: string) {
  const added = await driver.addUser(cluster, name)
  running.heard(undefined, JSON.stringify(added))
  return added
}
