import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userKeyText } from '../../../src/domain/users/user.ts'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { aProxy, type TcpProxy } from '../../support/proxy.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { type Clocks, isGone, later, shown, until, withClocks } from './ground.ts'

const clocks: Clocks = { store: 0, engine: 0 }

let server: TestServer
let engine: pg.Client
let proxy: TcpProxy
let rolecall: RunningApp
let away: string
let near: string

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  proxy = await aProxy(server)
  rolecall = await aRunningApp({ flags: { '--timeouts-statement-ms': '2000' }, parts: withClocks(clocks) })
  const usersOf = async (to: TestServer, name: string) =>
    `/instances/${(await rolecall.connect(to, { name })).instance}/users`
  away = await usersOf({ ...server, port: proxy.port }, 'away')
  near = await usersOf(server, 'near')
})

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
  await engine?.end()
})

const NAMES = Array.from({ length: 40 }, (_, at) => `away_${at}`)

/** That it is away has been found out, and written down. */
const isNoticed = async () => {
  const keys = NAMES.map(name => userKeyText({ name }))
  const found = await rolecall.app.store.read.expiries.findMany(away.split('/')[2]!, keys)
  return [...found.values()].some(({ fault }) => fault?.code === 'unavailable' || fault?.code === 'timeout')
}
const left = async () => (await engine.query("select from pg_roles where rolname ~ '^away_'")).rowCount

test.each(['refuse', 'hang'] as const)(
  'logins of a server that is away (%s) go within a minute of its return, and hold up nobody else’s',
  { timeout: 150_000 },
  async how => {
    for (const name of NAMES) {
      const made = await rolecall.native('POST', away, { body: { name, validFor: 'PT1H' } })
      expect(made.status, made.text).toBe(201)
    }
    if (how === 'hang') proxy.behave('hang')
    else await proxy.refuse()
    const other = await rolecall.native('POST', near, { body: { name: `near_${how}`, validFor: 'PT1H' } })
    expect(other.status, other.text).toBe(201)
    const due = Date.now()
    later(clocks, 2 * 3_600_000)
    expect((await shown(rolecall, `${near}/near_${how}`, isGone)).status).toBe(404)
    expect(Date.now() - due).toBeLessThan(10_000)
    expect(await until(isNoticed, noticed => noticed)).toBe(true)
    expect(await left()).toBe(NAMES.length)
    const returned = Date.now()
    await proxy.comeBack()
    expect(await until(left, count => count === 0, 60_000)).toBe(0)
    console.info(`${NAMES.length} logins of a server that came back were gone after ${Date.now() - returned} ms`)
  },
)
