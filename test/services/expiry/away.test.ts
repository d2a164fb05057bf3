import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { aProxy, type TcpProxy } from '../../support/proxy.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { isGone, shown, until } from './ground.ts'

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
  rolecall = await aRunningApp({ flags: { '--timeouts-statement-ms': '2000' } })
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
const left = async () => (await engine.query("select from pg_roles where rolname ~ '^away_'")).rowCount

test.each(['refuse', 'hang'] as const)(
  'logins of a server that is away (%s) go within a minute of its return, and hold up nobody else’s',
  { timeout: 150_000 },
  async how => {
    for (const name of NAMES) {
      const made = await rolecall.native('POST', away, { body: { name, validFor: 'PT6S' } })
      expect(made.status, made.text).toBe(201)
    }
    if (how === 'hang') proxy.behave('hang')
    else await proxy.refuse()
    const other = await rolecall.native('POST', near, { body: { name: `near_${how}`, validFor: 'PT7S' } })
    const near404 = await shown(rolecall, `${near}/near_${how}`, isGone)
    expect(near404.status).toBe(404)
    expect(Date.now() - Date.parse(other.body.validUntil)).toBeLessThan(10_000)
    await sleep(8_000)
    expect(await left()).toBe(NAMES.length)
    const returned = Date.now()
    await proxy.comeBack()
    expect(await until(left, count => count === 0, 60_000)).toBe(0)
    console.info(`${NAMES.length} logins of a server that came back were gone after ${Date.now() - returned} ms`)
  },
)
