import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { logsInToMysql, mysqlClient } from '../support/mariadb/logins.ts'
import { mysqlServers, type TestServer } from '../support/servers.ts'

const NAME = 'acc_app'
const passwordOf = (host: string) => `the password of ${NAME} at ${host}`

if (mysqlServers().length === 0) test.skip('the MySQL family is left out: ENGINES says so')

describe.each(mysqlServers())('logins of one name and several hosts on $name', ({ start }) => {
  let server: TestServer
  let engine: Connection
  let rolecall: RunningApp
  let instance: string
  let connection: string

  beforeAll(async () => {
    server = await start()
    engine = await mysqlClient(server)
    await clear()
    rolecall = await aRunningApp()
    instance = (await rolecall.connect(server, { name: 'manages' })).instance
    for (const host of ['%', 'elsewhere.test']) await make(host, passwordOf(host))
    const second = { name: 'app', username: NAME, password: passwordOf('%'), database: '' }
    connection = (await rolecall.connect(server, second)).connection
    await rolecall.native('GET', `/instances/${instance}/users?limit=1`)
  })

  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    await clear()
    await engine?.end()
  })

  async function clear(): Promise<void> {
    for (const host of ['%', 'elsewhere.test', '127.0.0.1'])
      await engine.query(`drop user if exists '${NAME}'@'${host}'`)
  }

  /** By Rolecall, since a statement of ours would leave the password in the server's log. */
  const make = (host: string, password: string) =>
    rolecall.native('POST', `/instances/${instance}/users`, { body: { name: NAME, host, password } })
  const user = (host: string, verb = '') =>
    `/instances/${instance}/users/${NAME}${verb}?host=${encodeURIComponent(host)}`
  const reset = (host: string, password: string) =>
    rolecall.native('POST', user(host, '/reset'), { body: { password } })
  const works = async () => (await rolecall.native('POST', `/connections/${connection}/test`)).body.outcome

  test('a new password of one is none of the connection that logs in as another', async () => {
    expect((await reset('elsewhere.test', 'a new password elsewhere')).status).toBe(200)
    expect(await works()).toBe('SUCCESS')
  })

  test('one that no connection logs in as may go, and the one that a connection logs in as may not', async () => {
    expect((await rolecall.native('POST', user('elsewhere.test', '/lock'))).status).toBe(200)
    expect((await rolecall.native('POST', user('%', '/lock'))).body.type).toBe('urn:rolecall:fault:in-use')
    expect((await rolecall.native('DELETE', user('%'))).body.type).toBe('urn:rolecall:fault:in-use')
  })

  test('a new password of the one that the connection logs in as is kept for it', async () => {
    expect((await reset('%', 'a new password everywhere')).status).toBe(200)
    expect(await logsInToMysql(server, NAME, 'a new password everywhere')).toBe(true)
    expect(await works()).toBe('SUCCESS')
    const { items } = (await rolecall.native('GET', `/projects/${rolecall.project}/operations`)).body
    const [operation] = items as { id: string }[]
    const kept = await rolecall.app.store.read.operations.find(operation!.id)
    // It is not the one that manages: recovery has nothing to try it with.
    expect(kept?.targets[0]?.record).toMatchObject({ connections: [connection], ownLogin: false })
  })

  test('whoever fits better from then on is the one that counts', async () => {
    await make('127.0.0.1', 'a new password everywhere')
    expect((await reset('%', 'nobody uses this any more')).status).toBe(200)
    expect(await works()).toBe('SUCCESS')
    expect((await rolecall.native('DELETE', user('127.0.0.1'))).body.type).toBe('urn:rolecall:fault:in-use')
  })

  test('while the connection is not let in, who it was when it last was is protected', async () => {
    await engine.query(`alter user '${NAME}'@'127.0.0.1' identified by 'changed behind its back'`)
    expect((await rolecall.native('DELETE', user('127.0.0.1'))).body.type).toBe('urn:rolecall:fault:in-use')
    expect((await reset('127.0.0.1', 'and set right here')).status).toBe(200)
    expect(await works()).toBe('SUCCESS')
  })
})
