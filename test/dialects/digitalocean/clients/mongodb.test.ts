import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { doWrapper } from '../../../support/digitalocean/do-wrapper.ts'
import { type Dots, dotsWrapper } from '../../../support/digitalocean/dots-wrapper.ts'
import type { DoUser, Driver } from '../../../support/digitalocean/driver.ts'
import { mcp } from '../../../support/digitalocean/mcp.ts'
import { type Pydo, pydo } from '../../../support/digitalocean/pydo.ts'
import { logsInToMongodb } from '../../../support/mongodb/logins.ts'
import { mongodbServers } from '../../../support/servers.ts'
import { aGround, aName, type Ground, HTTPS } from './ground.ts'

const INSTALL_MS = 600_000

/** Not among those that other files clear away. */
const aMongodbName = (what: string) => `client_${aName(what)}`

/** The same clients on a cluster of MongoDB. */
describe.skipIf(mongodbServers().length === 0)('on MongoDB', () => {
  const { start } = mongodbServers()[0] ?? {}
  let http: Ground
  let https: Ground
  let python: Pydo
  let dots: Dots
  const drivers: Record<string, readonly [Ground, Driver]> = {}
  beforeAll(async () => {
    http = await aGround({ server: start! })
    https = await aGround({ server: start!, flags: HTTPS })
    python = await pydo(https.origin, https.token, HTTPS['--tls-cert'])
    dots = await dotsWrapper(http.origin, http.token)
    drivers['dots-wrapper'] = [http, dots]
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
  const on = (role: string, ...databases: readonly string[]) => ({ mongo_user_settings: { databases, role } })

  test.each(['dots-wrapper', 'do-wrapper', 'godo', 'pydo'])('%s adds, reads, lists and drops a user', async client => {
    const [ground, driver] = drivers[client]!
    const { cluster, server } = ground
    const name = aMongodbName('user')
    expect(await driver.cluster(cluster)).toMatchObject({ engine: 'mongodb', connection: { port: server.port } })
    const { password } = heard(ground, await driver.addUser(cluster, name))
    expect(await logsInToMongodb(server, name, password!)).toBe(true)
    expect((await driver.user(cluster, name)).name).toBe(name)
    expect((await driver.users(cluster)).filter(one => one.name === name)).toHaveLength(1)
    await driver.dropUser(cluster, name)
    expect(await logsInToMongodb(server, name, password!)).toBe(false)
    await expect(driver.user(cluster, name)).rejects.toMatchObject({ status: 404 })
  })

  test('dots-wrapper adds a user with a role on databases', async () => {
    const { cluster } = http
    const name = aMongodbName('roles')
    const settings = on('readOnly', 'shop')
    const of = { database_cluster_id: cluster, user_name: name }
    const { status, data } = await dots.calls.createDatabaseClusterUser({ ...of, settings })
    heard(http, data.user)
    expect([status, data.user.settings]).toEqual([201, settings])
    expect((await dots.user(cluster, name)).settings).toEqual(settings)
    await dots.dropUser(cluster, name)
  })

  test('pydo adds a user with a role, gives it another, and resets its password', async () => {
    const { cluster, server } = https
    const name = aMongodbName('changed')
    const { result } = await python.call('add_user', cluster, { name, settings: on('readOnly', 'shop') })
    const { password: old } = heard(https, result.user)
    expect(result.user.settings).toEqual(on('readOnly', 'shop'))
    expect(await python.changeUser(cluster, name, on('readWrite', 'admin'))).toMatchObject({
      settings: on('readWrite', 'admin'),
    })
    expect(await logsInToMongodb(server, name, old!)).toBe(true)
    const { password } = heard(https, await python.resetUser(cluster, name))
    expect(await logsInToMongodb(server, name, password!)).toBe(true)
    expect(await logsInToMongodb(server, name, old!)).toBe(false)
    await python.dropUser(cluster, name)
  })

  test('pydo adds a user that reads everything', async () => {
    const { cluster } = https
    const name = aMongodbName('readonly')
    const { result } = await python.call('add_user', cluster, { name, readonly: true })
    heard(https, result.user)
    expect((await python.user(cluster, name)).settings).toEqual(on('readOnly', 'admin'))
    await python.dropUser(cluster, name)
  })

  test('databases are made and dropped; what other engines have is refused', async () => {
    const { cluster } = https
    const name = aMongodbName('db')
    expect(await python.addDatabase(cluster, name)).toBe(name)
    expect(await python.databases(cluster)).toContain(name)
    await python.dropDatabase(cluster, name)
    await expect(python.database(cluster, name)).rejects.toMatchObject({ status: 404 })
    for (const call of ['get_sql_mode', 'list_connection_pools', 'get_eviction_policy'])
      expect(await python.call(call, cluster), call).toMatchObject({ status: 422 })
  })
})
