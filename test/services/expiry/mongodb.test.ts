import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { mongodbServers, type TestServer } from '../../support/servers.ts'
import { type Clocks, DAY_MS, isGone, later, NEXT_TRY_MS, shown, withClocks } from './ground.ts'

describe.skipIf(mongodbServers().length === 0)('ends of logins on MongoDB', () => {
  const clocks: Clocks = { store: 0, engine: 0 }
  const { start } = mongodbServers()[0] ?? {}
  let server: TestServer
  let rolecall: RunningApp
  let users: string

  beforeAll(async () => {
    rolecall = await aRunningApp({ parts: withClocks(clocks) })
    server = await start!()
    users = `/instances/${(await rolecall.connect(server, { name: 'expiry mongodb' })).instance}/users`
  })
  afterAll(() => rolecall?.[Symbol.asyncDispose]())

  const make = (name: string, more: object = {}) =>
    rolecall.native('POST', users, { body: { name, validFor: 'PT2S', ...more } })

  test('a login goes at its end', async () => {
    const made = await make('exp_goes')
    expect(made.status, made.text).toBe(201)
    expect(made.body).toHaveProperty('validUntil')
    expect((await shown(rolecall, `${users}/exp_goes`, isGone)).status).toBe(404)
  })

  test('one that somebody else let do nothing any more goes at its end all the same', async () => {
    const made = await make('exp_emptied', { engineRoles: ['readAnyDatabase'] })
    await using client = new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, {
      auth: { username: server.username, password: server.password },
      authSource: 'admin',
    })
    await client.db('admin').command({ revokeRolesFromUser: 'exp_emptied', roles: ['readAnyDatabase'] })
    expect(made.status, made.text).toBe(201)
    expect((await shown(rolecall, `${users}/exp_emptied`, isGone)).status).toBe(404)
  })

  test('and is only locked while the clock of its server is a day behind', async () => {
    clocks.engine = -DAY_MS
    await make('exp_waits')
    const waits = await shown(rolecall, `${users}/exp_waits`, ({ body }) => body.state === 'expired')
    expect(waits.body).toMatchObject({ state: 'expired' })
    clocks.engine = 0
    later(clocks, NEXT_TRY_MS)
    expect((await shown(rolecall, `${users}/exp_waits`, isGone)).status).toBe(404)
  })
})
