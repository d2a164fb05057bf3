import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { postgresqlServer } from '../support/servers.ts'
import { heal, type Trouble, trouble } from '../support/troubled.ts'

let rolecall: RunningApp
let users: string
const mine: Trouble = trouble()

beforeAll(async () => {
  rolecall = await aRunningApp({ parts: mine.parts })
  users = `/instances/${(await rolecall.connect(await postgresqlServer())).instance}/users`
})
afterAll(async () => {
  heal(mine)
  await rolecall?.native('DELETE', `${users}/overtaken_ada`)
  await rolecall?.[Symbol.asyncDispose]()
})

const roles = (...engineRoles: string[]) =>
  rolecall.native('PATCH', `${users}/overtaken_ada`, { body: { engineRoles } })

test('a change that was planned before another one settled is planned anew', async () => {
  await rolecall.native('POST', users, { body: { name: 'overtaken_ada', engineRoles: ['pg_monitor'] } })
  const [planning, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let first = true
  mine.asked = async (_change, _port, ask) => {
    const facts = await ask()
    if (!first) return facts
    first = false
    planning.resolve()
    await goOn.promise
    return facts
  }
  // What it saw leaves it nothing to do.
  const later = roles('pg_monitor')
  await planning.promise
  expect((await roles()).body.engineRoles).toEqual([])
  goOn.resolve()
  const { status, body } = await later
  expect([status, body.engineRoles]).toEqual([200, ['pg_monitor']])
})
