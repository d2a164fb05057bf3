import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MongodbFacts } from '../../src/engines/mongodb/facts/facts.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { mongodbClient } from '../support/mongodb/logins.ts'
import { mongodbServers, type TestServer } from '../support/servers.ts'
import { cutOffAt, heal, refused, says, type Trouble, trouble } from '../support/troubled.ts'

describe.each(mongodbServers())('on $name, a change that was cut off or refused half-way', ({ start }) => {
  let server: TestServer
  let rolecall: RunningApp
  let mine: Trouble
  let users: string

  beforeAll(async () => {
    server = await start()
    mine = trouble()
    // Nobody sees there whether a session is over: what it sent may take as long as a statement may.
    rolecall = await aRunningApp({ parts: mine.parts, flags: { '--timeouts-statement-ms': '1500' } })
    users = `/instances/${(await rolecall.connect(server)).instance}/users`
  })
  afterAll(() => rolecall?.[Symbol.asyncDispose]())

  const make = (name: string) => rolecall.native('POST', users, { body: { name, engineRoles: ['readAnyDatabase'] } })
  const read = async (name: string) => (await rolecall.native('GET', `${users}/${name}`)).body

  test('leaves a login alone that others made anew', async () => {
    await make('mongo_anew')
    cutOffAt(mine, 'dropUser')
    const { status, body } = await rolecall.native('DELETE', `${users}/mongo_anew`)
    expect(status).toBe(503)
    await using client = mongodbClient(server)
    await client.db('admin').command({ dropUser: 'mongo_anew' })
    await client
      .db('admin')
      .command({ createUser: 'mongo_anew', pwd: 'an-innocent-newcomer', roles: ['readAnyDatabase'] })
    heal(mine)
    const path = `/projects/${rolecall.project}/operations/${body.operation}`
    const state = async () => (await rolecall.native('GET', path)).body.state
    await expect.poll(state, { timeout: 20_000 }).toBe('undone')
    expect(await read('mongo_anew')).toMatchObject({ state: 'active', engineRoles: ['admin.readAnyDatabase'] })
    await client.db('admin').command({ dropUser: 'mongo_anew' })
  }, 40_000)

  test('waits for the end of an election', async () => {
    const database = `${users.replace('/users', '/databases')}/mongo_elected`
    await rolecall.native('POST', database.replace('/mongo_elected', ''), { body: { name: 'mongo_elected' } })
    cutOffAt(mine, 'dropDatabase')
    const { status, body } = await rolecall.native('DELETE', database)
    expect([status, body.title]).toEqual([503, expect.any(String)])
    heal(mine)
    let isElecting = true
    let looks = 0
    mine.asked = async (_change, _port, ask) => {
      const facts = (await ask()) as MongodbFacts
      looks++
      return isElecting ? ({ ...facts, state: { ...facts.state, readOnly: true } } as MongodbFacts) : facts
    }
    const path = `/projects/${rolecall.project}/operations/${body.operation}`
    const state = async () => (await rolecall.native('GET', path)).body.state
    await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(0)
    await expect.poll(state, { timeout: 5_000 }).toBe('stuck')
    isElecting = false
    await expect.poll(state, { timeout: 20_000 }).toBe('settled')
    expect((await rolecall.native('GET', database)).status).toBe(404)
    heal(mine)
  }, 60_000)

  test('ends what a login has under way when its lock is taken up again', async () => {
    await make('mongo_cut')
    cutOffAt(mine, 'killAllSessions')
    const { status, body } = await rolecall.native('POST', `${users}/mongo_cut/lock`)
    expect([status, (await read('mongo_cut')).state]).toEqual([503, 'locked'])
    let ended = 0
    heal(mine)
    mine.around = async (step, run) => {
      await run(step)
      if (says(step, 'killAllSessions')) ended++
    }
    const path = `/projects/${rolecall.project}/operations/${body.operation}`
    const state = async () => (await rolecall.native('GET', path)).body.state
    await expect.poll(state, { timeout: 20_000 }).toBe('settled')
    expect(ended).toBe(1)
    heal(mine)
    await rolecall.native('DELETE', `${users}/mongo_cut`)
  }, 40_000)

  test.each([
    ['locked', 'POST', '/lock'],
    ['dropped', 'DELETE', ''],
  ] as const)('gives a login its roles back that was to be %s', async (_, method, path) => {
    await make('mongo_open')
    mine.around = (step, run) =>
      says(step, 'killAllSessions') || says(step, 'dropUser') ? Promise.reject(refused()) : run(step)
    const { status } = await rolecall.native(method, `${users}/mongo_open${path}`)
    heal(mine)
    expect(status).toBe(422)
    expect(await read('mongo_open')).toMatchObject({ state: 'active', engineRoles: ['admin.readAnyDatabase'] })
    await rolecall.native('DELETE', `${users}/mongo_open`)
  })
})
