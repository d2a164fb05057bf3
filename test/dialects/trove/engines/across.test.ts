import mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../../../support/app.ts'
import { logsIn } from '../../../support/logins.ts'
import { mysqlClient } from '../../../support/mariadb/logins.ts'
import { mysqlServers, postgresqlMajors, postgresqlServer, type TestServer } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const SERVERS = [
  ...mysqlServers().map(({ start }) => ({ kind: 'MariaDB', start })),
  ...postgresqlMajors()
    .slice(-1)
    .map(major => ({ kind: 'PostgreSQL', start: () => postgresqlServer(major) })),
]

let counted = 0
const aName = (what: string): string => `trove_${what}_${process.pid}_${++counted}`
const PASSWORD = 'first-across-dialects'

// One server, three APIs: what one of them does, the others see at once, since nobody keeps a copy.
describe.each(SERVERS)('on $kind', ({ kind, start }) => {
  let trove: Trove
  let server: TestServer
  let at: string
  let id: string
  const hosts = kind === 'MariaDB'
  const native = (method: Verb, path: string, body?: object): Promise<Answer> =>
    trove.running.native(method, `/instances/${id}${path}`, { body })
  const cluster = (method: Verb, path: string, body?: object): Promise<Answer> =>
    trove.running.ask(method, `/v2/databases/${id}${path}`, { body })
  const nativeUser = (name: string, rest = '') => `/users/${name}${rest}${hosts ? '?host=%25' : ''}`
  const make = (name: string, databases: readonly { readonly name: string }[] = []) =>
    trove.api('POST', `${at}/users`, { body: { users: [{ name, password: PASSWORD, databases }] } })
  const statusOf = async (asked: Promise<Answer>) => (await asked).status

  beforeAll(async () => {
    server = await start()
    trove = await aTrove()
    at = await trove.manage(server, { instanceName: 'main' })
    id = at.split('/').at(-1)!
    await trove.api('GET', at)
  }, 300_000)
  afterAll(() => trove?.[Symbol.asyncDispose]())

  test('a user made here is read by DigitalOcean’s API and natively, and logs in', async () => {
    const name = aName('here')
    expect(await statusOf(make(name))).toBe(202)
    expect(await logsIn(server, name, PASSWORD)).toBe(true)
    expect((await cluster('GET', `/users/${name}`)).body.user).toMatchObject({ name, role: 'normal' })
    expect((await native('GET', nativeUser(name))).body).toMatchObject({ name, ...(hosts && { host: '%' }) })
    const reset = (await cluster('POST', `/users/${name}/reset_auth`, {})).body.user.password
    expect([await logsIn(server, name, reset), await logsIn(server, name, PASSWORD)]).toEqual([true, false])
    expect(await statusOf(native('DELETE', nativeUser(name)))).toBe(200)
    expect(await statusOf(trove.api('GET', `${at}/users/${name}`))).toBe(404)
  })

  test.each(['DigitalOcean’s API', 'the native API'])(
    'a user made by %s is read here, gets a password, and is dropped',
    async by => {
      const name = aName('there')
      const made = by.startsWith('the')
        ? (await native('POST', '/users', { name })).body
        : (await cluster('POST', '/users', { name })).body.user
      expect((await trove.api('GET', `${at}/users/${name}`)).body).toEqual({ user: { name, host: '%', databases: [] } })
      const body = { users: [{ name, password: PASSWORD }] }
      expect(await statusOf(trove.api('PUT', `${at}/users`, { body }))).toBe(202)
      expect([await logsIn(server, name, PASSWORD), await logsIn(server, name, made.password)]).toEqual([true, false])
      expect(await statusOf(trove.api('DELETE', `${at}/users/${name}`))).toBe(202)
      expect(await statusOf(cluster('GET', `/users/${name}`))).toBe(404)
      expect(await statusOf(native('GET', nativeUser(name)))).toBe(404)
    },
  )

  test('a name and what may be used go along when a user is renamed here', async () => {
    const [name, other, database] = [aName('named'), aName('renamed'), aName('db')]
    await native('POST', '/databases', { name: database })
    await make(name, [{ name: database }])
    await trove.api('PUT', `${at}/users/${name}`, { body: { user: { name: other } } })
    expect(await statusOf(cluster('GET', `/users/${name}`))).toBe(404)
    const { body } = await native('GET', nativeUser(other))
    expect(body.grants).toContainEqual(expect.objectContaining({ role: 'owner', database }))
    expect(await logsIn(server, other, PASSWORD)).toBe(true)
    await trove.api('DELETE', `${at}/users/${other}`)
    expect(await statusOf(cluster('DELETE', `/dbs/${database}`))).toBe(204)
    expect((await trove.api('GET', `${at}/databases?marker=${database.slice(0, -1)}`)).text).not.toContain(database)
  })

  test('one that is locked natively is listed here, and one dropped behind every back is not', async () => {
    const name = aName('locked')
    await make(name)
    expect(await statusOf(native('POST', nativeUser(name, '/lock')))).toBe(200)
    expect(await logsIn(server, name, PASSWORD)).toBe(false)
    const listed = await trove.api('GET', `${at}/users?marker=${name.slice(0, -1)}`)
    expect(listed.text).toContain(`"${name}"`)
    expect(await statusOf(trove.api('DELETE', `${at}/users/${name}`))).toBe(202)
    expect(await statusOf(cluster('GET', `/users/${name}`))).toBe(404)
  })

  test('who asked for it, and in whose words, is in the one list of operations', async () => {
    const name = aName('listed')
    await make(name)
    await trove.api('DELETE', `${at}/users/${name}`)
    const { body } = await trove.running.native('GET', `/projects/${trove.running.project}/operations?limit=2`)
    expect(body.items).toMatchObject([
      { dialect: 'trove', state: 'settled', targets: [{ subject: expect.stringContaining(name) }] },
      { dialect: 'trove', state: 'settled', targets: [{ subject: expect.stringContaining(name) }] },
    ])
  })

  test('a release here hides it here alone', async () => {
    expect(await statusOf(trove.api('DELETE', at))).toBe(202)
    expect(await statusOf(trove.api('GET', `${at}/users`))).toBe(404)
    expect(await statusOf(cluster('GET', '/users'))).toBe(200)
    expect(await statusOf(native('GET', '/users'))).toBe(200)
    const again = await trove.api('POST', '/instances', { body: { instance: { name: 'main', flavorRef: '1' } } })
    expect([again.status, again.body.instance.id]).toEqual([200, id])
  })

  test.runIf(hosts)('a user from one address, made behind every back, is one user here and one natively', async () => {
    const name = aName('hosted')
    const client = await mysqlClient(server)
    await client.query(`create user ${name}@'127.0.0.1'`)
    expect((await trove.api('GET', `${at}/users/${name}@127.0.0.1`)).body.user).toMatchObject({
      name,
      host: '127.0.0.1',
    })
    const body = { users: [{ name, host: '127.0.0.1', password: PASSWORD }] }
    expect(await statusOf(trove.api('PUT', `${at}/users`, { body }))).toBe(202)
    const { host, port } = server
    const own = await mysql.createConnection({ host, port, user: name, password: PASSWORD })
    const [[row]] = (await own.query('select current_user() as me')) as unknown as [[{ me: string }]]
    expect(row.me).toBe(`${name}@127.0.0.1`)
    await own.end()
    expect(await statusOf(native('GET', `/users/${name}?host=127.0.0.1`))).toBe(200)
    await client.query(`drop user ${name}@'127.0.0.1'`)
    await client.end()
    expect(await statusOf(trove.api('GET', `${at}/users/${name}@127.0.0.1`))).toBe(404)
  })
})
