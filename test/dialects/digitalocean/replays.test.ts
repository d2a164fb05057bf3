import { Agent, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient, logsIn } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let instance: string
let users: string

beforeAll(async () => {
  server = await postgresqlServer()
  await serveWithin('13000')
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

/** Answers every caller within so many milliseconds. */
async function serveWithin(requestMs: string): Promise<void> {
  await ocean?.[Symbol.asyncDispose]()
  ocean = await aDigitalOcean({ flags: { '--timeouts-request-ms': requestMs } })
  instance = (await ocean.running.connect(server)).instance
  users = `/v2/databases/${instance}/users`
  await ocean.ask('GET', users)
}

let counted = 0
const aName = () => `do_again_${++counted}`
const add = (name: string, key?: string) => ocean.ask('POST', users, { body: { name }, key })
const reset = (name: string) => ocean.ask('POST', `${users}/${name}/reset_auth`, { body: {} })

/** Sends a POST over a socket of its own, and hangs up `afterMs` after it has been sent. */
async function cutOff(path: string, body: object, afterMs: number): Promise<void> {
  const { port } = ocean.running.app.http.server.address() as AddressInfo
  const payload = JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${ocean.running.key.privateKey}`,
    'content-type': 'application/json',
    'content-length': payload.length,
  }
  const sent = ask({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: new Agent() })
  sent.on('error', () => undefined)
  sent.end(payload)
  await sleep(afterMs)
  sent.destroy()
}

/** Nobody makes or changes a role on the server until the answer is called. */
async function roleLock(): Promise<() => Promise<void>> {
  const client = await engineClient(server)
  await client.query('begin; lock table pg_authid in share row exclusive mode')
  return async () => {
    await client.query('rollback')
    await client.end()
  }
}

/** What was done to it; an attempt that was cancelled at its deadline before it changed anything is undone. */
const operationsOf = async (name: string) => {
  const { body } = await ocean.running.native('GET', `/projects/${ocean.running.project}/operations?limit=1000`)
  return body.items.filter(
    ({ state, targets }: { state: string; targets: { subject: string }[] }) =>
      state !== 'undone' && targets[0]?.subject === name,
  )
}

describe('a request whose answer arrived', () => {
  test('is a new one the second time: the name is taken, the password another', async () => {
    const name = aName()
    const first = await add(name)
    expect((await add(name)).status).toBe(422)
    const one = await reset(name)
    const other = await reset(name)
    expect(new Set([first, one, other].map(({ body }) => body.user.password)).size).toBe(3)
  })

  test('leaves nothing sealed behind', async () => {
    const name = aName()
    await add(name)
    await add(name)
    const [operation] = await operationsOf(name)
    expect(operation.answer).toBe('delivered')
  })

  test('two equal ones at once are one success and one refusal', async () => {
    const name = aName()
    const answers = await Promise.all([add(name), add(name)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422])
  })

  test('two equal resets at once make two passwords, and the later answer has the one that counts', async () => {
    const name = aName()
    await add(name)
    const answers = await Promise.all([reset(name), reset(name)])
    const passwords = answers.map(({ body }) => body.user.password)
    expect(new Set(passwords).size).toBe(2)
    const good = await Promise.all(passwords.map(password => logsIn(server, name, password)))
    expect(good.filter(Boolean)).toHaveLength(1)
  })
})

describe('a request that was cut off', () => {
  test.each([0, 5, 20, 60, 150, 400])('after %i ms: the same again gets a login that works, made once', async ms => {
    const name = aName()
    await cutOff(users, { name }, ms)
    let again = await add(name)
    // It hung up so late that the answer was on its way already; or so early that nobody had heard it.
    if (again.status === 422) {
      expect((await operationsOf(name)).length).toBe(1)
      again = await reset(name)
      expect(again.status).toBe(200)
    } else expect(again.status).toBe(201)
    expect(await logsIn(server, name, again.body.user.password)).toBe(true)
    expect((await operationsOf(name)).filter(({ kind }: { kind: string }) => kind === 'create-user')).toHaveLength(1)
    expect((await add(name)).status).toBe(422)
  })

  test('trap 6: while its change waits, the same again joins it, and a third finds the name taken', async () => {
    const name = aName()
    const release = await roleLock()
    await cutOff(users, { name }, 300)
    const joining = add(name)
    await sleep(200)
    await release()
    const { status, body } = await joining
    expect(status).toBe(201)
    expect(await logsIn(server, name, body.user.password)).toBe(true)
    expect(await operationsOf(name)).toHaveLength(1)
    expect((await add(name)).status).toBe(422)
  })

  test('another token, another body or another path is another request', async () => {
    const name = aName()
    const release = await roleLock()
    await cutOff(users, { name }, 300)
    await release()
    await sleep(300)
    const other = await ocean.aToken('editor')
    expect((await add(name, other)).status).toBe(422)
    const more = { name, settings: { pg_allow_replication: true } }
    expect((await ocean.ask('POST', users, { body: more })).status).toBe(422)
    expect((await add(name)).status).toBe(201)
  })

  test.each([
    ['within two minutes the same again gets the outcome', 119_000, 201],
    ['after two minutes and a request’s time the same is a new request', 134_000, 422],
  ])('%s', async (_, laterMs, wanted) => {
    const name = aName()
    const release = await roleLock()
    await cutOff(users, { name }, 300)
    await release()
    await until(async () => (await operationsOf(name)).find(({ state }: { state: string }) => state === 'settled'))
    const { store } = ocean.running.app
    const now = await store.now()
    await store.transaction(tables => tables.operations.sweep(now + laterMs))
    expect((await add(name)).status).toBe(wanted)
  })
})

describe('a request that was answered 503', () => {
  beforeAll(() => serveWithin('1000'))

  test('the same again is 503 while the server is silent, and then the outcome, password included', async () => {
    const name = aName()
    const release = await roleLock()
    expect((await add(name)).status).toBe(503)
    expect((await add(name)).status).toBe(503)
    await release()
    const again = await until(async () => {
      const answer = await add(name)
      return answer.status === 503 ? undefined : answer
    })
    expect(again.status).toBe(201)
    expect(await logsIn(server, name, again.body.user.password)).toBe(true)
    expect(await operationsOf(name)).toHaveLength(1)
    expect((await add(name)).status).toBe(422)
  })

  test('a reset again gets the password of the first', async () => {
    const name = aName()
    const { password: old } = (await add(name)).body.user
    const release = await roleLock()
    expect((await reset(name)).status).toBe(503)
    await release()
    const again = await until(async () => {
      const answer = await reset(name)
      return answer.status === 503 ? undefined : answer
    })
    expect(again.status).toBe(200)
    expect(await logsIn(server, name, again.body.user.password)).toBe(true)
    expect(await logsIn(server, name, old)).toBe(false)
    expect((await operationsOf(name)).map(({ kind }: { kind: string }) => kind).toSorted()).toEqual([
      'create-user',
      'reset-user',
    ])
  })

  test('a database again is answered 201 once, and is then taken', async () => {
    const name = aName()
    const dbs = `/v2/databases/${instance}/dbs`
    const client = await engineClient(server)
    await client.query('begin; lock table pg_database in share row exclusive mode')
    expect((await ocean.ask('POST', dbs, { body: { name } })).status).toBe(503)
    await client.query('rollback')
    await client.end()
    const again = await until(async () => {
      const answer = await ocean.ask('POST', dbs, { body: { name } })
      return answer.status === 503 ? undefined : answer
    })
    expect([again.status, again.body]).toEqual([201, { db: { name } }])
    expect((await ocean.ask('POST', dbs, { body: { name } })).status).toBe(422)
  })

  test('a token that may not read passwords is told none the second time either', async () => {
    const name = aName()
    const key = await ocean.aToken('editor', ['database:create'])
    const release = await roleLock()
    expect((await add(name, key)).status).toBe(503)
    await release()
    const again = await until(async () => {
      const answer = await add(name, key)
      return answer.status === 503 ? undefined : answer
    })
    expect([again.status, again.body.user.password]).toEqual([201, undefined])
  })
})

async function until<T>(found: () => Promise<T | undefined>): Promise<T> {
  for (let left = 100; left > 0; left--) {
    const one = await found()
    if (one !== undefined) return one
    await sleep(100)
  }
  throw new Error('it never came')
}
