import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { logsInToMysql, mysqlClient } from '../support/mariadb/logins.ts'
import { mysqlServers, postgresqlServer, type TestServer } from '../support/servers.ts'
import { cutOffAt, heal, hungUp, says, type Trouble, trouble } from '../support/troubled.ts'

/** What became of an operation, once it is open no more. */
async function endOf(rolecall: RunningApp, id: string) {
  const path = `/projects/${rolecall.project}/operations/${id}`
  const look = async () => (await rolecall.native('GET', path)).body
  await expect.poll(async () => (await look()).state, { timeout: 20_000 }).toMatch(/settled|undone/)
  return look()
}

describe.each(mysqlServers())('on $name, a login that others made anew without our mark', ({ start }) => {
  let server: TestServer
  let outside: Connection
  let rolecall: RunningApp
  let mine: Trouble
  let users: string

  beforeAll(async () => {
    server = await start()
    outside = await mysqlClient(server)
    mine = trouble()
    rolecall = await aRunningApp({ parts: mine.parts })
    users = `/instances/${(await rolecall.connect(server)).instance}/users`
  })
  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    await outside?.end()
  })

  async function madeAnew(name: string): Promise<void> {
    await outside.query(`drop user if exists '${name}'`)
    await outside.query(`create user '${name}' identified by 'an-innocent-newcomer'`)
  }

  test('is not dropped, nor locked, by a drop of the one before it that was cut off', async () => {
    await rolecall.native('POST', users, { body: { name: 'anew_drop' } })
    cutOffAt(mine, 'drop user')
    const { status, body } = await rolecall.native('DELETE', `${users}/anew_drop`)
    expect(status).toBe(503)
    await madeAnew('anew_drop')
    heal(mine)
    const ended = await endOf(rolecall, body.operation)
    expect(await logsInToMysql(server, 'anew_drop', 'an-innocent-newcomer')).toBe(true)
    expect(ended).toMatchObject({ state: 'undone', lastFault: { detail: expect.stringContaining('anew') } })
    await rolecall.native('DELETE', `${users}/anew_drop`)
  })

  test('keeps its password when a lock and a reset of the one before it were cut off', async () => {
    await rolecall.native('POST', users, { body: { name: 'anew_lock' } })
    cutOffAt(mine, 'account lock')
    const { body } = await rolecall.native('POST', `${users}/anew_lock/lock`)
    await madeAnew('anew_lock')
    heal(mine)
    expect((await endOf(rolecall, body.operation)).state).toBe('undone')
    expect(await logsInToMysql(server, 'anew_lock', 'an-innocent-newcomer')).toBe(true)
    await rolecall.native('DELETE', `${users}/anew_lock`)
  })
})

describe.each(mysqlServers())('on $name, a login with a mark in the place of one without', ({ start }) => {
  test.each([
    ['drop user', 'DELETE', ''],
    ['account lock', 'POST', '/lock'],
  ] as const)('is left alone by what was asked of that one: %s', async (statement, method, below) => {
    const name = `anew_marked_${statement.length}`
    const server = await start()
    const outside = await mysqlClient(server)
    await outside.query(`drop user if exists '${name}'`)
    await outside.query(`create user '${name}'`)
    const mine = trouble()
    await using rolecall = await aRunningApp({ parts: mine.parts })
    await using another = await aRunningApp()
    const users = `/instances/${(await rolecall.connect(server)).instance}/users`
    const theirs = `/instances/${(await another.connect(server)).instance}/users`
    await rolecall.native('GET', users)
    cutOffAt(mine, statement)
    const { status, body } = await rolecall.native(method, `${users}/${name}${below}`)
    expect(status).toBe(503)
    await outside.query(`drop user '${name}'`)
    const made = await another.native('POST', theirs, { body: { name } })
    expect(made.status, made.text).toBe(201)
    heal(mine)
    const ended = await endOf(rolecall, body.operation)
    expect(await logsInToMysql(server, name, made.body.password)).toBe(true)
    expect(ended).toMatchObject({ state: 'undone', lastFault: { detail: expect.stringContaining('anew') } })
    await another.native('DELETE', `${theirs}/${name}`)
    await outside.end()
  })
})

