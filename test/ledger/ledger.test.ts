import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newOperationId } from '../../src/domain/id.ts'
import { Secret } from '../../src/domain/secret.ts'
import { anOperation, aTarget } from '../store/builders.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'

let cluster: RunningCluster
let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let users: string
let operations: string

beforeAll(async () => {
  // A server of its own: nobody else's roles are to wait for the locks that these tests hold.
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  engine = await engineClient(server)
  // Short deadlines, so that a server that hangs is found out within the test's patience.
  rolecall = await aRunningApp({ flags: { '--timeouts-statement-ms': '1500', '--timeouts-request-ms': '1200' } })
  users = `/instances/${(await rolecall.connect(server)).instance}/users`
  operations = `/projects/${rolecall.project}/operations`
  await rolecall.native('GET', users)
})

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await engine?.end()
  await cluster?.[Symbol.asyncDispose]()
})

async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (const end = Date.now() + 15_000; ; await sleep(50)) {
    const found = await look()
    if (holds(found) || Date.now() > end) return found
  }
}

const operation = async (id: string) => (await rolecall.native('GET', `${operations}/${id}`)).body

/** Where it listens: whether an answer was taken shows on a real socket only. */
function url(): string {
  const { port } = rolecall.app.http.server.address() as { port: number }
  return `http://127.0.0.1:${port}`
}

/** Makes every change of a role wait, as another administrator's open transaction does. */
async function holdRoles(): Promise<{ release(): Promise<void> }> {
  const holder = await engineClient(server)
  await holder.query('begin; lock table pg_authid in exclusive mode')
  return {
    release: async () => {
      await holder.query('rollback')
      await holder.end()
    },
  }
}

describe('a server that does not answer in time', () => {
  test('gets the caller a 503 within its deadline, and what had not been applied is undone', async () => {
    const holder = await holdRoles()
    const began = performance.now()
    const answer = await rolecall.native('POST', users, { body: { name: 'led_late', password: undefined } })
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
    expect(performance.now() - began).toBeLessThan(3_000)
    const id = answer.body.operation
    const settled = await until(
      () => operation(id),
      ({ state }) => state !== 'open' && state !== 'stuck',
    )
    await holder.release()
    // Nothing had been applied, so it was closed as undone: the caller may simply ask again.
    expect(settled).toMatchObject({ state: 'undone', kind: 'create-user' })
    expect((await rolecall.native('GET', `${users}/led_late`)).status).toBe(404)
  })

  test('keeps a drop going until it is done', async () => {
    const made = await rolecall.native('POST', users, { body: { name: 'led_drop' } })
    const holder = await holdRoles()
    const answer = await rolecall.native('DELETE', `${users}/led_drop`)
    expect(answer.status).toBe(503)
    const stuck = await until(
      () => operation(answer.body.operation),
      ({ state }) => state === 'stuck',
    )
    expect(stuck).toMatchObject({
      state: 'stuck',
      nextTryAt: expect.any(String),
      lastFault: { detail: expect.any(String) },
    })
    expect((await rolecall.native('GET', `${operations}?state=stuck`)).body.items).toMatchObject([{ id: stuck.id }])
    const { payload } = await rolecall.app.http.inject('/metrics')
    expect(payload).toMatch(/^rolecall_operations\{state="stuck"\} 1$/m)
    expect(payload).toMatch(/^rolecall_operation_targets\{state="stuck"\} 1$/m)
    expect(payload).toMatch(/^rolecall_operations_lag_seconds\{state="stuck"\} (?!0$)[\d.]+$/m)
    await holder.release()
    expect((await rolecall.native('POST', `${operations}/${stuck.id}/retry`)).status).toBeLessThan(410)
    const settled = await until(
      () => operation(stuck.id),
      ({ state }) => state === 'settled',
    )
    expect(settled.state).toBe('settled')
    expect(settled.attempts).toBeGreaterThan(1)
    expect(await logsIn(server, 'led_drop', made.body.password)).toBe(false)
    expect((await rolecall.native('POST', `${operations}/${stuck.id}/retry`)).status).toBe(409)
  })

  test('can be abandoned: kept, named, and nobody looks after it any more', async () => {
    await rolecall.native('POST', users, { body: { name: 'led_abandoned' } })
    const holder = await holdRoles()
    const answer = await rolecall.native('DELETE', `${users}/led_abandoned`)
    const id = answer.body.operation
    const abandoned = await rolecall.native('POST', `${operations}/${id}/abandon`)
    expect(abandoned.body).toMatchObject({ state: 'undone', abandonedBy: rolecall.operator })
    await holder.release()
    await sleep(1_500)
    expect((await rolecall.native('GET', `${users}/led_abandoned`)).status).toBe(200)
    expect((await rolecall.native('DELETE', `${users}/led_abandoned`)).status).toBe(200)
  })
})

