import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../../src/domain/callers/caller.ts'
import { Fault } from '../../src/domain/fault.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { AdminClient, Engine } from '../../src/engines/engine.ts'
import type { Engines } from '../../src/engines/registry.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'

let rolecall: RunningApp
let server: TestServer
let instance: string
let caller: Caller

beforeAll(async () => {
  rolecall = await aRunningApp({ parts: real => ({ ...real, engines: choosy(real.engines) }) })
  server = await postgresqlServer()
  ;({ instance } = await rolecall.connect(server))
  const origin = { address: '127.0.0.1', dialect: 'trove', requestId: 'many' } as const
  caller = await rolecall.app.services.authentication.byPrivateKey(rolecall.key.privateKey, origin)
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

let hangUps = 0

/** Servers that make no login of some names, and say so only when asked to; of others they hang up, the first time. */
function choosy(engines: Engines): Engines {
  const refuse = (client: AdminClient): AdminClient => ({
    ...client,
    run: async step => {
      if (step.statements.some(({ shown }) => shown.includes('create role "unmakeable_')))
        throw new Fault('refused', 'user', 'the server would not')
      if (step.statements.some(({ shown }) => shown.includes('create role "fragile_')) && hangUps++ === 0)
        throw new Fault('unavailable', 'server', 'the server hung up')
      return client.run(step)
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  })
  const wrapped = (engine: Engine): Engine => ({
    ...engine,
    open: async (...all) => refuse(await engine.open(...all)),
  })
  return { ...engines, get: name => wrapped(engines.get(name)) }
}

const asked = () => ({ caller, signal: AbortSignal.timeout(20_000) })
const some = (prefix: string) => ['a', 'b', 'c'].map(one => `${prefix}_${one}_${process.pid}`)
const aWish = (name: string) => ({
  name,
  settings: {},
  engineRoles: [],
  grants: [],
  password: new Secret(`pw of ${name}`),
})
const isThere = async (kind: 'users' | 'databases', name: string) =>
  (await rolecall.native('GET', `/instances/${instance}/${kind}/${name}`)).status === 200
const stateOfLast = async () =>
  (await rolecall.native('GET', `/projects/${rolecall.project}/operations?limit=1`)).body.items[0].state

test('many logins are made in one operation, and their passwords changed in another', async () => {
  const { userChanges } = rolecall.app.services
  const names = some('many')
  const made = await (await userChanges.createMany(asked(), instance, names.map(aWish))).run()
  expect(made.map(({ shown }) => shown?.user.name)).toEqual(names)
  expect(new Set(made.map(({ operationId }) => operationId)).size).toBe(1)
  const resets = names.map(name => ({ key: { name }, password: new Secret(`new pw of ${name}`) }))
  await (await userChanges.resetMany(asked(), instance, resets)).run()
  for (const name of names) await rolecall.native('DELETE', `/instances/${instance}/users/${name}`)
})

test('one that can not be made keeps all from being made', async () => {
  const { userChanges } = rolecall.app.services
  const [first, taken, last] = some('taken') as [string, string, string]
  await (await userChanges.createMany(asked(), instance, [aWish(taken)])).run()
  const all = await userChanges.createMany(asked(), instance, [first, taken, last].map(aWish))
  await expect(all.run()).rejects.toMatchObject({ code: 'exists', subject: 'user' })
  expect([await isThere('users', first), await isThere('users', last)]).toEqual([false, false])
  const missing = [{ key: { name: taken } }, { key: { name: first } }]
  await expect((await userChanges.resetMany(asked(), instance, missing)).run()).rejects.toMatchObject({
    code: 'not_found',
  })
  await rolecall.native('DELETE', `/instances/${instance}/users/${taken}`)
})

test('one that fails half-way takes back those before it', async () => {
  const { userChanges } = rolecall.app.services
  const [first, second] = some('half') as [string, string]
  const all = await userChanges.createMany(asked(), instance, [first, second, `unmakeable_${first}`].map(aWish))
  await expect(all.run()).rejects.toMatchObject({ code: 'refused', message: 'the server would not' })
  expect([await isThere('users', first), await isThere('users', second)]).toEqual([false, false])
  expect(await stateOfLast()).toBe('undone')
})

test('one that is cut off half-way is finished by whoever looks after it', async () => {
  const { userChanges } = rolecall.app.services
  const [first, last] = some('cut') as [string, string]
  const names = [first, `fragile_${first}`, last]
  const all = await userChanges.createMany(asked(), instance, names.map(aWish))
  const fault = await all.run().catch(error => error)
  expect(fault).toMatchObject({ code: 'unavailable', details: { operationId: expect.stringMatching(/^op_/) } })
  await expect.poll(stateOfLast, { timeout: 15_000 }).toBe('settled')
  for (const name of names) {
    expect(await logsIn(server, name, `pw of ${name}`)).toBe(true)
    await rolecall.native('DELETE', `/instances/${instance}/users/${name}`)
  }
})

test('many databases are made in one operation, or none', async () => {
  const { databases } = rolecall.app.services
  const names = some('base')
  await (
    await databases.createMany(
      asked(),
      instance,
      names.map(name => ({ name })),
    )
  ).run()
  for (const name of names) expect(await isThere('databases', name)).toBe(true)
  const [, taken] = names as [string, string]
  const again = await databases.createMany(asked(), instance, [{ name: `new_${taken}` }, { name: taken }])
  await expect(again.run()).rejects.toMatchObject({ code: 'exists', subject: 'database' })
  expect(await isThere('databases', `new_${taken}`)).toBe(false)
  for (const name of names) await rolecall.native('DELETE', `/instances/${instance}/databases/${name}`)
})
