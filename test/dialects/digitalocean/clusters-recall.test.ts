import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysqlClient } from '../../support/mariadb/logins.ts'
import { mysqlServers } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

const NAME = `recalled_${process.pid}`

describe.each(mysqlServers())("a cluster's password on $name", ({ start }) => {
  let ocean: DigitalOcean
  beforeAll(async () => {
    ocean = await aDigitalOcean()
  })
  afterAll(() => ocean?.[Symbol.asyncDispose]())

  test('is that of the login as which Rolecall is let in, and never of another login of its name', async () => {
    const server = await start()
    const engine = await mysqlClient(server)
    const policy = { passwordRecall: 'stored' }
    const { instance } = await ocean.running.connect(server, { policy })
    const users = `/instances/${instance}/users`
    const make = async (host: string) => {
      const { body } = await ocean.running.native('POST', users, { body: { name: NAME, host } })
      await engine.query('grant all privileges on *.* to ?@? with grant option', [NAME, host])
      return body.password as string
    }
    const [near, far] = [await make('127.0.0.1'), await make('%')]
    // By another name it is another instance, whose managing login is the nearer of the two.
    const login = { username: NAME, password: near }
    const managed = await ocean.running.connect({ ...server, ...login, host: 'localhost' }, { policy })
    await ocean.running.native('GET', `/instances/${managed.instance}/users`)
    const passwordOf = async (id: string) =>
      (await ocean.ask('GET', `/v2/databases/${id}`)).body.database.connection.password
    expect(await passwordOf(managed.instance)).toBeUndefined()
    const reset = (host: string) =>
      ocean.running.native(
        'POST',
        `/instances/${managed.instance}/users/${NAME}/reset?host=${encodeURIComponent(host)}`,
      )
    const other = await reset('%')
    expect(other.body.password).not.toBe(far)
    expect(await passwordOf(managed.instance)).toBeUndefined()
    const own = await reset('127.0.0.1')
    expect(await passwordOf(managed.instance)).toBe(own.body.password)
    for (const host of ['127.0.0.1', '%']) await engine.query('drop user ?@?', [NAME, host])
    await engine.end()
  })
})
