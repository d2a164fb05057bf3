import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import type { Store } from '../../src/store/store.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import { heal, type Trouble, trouble } from '../support/troubled.ts'

let server: TestServer
let rolecall: RunningApp
let mine: Trouble
let users: string
let isAway = false

/** A store that takes no changes while it is away. */
function leaving(real: Store): Store {
  const away = () => Promise.reject(new Fault('unavailable', 'store', 'The store is away'))
  return { ...real, transaction: work => (isAway ? away() : real.transaction(work)) }
}

beforeAll(async () => {
  server = await postgresqlServer()
  mine = trouble()
  rolecall = await aRunningApp({ parts: real => mine.parts({ ...real, store: leaving(real.store) }) })
  users = `/instances/${(await rolecall.connect(server)).instance}/users`
  await rolecall.native('GET', users)
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

test('a change that the store could not take down is named to its caller, and settled when the store is back', async () => {
  mine.around = async (step, run) => {
    await run(step)
    isAway = true
  }
  const answer = await rolecall.native('POST', users, { body: { name: 'away_ada' } })
  heal(mine)
  expect([answer.status, answer.body.operation]).toEqual([503, expect.stringMatching(/^op_/)])
  isAway = false
  const path = `/projects/${rolecall.project}/operations/${answer.body.operation}`
  const state = async () => (await rolecall.native('GET', path)).body.state
  await expect.poll(state, { timeout: 20_000 }).toBe('settled')
  const taken = await rolecall.native('GET', `${path}/answer`)
  expect(await logsIn(server, 'away_ada', taken.body.password)).toBe(true)
  await rolecall.native('DELETE', `${users}/away_ada`)
}, 40_000)
