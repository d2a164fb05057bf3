import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { logsInToMysql, mysqlClient } from '../../support/mariadb/logins.ts'
import { mariadbServer, mysqlServers, postgresqlServer, type TestServer } from '../../support/servers.ts'
import { type Clocks, isGone, later, NEXT_TRY_MS, shown, withClocks } from './ground.ts'

const password = 'of a login that connections use'
const inUse = ({ status, body }: { status: number; body: { type: string } }) => [status, body.type]
const IN_USE = [409, 'urn:rolecall:fault:in-use']

describe('on PostgreSQL, a login', () => {
  let server: TestServer
  let engine: pg.Client
  let rolecall: RunningApp
  let users: string

  beforeAll(async () => {
    server = await postgresqlServer()
    engine = await engineClient(server)
    await clear()
    rolecall = await aRunningApp()
    users = `/instances/${(await rolecall.connect(server, { name: 'manages' })).instance}/users`
  })
  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    await clear()
    await engine?.end()
  })

  const clear = () => engine.query('drop role if exists conn_ends; drop role if exists conn_first')
  const connections = () => `/projects/${rolecall.project}/connections`
  const connection = (name: string, username: string) => {
    const { host, port, database } = server
    return { name, engine: 'postgresql', host, port, database, username, password }
  }
  const patch = (name: string, body: object) => rolecall.native('PATCH', `${users}/${name}`, { body })

  test('with an end becomes no connection’s before its end is taken away', async () => {
    const made = await rolecall.native('POST', users, { body: { name: 'conn_ends', password, validFor: 'P1D' } })
    expect(made.status, made.text).toBe(201)
    const refused = await rolecall.native('POST', connections(), { body: connection('ends', 'conn_ends') })
    expect(inUse(refused)).toEqual(IN_USE)
    expect(refused.body.detail).toContain('validUntil')
    const other = await rolecall.native('POST', connections(), { body: connection('changes', 'conn_other') })
    const changed = await rolecall.native('PATCH', `/connections/${other.body.id}`, { body: { username: 'conn_ends' } })
    expect(inUse(changed)).toEqual(IN_USE)
    expect((await patch('conn_ends', { validUntil: null })).status).toBe(200)
    const again = await rolecall.native('PATCH', `/connections/${other.body.id}`, { body: { username: 'conn_ends' } })
    expect(again.status, again.text).toBe(200)
    expect((await rolecall.native('POST', `/connections/${other.body.id}/test`)).body.outcome).toBe('SUCCESS')
    expect(inUse(await patch('conn_ends', { validFor: 'P1D' }))).toEqual(IN_USE)
  })

  test('that a connection waits for is given no end, neither when it is made nor later', async () => {
    const made = await rolecall.native('POST', connections(), { body: connection('first', 'conn_first') })
    expect(made.status, made.text).toBe(201)
    const body = { name: 'conn_first', password }
    expect(inUse(await rolecall.native('POST', users, { body: { ...body, validFor: 'P1D' } }))).toEqual(IN_USE)
    expect((await rolecall.native('POST', users, { body })).status).toBe(201)
    expect(inUse(await patch('conn_first', { validFor: 'P1D' }))).toEqual(IN_USE)
  })
})

describe.skipIf(mysqlServers().length === 0)(
  'on the MySQL family, where only the server knows as whom it lets in',
  () => {
    const clocks: Clocks = { store: 0, engine: 0 }
    let server: TestServer
    let rolecall: RunningApp
    let users: string

    beforeAll(async () => {
      server = await mariadbServer()
      await clear()
      rolecall = await aRunningApp({ parts: withClocks(clocks) })
      users = `/instances/${(await rolecall.connect(server, { name: 'manages' })).instance}/users`
    })
    afterAll(async () => {
      await rolecall?.[Symbol.asyncDispose]()
      await clear()
    })

    async function clear(): Promise<void> {
      const engine = await mysqlClient(server)
      for (const name of ['conn_held', 'conn_kept']) await engine.query(`drop user if exists ${name}`)
      await engine.end()
    }

    const isTold = ({ body }: { body: Record<string, unknown> }) =>
      body.expiry !== undefined && 'lastFault' in (body.expiry as object)

    test('a login that a connection logs in as stays past its end, told of, until that connection is gone', {
      timeout: 90_000,
    }, async () => {
      await rolecall.native('POST', users, { body: { name: 'conn_held', password, validFor: 'PT1H' } })
      const more = { name: 'held', username: 'conn_held', password, database: '' }
      const { connection } = await rolecall.connect(server, more)
      expect((await rolecall.native('POST', `/connections/${connection}/test`)).body.outcome).toBe('SUCCESS')
      later(clocks, 2 * 3_600_000)
      const held = await shown(rolecall, `${users}/conn_held`, isTold)
      expect(held.body).toMatchObject({ state: 'active', expiry: { lastFault: { fault: 'in-use' } } })
      expect(await logsInToMysql(server, 'conn_held', password)).toBe(true)
      expect((await rolecall.native('DELETE', `/connections/${connection}`)).status).toBe(204)
      expect((await shown(rolecall, `${users}/conn_held`, isGone, NEXT_TRY_MS)).status).toBe(404)
    })

    test('and may be kept for good', { timeout: 60_000 }, async () => {
      await rolecall.native('POST', users, { body: { name: 'conn_kept', password, validFor: 'PT1H' } })
      const more = { name: 'kept', username: 'conn_kept', password, database: '' }
      const { connection } = await rolecall.connect(server, more)
      await rolecall.native('POST', `/connections/${connection}/test`)
      later(clocks, 2 * 3_600_000)
      await shown(rolecall, `${users}/conn_kept`, isTold)
      const kept = await rolecall.native('PATCH', `${users}/conn_kept`, { body: { validUntil: null } })
      expect(kept.status, kept.text).toBe(200)
      expect(kept.body).toMatchObject({ state: 'active' })
      expect(kept.body).not.toHaveProperty('expiry')
      expect(inUse(await rolecall.native('PATCH', `${users}/conn_kept`, { body: { validFor: 'P1D' } }))).toEqual(IN_USE)
    })
  },
)
