import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logsInToMysql, mysqlClient } from '../../support/mariadb/logins.ts'
import { mariadbServer, mysqlServers, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

/** Logins that are a name and a host are one user a name here. */
describe.skipIf(mysqlServers().length === 0)('a cluster of the MySQL family', () => {
  let ocean: DigitalOcean
  let server: TestServer
  let engine: Connection
  let cluster: string
  let users: string

  beforeAll(async () => {
    server = await mariadbServer()
    engine = await mysqlClient(server)
    await clear()
    ocean = await aDigitalOcean()
    cluster = `/v2/databases/${(await ocean.running.connect(server)).instance}`
    users = `${cluster}/users`
  })
  afterAll(async () => {
    await ocean?.[Symbol.asyncDispose]()
    await clear()
    await engine?.end()
  })

  async function clear(): Promise<void> {
    const [rows] = await engine.query("select User, Host from mysql.user where User like 'do\\_%'")
    for (const { User, Host } of rows as { User: string; Host: string }[])
      await engine.query('drop user ?@?', [User, Host])
    await engine.query('drop database if exists do_my_db')
  }

  let counted = 0
  const add = (name: string, more: object = {}) => ocean.ask('POST', users, { body: { name, ...more } })
  const get = (name: string) => ocean.ask('GET', `${users}/${name}`)
  const reset = (name: string, body?: object) => ocean.ask('POST', `${users}/${name}/reset_auth`, { body })
  const hostsOf = async (name: string) => {
    const [rows] = await engine.query('select Host from mysql.user where User = ? order by Host', [name])
    return (rows as { Host: string }[]).map(({ Host }) => Host)
  }

  test('a user is made on the host that the instance says, and logs in', async () => {
    const { status, body } = await add('do_ada')
    expect([status, body.user]).toMatchObject([
      201,
      { name: 'do_ada', role: 'normal', rolecall: { managed: true, hosts: ['%'] } },
    ])
    expect(await hostsOf('do_ada')).toEqual(['%'])
    expect(await logsInToMysql(server, 'do_ada', body.user.password)).toBe(true)
    expect((await get('do_ada')).body.user).not.toHaveProperty('password')
  })

  test('trap 10: the plugin is told to whoever asked for it, and is left out where it is merely the server’s default', async () => {
    expect((await add('do_default')).body.user).not.toHaveProperty('mysql_settings')
    const mysql_settings = { auth_plugin: 'mysql_native_password' }
    expect((await add('do_native', { mysql_settings })).body.user.mysql_settings).toEqual(mysql_settings)
    expect((await get('do_native')).body.user.mysql_settings).toEqual(mysql_settings)
    expect((await get('do_default')).body.user).not.toHaveProperty('mysql_settings')
    const { status, body } = await reset('do_default', { mysql_settings })
    expect([status, body.user.mysql_settings]).toEqual([200, mysql_settings])
    expect(await logsInToMysql(server, 'do_default', body.user.password)).toBe(true)
  })

  test.each([[{}], [undefined], [{ settings: {} }], [{ mysql_settings: null }]])(
    'trap 16: the cluster says mysql, and a reset with %j gives another password of the same plugin',
    async body => {
      expect((await ocean.ask('GET', cluster)).body.database.engine).toBe('mysql')
      const name = `do_reset_${++counted}`
      const { password } = (await add(name)).body.user
      const again = await reset(name, body)
      expect([again.status, Object.keys(again.body.user)]).toEqual([200, ['name', 'role', 'password', 'rolecall']])
      expect(await logsInToMysql(server, name, again.body.user.password)).toBe(true)
      expect(await logsInToMysql(server, name, password)).toBe(false)
    },
  )

  test('a plugin that the server does not load is 422, and changes nothing', async () => {
    const mysql_settings = { auth_plugin: 'caching_sha2_password' }
    const [rows] = await engine.query(
      "select 1 from information_schema.plugins where plugin_name = 'caching_sha2_password'",
    )
    const isLoaded = (rows as unknown[]).length > 0
    expect((await add('do_sha2', { mysql_settings })).status).toBe(isLoaded ? 201 : 422)
    expect(await hostsOf('do_sha2')).toEqual(isLoaded ? ['%'] : [])
    const { password } = (await add('do_plain')).body.user
    expect((await reset('do_plain', { mysql_settings })).status).toBe(isLoaded ? 200 : 422)
    expect(await logsInToMysql(server, 'do_plain', password)).toBe(!isLoaded)
  })

  test('all accounts of a name are one user: shown once, reset and dropped together', async () => {
    for (const host of ['10.0.0.1', '127.0.0.1', '%'])
      await engine.query('create user ?@? identified by ?', ['do_many', host, 'the old password 1'])
    await engine.query("create user 'do_many_more'@'%' identified by 'the old password 1'")
    const hosts = ['%', '10.0.0.1', '127.0.0.1']
    const { body } = await ocean.ask('GET', users)
    const found = body.users.filter(({ name }: { name: string }) => name === 'do_many')
    expect(found).toEqual([{ name: 'do_many', role: 'normal', rolecall: { managed: false, hosts } }])
    expect(body.meta.total).toBe(body.users.length)
    expect((await get('do_many')).body.user.rolecall.hosts).toEqual(hosts)
    expect((await add('do_many')).body.message).toBe('user name is not available')

    const after = await reset('do_many')
    expect(after.body.user.rolecall.hosts).toEqual(hosts)
    expect(await logsInToMysql(server, 'do_many', after.body.user.password)).toBe(true)
    const [rows] = await engine.query(
      "select distinct authentication_string as kept from mysql.user where User = 'do_many'",
    )
    expect(rows).toHaveLength(1)

    expect((await ocean.ask('DELETE', `${users}/do_many`)).status).toBe(204)
    expect(await hostsOf('do_many')).toEqual([])
    expect(await hostsOf('do_many_more')).toEqual(['%'])
    expect((await ocean.ask('DELETE', `${users}/do_many`)).body.message).toBe('user not found')
  })

  test('the name of an account on another host is taken', async () => {
    await engine.query("create user 'do_far'@'10.0.0.1'")
    expect((await add('do_far')).status).toBe(422)
    expect(await hostsOf('do_far')).toEqual(['10.0.0.1'])
  })

  test.each([{}, { settings: {} }])('PUT %j changes nothing, and is 201', async body => {
    const { password } = (await add(`do_put_${JSON.stringify(body).length}`)).body.user
    const name = `do_put_${JSON.stringify(body).length}`
    const { status, body: answer } = await ocean.ask('PUT', `${users}/${name}`, { body })
    expect([status, answer.user.name, answer.user.settings]).toEqual([201, name, undefined])
    expect(await logsInToMysql(server, name, password)).toBe(true)
    expect((await ocean.ask('PUT', `${users}/nobody`, { body })).status).toBe(404)
  })

  test('what is PostgreSQL’s to say is 422', async () => {
    expect((await add('do_pg', { settings: { pg_allow_replication: true } })).status).toBe(422)
    expect(await hostsOf('do_pg')).toEqual([])
  })

  test('names end at 32 characters', async () => {
    expect((await add('x'.repeat(33))).body.message).toBe('name must have at most 32 characters')
  })

  test('the primary user comes first, and is not dropped', async () => {
    const { body } = await ocean.ask('GET', users)
    expect(body.users[0]).toMatchObject({ name: server.username, role: 'primary' })
    expect((await ocean.ask('DELETE', `${users}/${server.username}`)).status).toBe(422)
  })

  test('tokens with one scope make, reset and drop all the same', async () => {
    const key = await ocean.aToken('editor', ['database:create'])
    expect((await ocean.ask('POST', users, { body: { name: 'do_scope' }, key })).status).toBe(201)
    const updater = await ocean.aToken('editor', ['database:update'])
    expect((await ocean.ask('POST', `${users}/do_scope/reset_auth`, { key: updater })).status).toBe(200)
    const deleter = await ocean.aToken('editor', ['database:delete'])
    expect((await ocean.ask('DELETE', `${users}/do_scope`, { key: deleter })).status).toBe(204)
  })

  test('databases are made, shown and dropped; those of the server itself are not there', async () => {
    const dbs = `${cluster}/dbs`
    expect((await ocean.ask('POST', dbs, { body: { name: 'do_my_db' } })).status).toBe(201)
    expect((await ocean.ask('POST', dbs, { body: { name: 'do_my_db' } })).body.message).toBe(
      'database name is not available',
    )
    expect((await ocean.ask('GET', `${dbs}/do_my_db`)).body).toEqual({ db: { name: 'do_my_db' } })
    const { body } = await ocean.ask('GET', dbs)
    const names = body.dbs.map(({ name }: { name: string }) => name)
    expect(names).toContain('do_my_db')
    for (const system of ['mysql', 'sys', 'information_schema', 'performance_schema']) {
      expect(names).not.toContain(system)
      expect((await ocean.ask('DELETE', `${dbs}/${system}`)).status).toBeGreaterThanOrEqual(404)
      expect((await ocean.ask('POST', dbs, { body: { name: system } })).status).toBe(422)
    }
    expect((await ocean.ask('DELETE', `${dbs}/do_my_db`)).status).toBe(204)
  })
})