describe('an instance whose last connection is removed', () => {
  test('is shown as leaving while operations are open there, and goes with the last of them', async () => {
    const { instance, connection } = await rolecall.connect({ ...server, host: 'localhost' })
    const path = `/instances/${instance}`
    await rolecall.native('POST', `${path}/users`, { body: { name: 'led_leaving' } })
    const holder = await holdRoles()
    const { body } = await rolecall.native('DELETE', `${path}/users/led_leaving`)
    expect((await rolecall.native('DELETE', `/connections/${connection}`)).status).toBe(204)
    expect((await rolecall.native('GET', `/connections/${connection}`)).status).toBe(404)
    expect((await rolecall.native('GET', path)).body).toMatchObject({ health: 'leaving', openOperations: 1 })
    expect((await rolecall.native('POST', `${path}/users`, { body: { name: 'led_never' } })).status).toBe(409)
    await holder.release()
    const settled = await until(
      () => operation(body.operation),
      ({ state }) => state === 'settled',
    )
    expect(settled.state).toBe('settled')
    expect(
      (
        await until(
          () => rolecall.native('GET', path),
          ({ status }) => status === 404,
        )
      ).status,
    ).toBe(404)
    expect((await engine.query("select from pg_roles where rolname = 'led_leaving'")).rowCount).toBe(0)
  })
})

describe('one open operation per subject', () => {
  test('of two creates of one name at once, one is made and the other is told that it is taken', async () => {
    const body = { name: 'led_race' }
    const answers = await Promise.all([1, 2, 3, 4].map(() => rolecall.native('POST', users, { body })))
    expect(answers.map(answer => answer.status).sort()).toEqual([201, 409, 409, 409])
    const [made] = answers.filter(answer => answer.status === 201)
    expect(await logsIn(server, 'led_race', made!.body.password)).toBe(true)
  })

  test('of resets at once, exactly one password works, and it was answered last', async () => {
    await rolecall.native('POST', users, { body: { name: 'led_resets' } })
    const [answered, late]: [string[], string[]] = [[], []]
    const reset = async () => {
      const { status, body } = await rolecall.native('POST', `${users}/led_resets/reset`)
      if (status === 200) answered.push(body.password)
      if (status === 503 && body.operation) late.push(body.operation)
    }
    await Promise.all(Array.from({ length: 6 }, reset))
    const opens = async (password: string | undefined) =>
      password !== undefined && (await logsIn(server, 'led_resets', password))
    const waited: boolean[] = []
    for (const id of late) waited.push(await opens(await passwordOf(id)))
    const works = await Promise.all(answered.map(opens))
    expect([...works, ...waited].filter(Boolean)).toHaveLength(1)
    // On a machine that is slow the last may have come too late: its answer waits.
    if (late.length === 0) expect(works.at(-1)).toBe(true)
  })

  /** Of an answer that came too late, fetched by its caller. */
  async function passwordOf(id: string): Promise<string | undefined> {
    await until(
      () => operation(id),
      ({ state }) => state !== 'open' && state !== 'stuck',
    )
    return (await rolecall.native('GET', `${operations}/${id}/answer`)).body.password
  }
})