describe('a connection whose login others made anew', () => {
  test('keeps the password it has when a reset of the one before it was cut off', async () => {
    const server: TestServer = await postgresqlServer()
    const engine = await engineClient(server)
    const mine = trouble()
    await using rolecall = await aRunningApp({ parts: mine.parts })
    const { instance } = await rolecall.connect(server)
    const [first, own] = [`anew_first_${process.pid}`, `anew_own_${process.pid}`]
    // As a verifier: the server logs what it is sent.
    const verifier = (await scramVerifier(new Secret('as-it-was'))).reveal()
    const make = () => engine.query(`create role ${own} login superuser password '${verifier}'`)
    await make()
    await rolecall.native('GET', `/instances/${instance}/users`)
    const { connection } = await rolecall.connect(server, { username: own, password: 'as-it-was' })
    const { body: made } = await rolecall.native('POST', `/instances/${instance}/users`, { body: { name: first } })
    expect(made.operation).toBeDefined()
    const origin = { address: '127.0.0.1', dialect: 'trove', requestId: 'anew' } as const
    const caller = await rolecall.app.services.authentication.byPrivateKey(rolecall.key.privateKey, origin)
    cutOffAt(mine, `"${own}"`)
    const resets = [first, own].map(name => ({ key: { name }, password: new Secret(`new-of-${name}`) }))
    const many = await rolecall.app.services.userChanges.resetMany(
      { caller, signal: AbortSignal.timeout(20_000) },
      instance,
      resets,
    )
    const fault = await many.run().catch(error => error)
    await engine.query(`drop role ${own}`)
    await make()
    heal(mine)
    await endOf(rolecall, fault.details.operationId)
    expect(await logsIn(server, first, `new-of-${first}`)).toBe(true)
    expect((await rolecall.native('POST', `/connections/${connection}/test`)).body).toMatchObject({
      outcome: 'SUCCESS',
    })
    await rolecall.native('DELETE', `/instances/${instance}/users/${first}`)
    await engine.query(`drop role ${own}`)
    await engine.end()
  })
})

test('of two logins that got new passwords, the one that others made anew is left alone, and the answer is that of the other', async () => {
  const server = await postgresqlServer()
  const engine = await engineClient(server)
  const mine = trouble()
  await using rolecall = await aRunningApp({ parts: mine.parts })
  const { instance } = await rolecall.connect(server)
  const [first, second] = [`anew_one_${process.pid}`, `anew_two_${process.pid}`]
  for (const name of [first, second]) await rolecall.native('POST', `/instances/${instance}/users`, { body: { name } })
  const origin = { address: '127.0.0.1', dialect: 'trove', requestId: 'anew' } as const
  const caller = await rolecall.app.services.authentication.byPrivateKey(rolecall.key.privateKey, origin)
  mine.around = async (step, run) => {
    await run(step)
    if (!says(step, `"${second}"`)) return
    mine.away = true
    throw hungUp()
  }
  const resets = [first, second].map(name => ({ key: { name } }))
  const asked = { caller, signal: AbortSignal.timeout(20_000) }
  const fault = await (await rolecall.app.services.userChanges.resetMany(asked, instance, resets))
    .run()
    .catch(error => error)
  await engine.query(`drop role ${first}`)
  await engine.query(`create role ${first} login`)
  heal(mine)
  const ended = await endOf(rolecall, fault.details.operationId)
  expect(ended).toMatchObject({ state: 'settled', lastFault: { detail: expect.stringContaining('anew') } })
  const path = `/projects/${rolecall.project}/operations/${fault.details.operationId}/answer`
  const { body } = await rolecall.native('GET', path)
  expect(body.name).toBe(second)
  expect(await logsIn(server, second, body.password)).toBe(true)
  for (const name of [first, second]) await engine.query(`drop role ${name}`)
  await engine.end()
})
