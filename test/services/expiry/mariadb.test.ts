import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { logsInToMysql, mysqlClient } from '../../support/mariadb/logins.ts'
import { mariadbServer, mysqlServers, type TestServer } from '../../support/servers.ts'
import { isGone, shown, until } from './ground.ts'

describe.skipIf(mysqlServers().length === 0)('ends of logins on the MySQL family', () => {
  let server: TestServer
  let engine: Connection
  let rolecall: RunningApp
  let users: string

  beforeAll(async () => {
    server = await mariadbServer()
    engine = await mysqlClient(server)
    await clear()
    rolecall = await aRunningApp()
    users = `/instances/${(await rolecall.connect(server, { name: 'expiry mysql' })).instance}/users`
  })

  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    await clear()
    await engine?.end()
  })

  async function clear(): Promise<void> {
    const [rows] = await engine.query("select User, Host from mysql.user where User like 'exp\\_%'")
    for (const { User, Host } of rows as { User: string; Host: string }[])
      await engine.query('drop user ?@?', [User, Host])
  }

  const make = (name: string, more: object = {}) => rolecall.native('POST', users, { body: { name, ...more } })
  const hostsOf = async (name: string) => {
    const [rows] = await engine.query('select Host from mysql.user where User = ? order by Host', [name])
    return (rows as { Host: string }[]).map(({ Host }) => Host)
  }

  test('a login goes at its end, with its sessions, and one of its name from another host stays', async () => {
    const made = await make('exp_goes', { validFor: 'PT2S' })
    expect(made.status, made.text).toBe(201)
    await make('exp_goes', { host: '10.1.%' })
    const session = await mysqlClient({ ...server, username: 'exp_goes', password: made.body.password })
    const ended = new Promise(resolve => session.on('error', resolve))
    expect((await shown(rolecall, `${users}/exp_goes`, isGone)).status).toBe(404)
    await ended
    expect(await hostsOf('exp_goes')).toEqual(['10.1.%'])
  })

  test('one that somebody else locked goes at its end all the same', async () => {
    await make('exp_shut', { validFor: 'PT2S' })
    await engine.query('alter user exp_shut account lock')
    expect((await rolecall.native('GET', `${users}/exp_shut`)).body).toMatchObject({ state: 'locked' })
    expect((await shown(rolecall, `${users}/exp_shut`, isGone)).status).toBe(404)
    expect(await hostsOf('exp_shut')).toEqual([])
  })

  test('one whose mark somebody took away may be another: it stays, and the audit says why', async () => {
    await make('exp_unmarked', { validFor: 'PT2S' })
    await engine.query('alter user exp_unmarked attribute \'{"rolecall": null}\'').catch(revokeMark)
    const instance = users.split('/')[2]!
    await until(
      () => rolecall.app.store.read.expiries.count(instance),
      left => left === 0,
      10_000,
    )
    expect(await hostsOf('exp_unmarked')).toEqual(['%'])
    const { items } = await rolecall.app.store.read.audit.list(rolecall.project, { limit: 100 })
    const reasons = items.filter(({ action }) => action === 'user.expire').map(({ reason }) => reason)
    expect(reasons).toContain('Nothing on the server tells any more whether this is the login that was to go')
  })

  /** MariaDB has no attributes: there the mark is a role. */
  async function revokeMark(): Promise<void> {
    const [found] = await engine.query("select Role as marker from mysql.roles_mapping where User = 'exp_unmarked'")
    for (const { marker } of found as { marker: string }[]) await engine.query(`drop role \`${marker}\``)
  }

  test('one that was dropped and made again outside is left alone', async () => {
    await make('exp_again', { validFor: 'PT2S' })
    await engine.query('drop user exp_again; ').catch(() => undefined)
    await engine.query("create user exp_again identified by 'innocent one'")
    await shown(rolecall, '/', () => false, 5_000).catch(() => undefined)
    expect(await logsInToMysql(server, 'exp_again', 'innocent one')).toBe(true)
  })

  test('an end is moved and taken away without a statement, since the server has no such switch', async () => {
    await make('exp_moved', { validFor: 'P1D' })
    const path = `${users}/exp_moved`
    const plan = await rolecall.native('PATCH', `${path}?dryRun=true`, { body: { validFor: 'P2D' } })
    expect(plan.body.plan).toEqual({ steps: [], refusals: [] })
    const moved = await rolecall.native('PATCH', path, { body: { validFor: 'P2D' } })
    expect(moved.body).toMatchObject({ operation: expect.any(String), validUntil: expect.any(String) })
    expect((await rolecall.native('PATCH', path, { body: { validUntil: null } })).body).not.toHaveProperty('validUntil')
  })

  test('none is taken for a login that others made: nothing would tell it from the next of its name', async () => {
    await engine.query("create user exp_theirs identified by 'made by others'")
    const refused = await rolecall.native('PATCH', `${users}/exp_theirs`, { body: { validFor: 'P1D' } })
    expect([refused.status, refused.body.type]).toEqual([422, 'urn:rolecall:fault:unsupported'])
    expect((await rolecall.native('GET', `${users}/exp_theirs`)).body).not.toHaveProperty('validUntil')
  })
})