describe('an answer', () => {
  test('that nobody took is given to its own caller, once, and to nobody else', async () => {
    // A caller that hangs up: its request is made, and its answer goes nowhere.
    const hangUp = new AbortController()
    const holder = await engineClient(server)
    await holder.query('begin; lock table pg_authid in exclusive mode')
    const asking = fetch(`${url()}/rolecall/v1${users}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rolecall.key.privateKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'led_hungup' }),
      signal: hangUp.signal,
    }).catch(() => undefined)
    await sleep(300)
    hangUp.abort()
    await asking
    await holder.query('rollback')
    await holder.end()
    const [found] = await until(
      async () => (await rolecall.native('GET', operations)).body.items,
      ([newest]) => newest.targets[0].subject === 'led_hungup' && newest.state === 'settled',
    )
    expect(found).toMatchObject({ state: 'settled', answer: 'undelivered' })
    const other = await rolecall.native('POST', `/projects/${rolecall.project}/keys`, { body: { role: 'viewer' } })
    const path = `${operations}/${found.id}/answer`
    const taken = await rolecall.native('GET', path)
    expect(await logsIn(server, 'led_hungup', taken.body.password)).toBe(true)
    expect((await rolecall.native('GET', path)).status).toBe(404)
    // A weaker key, even of the same operator, is handed no password.
    expect((await rolecall.native('GET', path, { key: other.body.private })).status).toBe(403)
  })

  test('that can tell of no login any more tells the password, as its document says', async () => {
    const { store } = rolecall.app
    const now = await store.now()
    const operation = anOperation({
      id: newOperationId(now),
      projectId: rolecall.project,
      operatorId: rolecall.operator,
      targets: [aTarget({ instanceId: users.split('/')[2]! })],
    })
    const { worker } = operation
    await store.transaction(async tables => {
      await tables.operations.begin(operation)
      const outcomes = [{ password: new Secret('of-a-login-that-went-meanwhile') }]
      await tables.operations.settle(operation.id, { worker, attempt: 1 }, outcomes, undefined, now, now + 60_000)
    })
    const taken = await rolecall.native('GET', `${operations}/${operation.id}/answer`)
    expect([taken.status, taken.body]).toEqual([
      200,
      { operation: operation.id, password: 'of-a-login-that-went-meanwhile' },
    ])
  })

  test('that was delivered is kept nowhere', async () => {
    const headers = { authorization: `Bearer ${rolecall.key.privateKey}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'led_delivered' })
    const answer = await fetch(`${url()}/rolecall/v1${users}`, { method: 'POST', headers, body })
    const made = (await answer.json()) as { operation: string }
    const delivered = await until(
      () => operation(made.operation),
      ({ answer }) => answer === 'delivered',
    )
    expect(delivered.answer).toBe('delivered')
    expect((await rolecall.native('GET', `${operations}/${made.operation}/answer`)).status).toBe(404)
  })
})

describe('events', () => {
  test('tell every change as it happens, and go on where a listener left off', async () => {
    const listen = async (lastId?: string) => {
      const stop = new AbortController()
      const headers: Record<string, string> = { authorization: `Bearer ${rolecall.key.privateKey}` }
      if (lastId) headers['last-event-id'] = lastId
      const answer = await fetch(`${url()}/rolecall/v1/projects/${rolecall.project}/events`, {
        headers,
        signal: stop.signal,
      })
      expect(answer.headers.get('content-type')).toContain('text/event-stream')
      return { reader: answer.body!.pipeThrough(new TextDecoderStream()).getReader(), stop }
    }
    const read = async (reader: ReadableStreamDefaultReader<string>, wanted: RegExp) => {
      for (let text = ''; ; ) {
        text += (await reader.read()).value ?? ''
        if (wanted.test(text)) return text
      }
    }
    const first = await listen()
    await read(first.reader, /: here/)
    await rolecall.native('POST', users, { body: { name: 'led_event' } })
    const text = await read(first.reader, /"outcome":"settled"/)
    expect(text).toMatch(/event: create-user\ndata: \{.*led_event/)
    const [, begunId] = /id: (\S+)\nevent: create-user\ndata: \{[^\n]*"outcome":"begun"/.exec(text)!
    first.stop.abort()
    const second = await listen(begunId)
    expect(await read(second.reader, /"outcome":"settled"/)).not.toContain('"outcome":"begun"')
    second.stop.abort()
  })
})
