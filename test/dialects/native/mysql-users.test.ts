import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { logsInToMysql, mysqlClient } from '../../support/mariadb/logins.ts'
import { mariadbServer, mysqlServers, type TestServer } from '../../support/servers.ts'

/** The native API over logins that are a name and a host. */
describe.skipIf(mysqlServers().length === 0)('users of the MySQL family', () => {
  let server: TestServer
  let engine: Connection
  let rolecall: RunningApp
  let instance: string
  let users: string

  const DATABASES = ['nat_my_orders', 'nat_my%billing']

  beforeAll(async () => {
    server = await mariadbServer()
    engine = await mysqlClient(server)
    await clear()
    for (const name of DATABASES) await engine.query(`create database \`${name}\``)
    rolecall = await aRunningApp()
    instance = (await rolecall.connect(server, { name: 'native mysql' })).instance
    users = `/instances/${instance}/users`
  })

  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    await clear()
    await engine?.end()
  })

  async function clear(): Promise<void> {
    for (const name of DATABASES) await engine.query(`drop database if exists \`${name}\``)
    const [rows] = await engine.query("select User, Host from mysql.user where User like 'nat\\_%'")
    for (const { User, Host } of rows as { User: string; Host: string }[])
      await engine.query('drop user ?@?', [User, Host])
  }

  const make = (name: string, more: object = {}) => rolecall.native('POST', users, { body: { name, ...more } })
  const hashOf = async (name: string, host = '%') => {
    const [rows] = await engine.query(
      'select authentication_string as kept from mysql.user where User = ? and Host = ?',
      [name, host],
    )
    return (rows as { kept: string }[])[0]?.kept
  }

  test('without a host are from anywhere, and log in with the password that is answered once', async () => {
    const made = await make('nat_ada')
    expect(made.status, made.text).toBe(201)
    expect(made.body).toMatchObject({
      name: 'nat_ada',
      host: '%',
      state: 'active',
      settings: { authPlugin: 'mysql_native_password' },
    })
    expect(await logsInToMysql(server, 'nat_ada', made.body.password)).toBe(true)
    expect(made.body.connectionStrings.uri).toContain('mysql://nat_ada:')
    const read = await rolecall.native('GET', `${users}/nat_ada`)
    expect(read.body).toMatchObject({ name: 'nat_ada', host: '%', madeBy: { operation: made.body.operation } })
  })

  test('of one name and two hosts are two: what happens to one leaves the other as it is', async () => {
    await make('nat_two', { password: 'of-the-one-anywhere' })
    await make('nat_two', { host: '10.1.%', password: 'of-the-other-inside' })
    expect((await make('nat_two', { host: '10.1.%' })).body.type).toBe('urn:rolecall:fault:exists')
    const before = await hashOf('nat_two')
    const reset = await rolecall.native('POST', `${users}/nat_two/reset?host=10.1.%25`)
    expect(reset.status, reset.text).toBe(200)
    expect(await hashOf('nat_two')).toBe(before)
    const dropped = await rolecall.native('DELETE', `${users}/nat_two?host=10.1.%25`)
    expect(dropped.status).toBe(200)
    expect((await rolecall.native('GET', `${users}/nat_two?host=10.1.%25`)).status).toBe(404)
    expect((await rolecall.native('GET', `${users}/nat_two`)).body.host).toBe('%')
  })

  test('take the host that the instance has for them', async () => {
    await rolecall.native('PATCH', `/instances/${instance}`, { body: { accountHost: '192.168.%' } })
    const made = await make('nat_inside')
    expect(made.body).toMatchObject({ name: 'nat_inside', host: '192.168.%' })
    expect((await rolecall.native('GET', `${users}/nat_inside`)).body.host).toBe('192.168.%')
    await rolecall.native('PATCH', `/instances/${instance}`, { body: { accountHost: null } })
  })

  test('have grants on databases whose names have _ and % in them, and on no others', async () => {
    await engine.query('create database `nat_myXorders`')
    const grants = DATABASES.map(database => ({ role: 'read', database }))
    const made = await make('nat_granted', { grants })
    expect(made.status, made.text).toBe(201)
    expect(made.body.grants).toMatchObject(grants.toSorted((a, b) => (a.database < b.database ? -1 : 1)))
    const [rows] = await engine.query("select Db from mysql.db where User = 'nat_granted' order by Db")
    expect((rows as { Db: string }[]).map(({ Db }) => Db)).toEqual(['nat\\_my\\%billing', 'nat\\_my\\_orders'])
    await engine.query('drop database `nat_myXorders`')
  })

  test('are locked and let in again, and every change is told in words', async () => {
    const { body } = await make('nat_locked')
    const locked = await rolecall.native('POST', `${users}/nat_locked/lock`)
    expect(locked.body.state).toBe('locked')
    expect(await logsInToMysql(server, 'nat_locked', body.password)).toBe(false)
    const { body: plan } = await rolecall.native('POST', `${users}/nat_locked/unlock?dryRun=true`)
    expect(JSON.stringify(plan)).toContain("alter user 'nat_locked'@'%' account unlock")
    expect((await rolecall.native('POST', `${users}/nat_locked/unlock`)).body.state).toBe('active')
    expect(await logsInToMysql(server, 'nat_locked', body.password)).toBe(true)
  })

  test('that a connection logs in as are protected, under the host that the server knows it by', async () => {
    const refused = await rolecall.native('POST', `${users}/${server.username}/lock`)
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:rolecall:fault:in-use'])
    await make(server.username, { host: '10.9.9.9' })
    const dropped = await rolecall.native('DELETE', `${users}/${server.username}?host=10.9.9.9`)
    expect(dropped.status, dropped.text).toBe(200)
  })

  test('ask for a way of checking passwords that the server does not load, and are refused', async () => {
    const refused = await make('nat_modern', { settings: { authPlugin: 'caching_sha2_password' } })
    expect([refused.status, refused.body.type]).toEqual([422, 'urn:rolecall:fault:unsupported'])
    expect(await hashOf('nat_modern')).toBeUndefined()
  })

  test('are listed by name and host, in pages', async () => {
    for (const name of ['nat_list_b', 'nat_list_a']) await make(name)
    await make('nat_list_a', { host: '10.%' })
    const names: string[] = []
    let next: string | undefined = `${users}?limit=2&q=nat_LIST`
    while (next !== undefined) {
      const page = await rolecall.native('GET', next)
      expect(page.status, page.text).toBe(200)
      names.push(...page.body.items.map((user: { name: string; host: string }) => `${user.name}@${user.host}`))
      next = page.body.next?.replace('/rolecall/v1', '')
    }
    expect(names).toEqual(['nat_list_a@%', 'nat_list_a@10.%', 'nat_list_b@%'])
  })

  test('show what they may do, and who is in', async () => {
    const made = await make('nat_moving', { grants: [{ role: 'read', database: DATABASES[0] }] })
    expect(made.status, made.text).toBe(201)
    expect((await rolecall.native('GET', `${users}/nat_moving/grants`)).body).toEqual({
      items: [{ role: 'read', database: DATABASES[0], by: 'catalogue' }],
      unreadable: [],
    })
    expect((await rolecall.native('GET', `${users}/nat_moving/sessions`)).body.items).toEqual([])
  })

  test('have databases that are made, listed, shown and dropped, and no owners', async () => {
    const databases = `/instances/${instance}/databases`
    const made = await rolecall.native('POST', databases, { body: { name: 'nat_shop' } })
    expect(made.status, made.text).toBe(201)
    expect((await rolecall.native('GET', `${databases}?q=nat_shop`)).body.items).toMatchObject([{ name: 'nat_shop' }])
    expect((await rolecall.native('GET', `${databases}/nat_shop`)).body).toMatchObject({
      name: 'nat_shop',
      encoding: 'utf8mb4',
    })
    const owned = await rolecall.native('POST', databases, { body: { name: 'nat_owned', owner: 'nat_ada' } })
    expect([owned.status, owned.body.type]).toEqual([422, 'urn:rolecall:fault:unsupported'])
    expect((await rolecall.native('DELETE', `${databases}/nat_shop`)).status).toBe(200)
    expect((await rolecall.native('GET', `${databases}/nat_shop`)).status).toBe(404)
  })

  test('are on an instance that says which variant and version it is, and what it can do', async () => {
    const roles = (await rolecall.native('GET', `/instances/${instance}/roles`)).body.items
    expect(roles.map((role: { name: string }) => role.name)).toEqual(
      expect.arrayContaining(['read', 'readwrite', 'owner']),
    )
    const { body } = await rolecall.native('GET', `/instances/${instance}`)
    expect(body).toMatchObject({ engine: 'mysql', variant: 'mariadb', serverVersion: expect.stringMatching(/^1\d\./) })
  })
})
