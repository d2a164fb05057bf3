import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Caller } from '../../src/domain/callers/caller.ts'
import { Secret } from '../../src/domain/secret.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { logsInToMysql, mysqlClient } from '../support/mariadb/logins.ts'
import { mysqlServers, postgresqlServer, type TestServer } from '../support/servers.ts'
import { cutOffAt, heal, hungUp, overtaken, refused, says, type Trouble, trouble } from '../support/troubled.ts'

async function callerOf(rolecall: RunningApp): Promise<Caller> {
  const origin = { address: '127.0.0.1', dialect: 'trove', requestId: 'half' } as const
  return rolecall.app.services.authentication.byPrivateKey(rolecall.key.privateKey, origin)
}

const newest = async (rolecall: RunningApp) =>
  (await rolecall.native('GET', `/projects/${rolecall.project}/operations?limit=1`)).body.items[0]

async function endOf(rolecall: RunningApp) {
  await expect.poll(async () => (await newest(rolecall)).state, { timeout: 20_000 }).toMatch(/settled|undone/)
  return newest(rolecall)
}

describe.each(mysqlServers())('on $name, a change that is refused half-way', ({ start }) => {
  let server: TestServer
  let outside: Connection
  let rolecall: RunningApp
  let mine: Trouble
  let users: string
  /** The same server, through a managing login that may not end sessions, and not give roles. */
  let weakly: string

  beforeAll(async () => {
    server = await start()
    outside = await mysqlClient(server)
    mine = trouble()
    rolecall = await aRunningApp({ parts: mine.parts })
    users = `/instances/${(await rolecall.connect(server)).instance}/users`
    await outside.query("drop role if exists 'half_role'")
    await outside.query("create role 'half_role'")
    const { body } = await rolecall.native('POST', users, { body: { name: 'half_weak' } })
    await outside.query("grant create user, process, select, reload on *.* to 'half_weak'@'%' with grant option")
    const { instance } = await rolecall.connect({
      ...server,
      host: 'localhost',
      username: 'half_weak',
      password: body.password,
    })
    weakly = `/instances/${instance}/users`
  })
  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    await outside?.query("drop user if exists 'half_weak'@'%'")
    await outside?.query("drop role if exists 'half_role'")
    await outside?.end()
  })

  test('gives a login that was renamed its old name back, when its new password is refused', async () => {
    await rolecall.native('POST', users, { body: { name: 'half_old' } })
    mine.around = async (step, run) => {
      if (!says(step, 'identified')) return run(step)
      await run({ ...step, statements: step.statements.slice(0, -1) })
      throw refused()
    }
    const { userChanges } = rolecall.app.services
    const asked = { caller: await callerOf(rolecall), signal: AbortSignal.timeout(20_000) }
    const instance = users.split('/')[2]!
    const password = new Secret('a-password-that-is-refused')
    const renamed = await userChanges.rename(asked, instance, { name: 'half_old' }, { name: 'half_new' }, password)
    await expect(renamed.run()).rejects.toMatchObject({ code: 'refused' })
    heal(mine)
    expect((await newest(rolecall)).state).toBe('undone')
    expect((await rolecall.native('GET', `${users}/half_old`)).status).toBe(200)
    expect((await rolecall.native('GET', `${users}/half_new`)).status).toBe(404)
    await rolecall.native('DELETE', `${users}/half_old`)
  })

  test.each([
    ['locked', 'POST', '/lock'],
    ['dropped', 'DELETE', ''],
  ] as const)(
    'lets a login in again that was to be %s, when its sessions can not be ended',
    async (_, method, path) => {
      const { body } = await rolecall.native('POST', weakly, { body: { name: 'half_open' } })
      const session = await mysqlClient({ ...server, username: 'half_open', password: body.password })
      const answer = await rolecall.native(method, `${weakly}/half_open${path}`)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      await session.end()
      expect((await newest(rolecall)).state).toBe('undone')
      expect(await logsInToMysql(server, 'half_open', body.password)).toBe(true)
      await rolecall.native('DELETE', `${users}/half_open`)
    },
  )

  test('leaves a login locked whose time is over, when its sessions can not be ended', async () => {
    const { body } = await rolecall.native('POST', weakly, { body: { name: 'half_over', validFor: 'PT1S' } })
    const session = await mysqlClient({ ...server, username: 'half_over', password: body.password })
    const state = async () => (await rolecall.native('GET', `${weakly}/half_over`)).body.expiry?.lastFault !== undefined
    await expect.poll(state, { timeout: 15_000 }).toBe(true)
    expect(await logsInToMysql(server, 'half_over', body.password)).toBe(false)
    await session.end()
    await outside.query("drop user 'half_over'@'%'")
  })

  test('takes back the settings that were changed before the one that was refused', async () => {
    await rolecall.native('POST', weakly, { body: { name: 'half_set' } })
    const wish = { settings: { connectionLimit: 5 }, engineRoles: ['half_role'] }
    const answer = await rolecall.native('PATCH', `${weakly}/half_set`, { body: wish })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect((await newest(rolecall)).state).toBe('undone')
    const { body } = await rolecall.native('GET', `${users}/half_set`)
    expect(body.settings.connectionLimit).toBe(-1)
    await rolecall.native('DELETE', `${users}/half_set`)
  })

  test('is not called undone when its process died after the last statement', async () => {
    await rolecall.native('POST', users, { body: { name: 'half_roles', engineRoles: ['half_role'] } })
    mine.around = async (step, run) => {
      await run(step)
      mine.away = true
      throw hungUp()
    }
    const answer = await rolecall.native('PATCH', `${users}/half_roles`, { body: { engineRoles: [] } })
    expect(answer.status).toBe(503)
    heal(mine)
    expect((await endOf(rolecall)).state).toBe('settled')
    expect((await rolecall.native('GET', `${users}/half_roles`)).body.engineRoles).toEqual([])
    await rolecall.native('DELETE', `${users}/half_roles`)
  })

  test('takes a grant back to what was so before its process died', async () => {
    for (const name of ['half_one', 'half_two'])
      await rolecall.native('POST', users.replace('users', 'databases'), { body: { name } })
    const before = [{ role: 'read', database: 'half_one' }]
    await rolecall.native('POST', users, { body: { name: 'half_grant', grants: before } })
    cutOffAt(mine, 'half\\_two')
    const wish = {
      add: [
        { role: 'readwrite', database: 'half_one' },
        { role: 'read', database: 'half_two' },
      ],
    }
    const answer = await rolecall.native('PATCH', `${users}/half_grant/grants`, { body: wish })
    expect(answer.status).toBe(503)
    mine.around = (step, run) =>
      says(step, 'grant select') && says(step, 'half\\_two') ? Promise.reject(refused()) : run(step)
    mine.away = false
    expect((await endOf(rolecall)).state).toBe('undone')
    heal(mine)
    const { body } = await rolecall.native('GET', `${users}/half_grant`)
    expect(body.grants).toMatchObject(before)
    expect(body.grants).toHaveLength(1)
    await rolecall.native('DELETE', `${users}/half_grant`)
    for (const name of ['half_one', 'half_two'])
      await rolecall.native('DELETE', `${users.replace('users', 'databases')}/${name}`)
  })
})

