import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { doWrapper } from '../../../support/digitalocean/do-wrapper.ts'
import { dotsWrapper } from '../../../support/digitalocean/dots-wrapper.ts'
import type { DoUser, Driver } from '../../../support/digitalocean/driver.ts'
import { mcp } from '../../../support/digitalocean/mcp.ts'
import { type Pydo, pydo } from '../../../support/digitalocean/pydo.ts'
import { logsInToMysql } from '../../../support/mariadb/logins.ts'
import { mariadbServer, mysqlServers } from '../../../support/servers.ts'
import { aGround, aName, type Ground, HTTPS } from './ground.ts'

const INSTALL_MS = 600_000

/** Not among those that other files clear away. */
const aMariadbName = (what: string) => `client_${aName(what)}`

/** The same clients on a cluster of the MySQL family. */
describe.skipIf(mysqlServers().length === 0)('on MariaDB', () => {
  let http: Ground
  let https: Ground
  let python: Pydo
  const drivers: Record<string, readonly [Ground, Driver]> = {}
  beforeAll(async () => {
    http = await aGround({ server: mariadbServer })
    https = await aGround({ server: mariadbServer, flags: HTTPS })
    python = await pydo(https.origin, https.token, HTTPS['--tls-cert'])
    drivers['dots-wrapper'] = [http, await dotsWrapper(http.origin, http.token)]
    drivers['do-wrapper'] = [http, await doWrapper(http.origin, http.token)]
    drivers.godo = [http, await mcp(http.origin, http.token)]
    drivers.pydo = [https, python]
  }, INSTALL_MS)
  afterAll(async () => {
    for (const [, driver] of Object.values(drivers)) await driver[Symbol.asyncDispose]()
    for (const ground of [http, https]) await ground?.running[Symbol.asyncDispose]()
  })

  const heard = (ground: Ground, user: DoUser): DoUser => {
    ground.running.heard(undefined, JSON.stringify(user))
    return user
  }

  test.each(['dots-wrapper', 'do-wrapper', 'godo', 'pydo'])('%s adds, reads, lists and drops a user', async client => {
    const [ground, driver] = drivers[client]!
    const { cluster, server } = ground
    const name = aMariadbName('user')
    expect(await driver.cluster(cluster)).toMatchObject({ engine: 'mysql', connection: { port: server.port } })
    const { password } = heard(ground, await driver.addUser(cluster, name))
    expect(await logsInToMysql(server, name, password!)).toBe(true)
    expect((await driver.user(cluster, name)).name).toBe(name)
    expect((await driver.users(cluster)).filter(one => one.name === name)).toHaveLength(1)
    await driver.dropUser(cluster, name)
    expect(await logsInToMysql(server, name, password!)).toBe(false)
    await expect(driver.user(cluster, name)).rejects.toMatchObject({ status: 404 })
  })

  test('a reset that names the plugin keeps it, and one that names another that is not there is refused', async () => {
    const { cluster, server, running } = https
    const name = aMariadbName('reset')
    const old = heard(https, await python.addUser(cluster, name))
    const named = { mysql_settings: { auth_plugin: 'mysql_native_password' } }
    const { result } = await python.call('reset_auth', cluster, name, named)
    running.heard(undefined, JSON.stringify(result))
    expect(result.user).toMatchObject({ name, ...named })
    expect(await logsInToMysql(server, name, result.user.password)).toBe(true)
    expect(await logsInToMysql(server, name, old.password!)).toBe(false)
    const missing = { mysql_settings: { auth_plugin: 'caching_sha2_password' } }
    expect(await python.call('reset_auth', cluster, name, missing)).toMatchObject({ status: 422 })
    expect(await logsInToMysql(server, name, result.user.password)).toBe(true)
    await python.dropUser(cluster, name)
  })

  test('godo names the plugin when it adds', async () => {
    const { cluster } = http
    const [, driver] = drivers.godo! as readonly [Ground, Awaited<ReturnType<typeof mcp>>]
    const name = aMariadbName('plugin')
    const mysql_auth_plugin = 'mysql_native_password'
    const added = JSON.parse(await driver.call('db-cluster-create-user', { id: cluster, name, mysql_auth_plugin }))
    heard(http, added)
    expect(added.mysql_settings).toEqual({ auth_plugin: mysql_auth_plugin })
    await driver.dropUser(cluster, name)
  })

  test('databases are made and dropped, and modes of SQL are read', async () => {
    const { cluster } = https
    const name = aMariadbName('db')
    expect(await python.addDatabase(cluster, name)).toBe(name)
    expect(await python.databases(cluster)).toContain(name)
    await python.dropDatabase(cluster, name)
    await expect(python.database(cluster, name)).rejects.toMatchObject({ status: 404 })
    expect((await python.call('get_sql_mode', cluster)).result.sql_mode).toMatch(/^[A-Z_]+(,[A-Z_]+)*$/)
    expect(await python.call('list_connection_pools', cluster)).toMatchObject({ status: 422 })
  })
})
