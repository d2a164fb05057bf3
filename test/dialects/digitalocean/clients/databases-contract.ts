import { describe, expect, test } from 'vitest'
import type { HasDatabases } from '../../../support/digitalocean/driver.ts'
import { logsIn } from '../../../support/logins.ts'
import { aName, type Held, sqlOn } from './ground.ts'

const MISSING = expect.objectContaining({ status: 404, message: 'database not found' })
const REFUSED = expect.objectContaining({ status: 422 })

/** What a client with words for databases does with them. */
export function databasesContract(held: Held<HasDatabases>): void {
  describe('databases', () => {
    test('one is added, can be logged in to, is read, listed and dropped', async () => {
      const { driver, cluster, server } = held
      const name = aName('db')
      expect(await driver.addDatabase(cluster, name)).toBe(name)
      expect(await logsIn(server, server.username, server.password, name)).toBe(true)
      expect(await driver.database(cluster, name)).toBe(name)
      expect(await driver.databases(cluster)).toContain(name)

      await driver.dropDatabase(cluster, name)
      expect(await sqlOn(server, 'select from pg_database where datname = $1', [name])).toEqual([])
      await expect(driver.database(cluster, name)).rejects.toEqual(MISSING)
      await expect(driver.dropDatabase(cluster, name)).rejects.toEqual(MISSING)
    })

    test('a taken name is refused', async () => {
      const { driver, cluster } = held
      const name = aName('db_taken')
      await driver.addDatabase(cluster, name)
      const taken = expect.objectContaining({ status: 422, message: 'database name is not available' })
      await expect(driver.addDatabase(cluster, name)).rejects.toEqual(taken)
      await driver.dropDatabase(cluster, name)
    })

    test('the default database stays, and templates are not listed', async () => {
      const { driver, cluster, server } = held
      await expect(driver.dropDatabase(cluster, server.database)).rejects.toEqual(REFUSED)
      const names = await driver.databases(cluster)
      expect(names).toContain(server.database)
      expect(names.filter(name => name.startsWith('template'))).toEqual([])
    })

    test.each(['.', '..', 'a/b', 'x#y', 'x?y', 'a%b', ' a'])('trap 2: the name %j is given to nobody', async name => {
      const { driver, cluster, server } = held
      await expect(driver.addDatabase(cluster, name)).rejects.toEqual(REFUSED)
      expect(await sqlOn(server, 'select from pg_database where datname = $1', [name])).toEqual([])
    })

    test('trap 1: dropping a database ".." drops no cluster', async () => {
      const { driver, cluster, traffic } = held
      traffic.length = 0
      await expect(driver.dropDatabase(cluster, '..')).rejects.toMatchObject({ status: 404 })
      expect(traffic.map(({ method, status }) => [method, status])).toEqual([['DELETE', 404]])
      expect((await driver.cluster(cluster)).id).toBe(cluster)
    })
  })
}