test('a database that was taken over to be dropped, and was not, is told of', async () => {
  const server = await postgresqlServer()
  const admin = await engineClient(server)
  const [manager, owner, name] = ['manager', 'owner', 'base'].map(one => `half_${one}_${process.pid}`)
  const password = 'manager-of-the-half'
  const verifier = (await scramVerifier(new Secret(password))).reveal()
  await admin.query(`create role ${manager} login createrole createdb password '${verifier}'`)
  const managing = { ...server, username: manager!, password }
  const client = await engineClient(managing)
  await client.query(`create role ${owner}`)
  await client.end()
  await admin.query(`create database ${name} owner ${owner}`)
  // Left of a database that is gone, by another managing login: not this one's to drop.
  const left = `rolecall_gone_${process.pid.toString(16).padStart(8, 'f')}_read`
  await admin.query(`create role ${left}`)
  const mine = trouble()
  mine.around = (step, run) => (says(step, 'drop database') ? Promise.reject(refused()) : run(step))
  await using rolecall = await aRunningApp({ parts: mine.parts })
  const { instance } = await rolecall.connect(managing)
  const answer = await rolecall.native('DELETE', `/instances/${instance}/databases/${name}`)
  expect(answer.body.detail).toContain("can't be taken back")
  expect(await newest(rolecall)).toMatchObject({ state: 'settled', lastFault: { detail: answer.body.detail } })
  heal(mine)
  const again = await rolecall.native('DELETE', `/instances/${instance}/databases/${name}`)
  expect(again.status, again.text).toBe(200)
  for (const role of [owner, manager, left]) await admin.query(`drop role ${role}`)
  await admin.end()
})

