import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { mongodbServers } from '../../support/servers.ts'
import { type Clocks, DAY_MS, isGone, shown, withClocks } from './ground.ts'

describe.skipIf(mongodbServers().length === 0)('ends of logins on MongoDB', () => {
  const clocks: Clocks = { store: 0, engine: 0 }
  const { start } = mongodbServers()[0] ?? {}
  let rolecall: RunningApp
  let users: string

  beforeAll(async () => {
    rolecall = await aRunningApp({ parts: withClocks(clocks) })
    users = `/instances/${(await rolecall.connect(await start!(), { name: 'expiry mongodb' })).instance}/users`
  })
  afterAll(() => rolecall?.[Symbol.asyncDispose]())

  const make = (name: string) => rolecall.native('POST', users, { body: { name, validFor: 'PT2S' } })

  test('a login goes at its end', async () => {
    const made = await make('exp_goes')
    expect(made.status, made.text).toBe(201)
    expect(made.body).toHaveProperty('validUntil')
    expect((await shown(rolecall, `${users}/exp_goes`, isGone)).status).toBe(404)
  })

  test('and is only locked while the clock of its server is a day behind', async () => {
    clocks.engine = -DAY_MS
    await make('exp_waits')
    const waits = await shown(rolecall, `${users}/exp_waits`, ({ body }) => body.state === 'expired')
    expect(waits.body).toMatchObject({ state: 'expired' })
    clocks.engine = 0
    expect((await shown(rolecall, `${users}/exp_waits`, isGone, 40_000)).status).toBe(404)
  })
})
