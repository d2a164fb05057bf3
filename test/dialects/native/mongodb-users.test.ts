import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { mongodbServers, type TestServer } from '../../support/servers.ts'

/** The native API over logins that are a name and a database. */
describe.skipIf(mongodbServers().length === 0)('users of MongoDB', () => {
  let server: TestServer
  let rolecall: RunningApp
  let instance: string
  let users: string

  const DATABASE = 'nat_mongo_orders'
  const { start } = mongodbServers()[0] ?? {}

  beforeAll(async () => {
    server = await start!()
    rolecall = await aRunningApp()
    instance = (await rolecall.connect(server, { name: 'native mongodb' })).instance
    users = `/instances/${instance}/users`
    await rolecall.native('POST', `/instances/${instance}/databases`, { body: { name: DATABASE } })
  })

  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
  })

  const make = (name: string, more: object = {}) => rolecall.native('POST', users, { body: { name, ...more } })
  const logsIn = (username: string, password: string, authSource = 'admin') => {
    const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
    return opens(`mongodb://${user}@${server.host}:${server.port}/?directConnection=true&authSource=${authSource}`)
  }
  const opens = async (uri: string) => {
    const client = new MongoClient(uri)
    try {
      await client.connect()
      return true
    } catch (error) {
      if ((error as { code?: number }).code === 18) return false
      throw error
    } finally {
      await client.close()
    }
  }

  test('without a database are kept in admin, and log in with the password that is answered once', async () => {
    const made = await make('nat_ada')
    expect(made.status, made.text).toBe(201)
    expect(made.body).toMatchObject({ name: 'nat_ada', authDatabase: 'admin', state: 'active' })
    expect(await logsIn('nat_ada', made.body.password)).toBe(true)
    expect(made.body.connectionStrings.uri).toContain('mongodb://nat_ada:')
    const read = await rolecall.native('GET', `${users}/nat_ada`)
    expect(read.body).toMatchObject({ authDatabase: 'admin', madeBy: { operation: made.body.operation } })
    expect((await make('nat_ada')).body.type).toBe('urn:rolecall:fault:exists')
  })

  test('show what they were granted, are reset, locked, unlocked and dropped', async () => {
    const made = await make('nat_bob', { grants: [{ role: 'readwrite', database: DATABASE }] })
    expect(made.status, made.text).toBe(201)
    expect(made.body.grants).toMatchObject([{ role: 'readwrite', database: DATABASE }])
    const reset = await rolecall.native('POST', `${users}/nat_bob/reset`)
    expect(reset.status, reset.text).toBe(200)
    expect(await logsIn('nat_bob', made.body.password)).toBe(false)
    expect(await logsIn('nat_bob', reset.body.password)).toBe(true)
    const locked = await rolecall.native('POST', `${users}/nat_bob/lock`)
    expect(locked.status, locked.text).toBe(200)
    expect((await rolecall.native('GET', `${users}/nat_bob`)).body).toMatchObject({ state: 'locked' })
    expect((await rolecall.native('POST', `${users}/nat_bob/unlock`)).status).toBe(200)
    const back = (await rolecall.native('GET', `${users}/nat_bob`)).body
    expect(back).toMatchObject({ state: 'active', grants: [{ role: 'readwrite', database: DATABASE }] })
    expect((await rolecall.native('DELETE', `${users}/nat_bob`)).status).toBe(200)
    expect((await rolecall.native('GET', `${users}/nat_bob`)).status).toBe(404)
  })

  test('of one name and two databases are two', async () => {
    const [one, other] = [await make('nat_two'), await make('nat_two', { authDatabase: DATABASE })]
    expect([one.status, other.status], other.text).toEqual([201, 201])
    expect(await logsIn('nat_two', other.body.password, DATABASE)).toBe(true)
    expect(await opens(other.body.connectionStrings.uri)).toBe(true)
    expect(await opens(one.body.connectionStrings.uri)).toBe(true)
    expect(await logsIn('nat_two', other.body.password)).toBe(false)
    const dropped = await rolecall.native('DELETE', `${users}/nat_two?authDatabase=${DATABASE}`)
    expect(dropped.status, dropped.text).toBe(200)
    expect((await rolecall.native('GET', `${users}/nat_two`)).status).toBe(200)
  })

  test('that Rolecall itself logs in as are not dropped, those of its name elsewhere are', async () => {
    expect((await rolecall.native('DELETE', `${users}/${server.username}`)).body.type).toBe('urn:rolecall:fault:in-use')
    expect((await make(server.username, { authDatabase: DATABASE })).status).toBe(201)
    const other = await rolecall.native('DELETE', `${users}/${server.username}?authDatabase=${DATABASE}`)
    expect(other.status, other.text).toBe(200)
  })

  test('have their plan shown without the password', async () => {
    const body = { name: 'nat_planned', password: 'do-not-show-me' }
    const plan = await rolecall.native('POST', `${users}?dryRun=true`, { body })
    expect(plan.status, plan.text).toBe(200)
    expect(plan.text).toContain('createUser')
    expect(plan.text).not.toContain('do-not-show-me')
  })
})