describe('of many logins in one operation', () => {
  let server: TestServer
  let rolecall: RunningApp
  let mine: Trouble
  let instance: string
  let users: string
  const asked = async () => ({ caller: await callerOf(rolecall), signal: AbortSignal.timeout(20_000) })
  const [first, second] = ['a', 'b'].map(one => `half_many_${one}_${process.pid}`) as [string, string]

  beforeAll(async () => {
    server = await postgresqlServer()
    mine = trouble()
    rolecall = await aRunningApp({ parts: mine.parts })
    ;({ instance } = await rolecall.connect(server))
    users = `/instances/${instance}/users`
  })
  afterAll(() => rolecall?.[Symbol.asyncDispose]())

  async function make(): Promise<void> {
    for (const name of [first, second]) await rolecall.native('POST', users, { body: { name } })
  }

  async function unmake(): Promise<void> {
    heal(mine)
    for (const name of [first, second]) await rolecall.native('DELETE', `${users}/${name}`)
  }

  const refusedAt = (words: string) => {
    mine.around = (step, run) => (says(step, words) ? Promise.reject(refused()) : run(step))
  }

  test('a password that was changed before another was refused is told, remembered, and not called undone', async () => {
    await make()
    refusedAt(`alter role "${second}"`)
    const resets = [first, second].map(name => ({ key: { name } }))
    const many = await rolecall.app.services.userChanges.resetMany(await asked(), instance, resets)
    const fault = await many.run().catch(error => error)
    expect(fault).toMatchObject({ code: 'refused', message: expect.stringContaining("can't be taken back") })
    const operation = await newest(rolecall)
    expect(operation).toMatchObject({ id: fault.details.operationId, state: 'settled', answer: 'undelivered' })
    expect(operation.targets.map(({ steps }: { steps: unknown[] }) => steps.length > 0)).toEqual([true, false])
    const answer = await rolecall.native('GET', `/projects/${rolecall.project}/operations/${operation.id}/answer`)
    expect(await logsIn(server, first, answer.body.password)).toBe(true)
    await unmake()
  })

  test('the same is so when the process died in between', async () => {
    await make()
    cutOffAt(mine, `alter role "${second}"`)
    const resets = [first, second].map(name => ({ key: { name }, password: new Secret(`again of ${name}`) }))
    const many = await rolecall.app.services.userChanges.resetMany(await asked(), instance, resets)
    await expect(many.run()).rejects.toMatchObject({ code: 'unavailable' })
    refusedAt(`alter role "${second}"`)
    mine.away = false
    const operation = await endOf(rolecall)
    expect(operation).toMatchObject({
      state: 'settled',
      lastFault: { detail: expect.stringContaining("can't be taken back") },
    })
    expect(await logsIn(server, first, `again of ${first}`)).toBe(true)
    expect(await logsIn(server, second, `again of ${second}`)).toBe(false)
    await unmake()
  })

  test('one that was dropped before another was refused is gone and forgotten, and the other as it was', async () => {
    await make()
    refusedAt(`drop role "${second}"`)
    const many = await rolecall.app.services.userChanges.dropMany(await asked(), instance, [
      { name: first },
      { name: second },
    ])
    await expect(many.run()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining("can't be taken back"),
    })
    expect(await newest(rolecall)).toMatchObject({ state: 'settled' })
    expect((await rolecall.native('GET', `${users}/${first}`)).status).toBe(404)
    const other = await rolecall.native('GET', `${users}/${second}`)
    expect(other.body).toMatchObject({ state: 'active', madeBy: { operator: expect.any(String) } })
    expect(await rolecall.app.store.read.users.find(instance, JSON.stringify([first, '', '']))).toBeUndefined()
    await unmake()
  })

  test('one that has lost what it was granted is not called undone, and stays locked', async () => {
    const { body } = await rolecall.native('POST', users, { body: { name: first } })
    const admin = await engineClient(server)
    await admin.query(`grant create on schema public to ${first}`)
    refusedAt(`drop role "${first}"`)
    const answer = await rolecall.native('DELETE', `${users}/${first}`)
    expect(answer.body.detail).toContain("can't be taken back")
    expect(await newest(rolecall)).toMatchObject({ state: 'settled' })
    expect(await logsIn(server, first, body.password)).toBe(false)
    heal(mine)
    expect((await rolecall.native('DELETE', `${users}/${first}`)).status).toBe(200)
    await admin.end()
  })

  test('a drop that was overtaken goes on after those that it has dropped itself', async () => {
    await make()
    let overtakings = 0
    mine.around = (step, run) =>
      says(step, `drop role "${second}"`) && overtakings++ === 0 ? Promise.reject(overtaken()) : run(step)
    const many = await rolecall.app.services.userChanges.dropMany(await asked(), instance, [
      { name: first },
      { name: second },
    ])
    await many.run()
    heal(mine)
    const operation = await newest(rolecall)
    expect(operation.state).toBe('settled')
    for (const [at, name] of [first, second].entries()) {
      expect((await rolecall.native('GET', `${users}/${name}`)).status).toBe(404)
      const ran = operation.targets[at].steps.map(({ statement }: { statement: string }) => statement)
      expect(ran).toContain(`drop role "${name}"`)
    }
  })
})
