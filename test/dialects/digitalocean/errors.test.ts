import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Parts } from '../../../src/app.ts'
import { Secret } from '../../../src/domain/secret.ts'
import type { Engine } from '../../../src/engines/engine.ts'
import { scramVerifier } from '../../../src/engines/postgresql/users/scram.ts'
import type { Answer, AppWish } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

// 400, 401, 404, 405, 413, 422 and 429 stand beside what provokes them: transport, users, databases.

let ocean: DigitalOcean
let server: TestServer
beforeAll(async () => {
  ocean = await aDigitalOcean()
  server = await postgresqlServer()
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

const said = ({ status, body }: Answer) => [status, body.id, body.message]

/** Nothing listens there. */
const AWAY = { host: '127.0.0.1', port: 9 }

async function usersOf(on: DigitalOcean, where: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { instance } = await on.running.connect(server, where)
  return `/v2/databases/${instance}/users`
}

test('trap 13: a server that is away is 503, and never 404', async () => {
  const users = await usersOf(ocean, AWAY)
  const asked = [
    ['GET', users],
    ['POST', users],
    ['GET', `${users}/ada`],
    ['DELETE', `${users}/ada`],
    ['POST', `${users}/ada/reset_auth`],
    ['GET', users.replace(/users$/, 'dbs')],
  ] as const
  for (const [method, path] of asked) {
    const answer = await ocean.ask(method, path, { body: method === 'POST' ? { name: 'ada' } : undefined })
    expect(said(answer).slice(0, 2)).toEqual([503, 'service_unavailable'])
    expect(answer.body.message).not.toMatch(/127\.0\.0\.1|select|role/i)
  }
})

test('a server that does not finish a statement in time is 503, for a read and for a change', async () => {
  await using own = await aDigitalOcean({ flags: { '--timeouts-statement-ms': '500' } })
  const users = await usersOf(own)
  expect((await own.ask('GET', users)).status).toBe(200)
  const client = await engineClient(server)
  await client.query('begin; lock table pg_shdescription')
  const read = await own.ask('GET', users)
  const change = await own.ask('POST', users, { body: { name: 'do_unfinished' } })
  await client.query('rollback')
  await client.end()
  for (const answer of [read, change]) expect(said(answer).slice(0, 2)).toEqual([503, 'service_unavailable'])
})

test('a server that is only observed is 403, with the reason', async () => {
  await using own = await aDigitalOcean()
  const users = await usersOf(own)
  await own.running.native('PATCH', users.replace(/^\/v2\/databases(.*)\/users$/, '/instances$1'), {
    body: { mode: 'observe' },
  })
  const answer = await own.ask('POST', users, { body: { name: 'ada' } })
  expect(said(answer)).toEqual([403, 'forbidden', expect.stringContaining('observe mode')])
  expect((await own.ask('GET', users)).status).toBe(200)
})

test('another server behind the same address is 412 for every change, until an admin accepts it', async () => {
  await using own = await aDigitalOcean()
  const users = await usersOf(own)
  const id = users.split('/')[3]!
  const before = { version: '16.4', readOnly: false, fingerprint: 'of another server', seenAt: Date.now() }
  await own.running.app.store.transaction(tables => tables.instances.see(id, { server: before, trust: true }))
  const dbs = users.replace(/users$/, 'dbs')
  const changes = [
    ['POST', users, { name: 'ada' }],
    ['PUT', `${users}/ada`, { settings: {} }],
    ['POST', `${users}/ada/reset_auth`, {}],
    ['DELETE', `${users}/ada`],
    ['POST', dbs, { name: 'ada' }],
    ['DELETE', `${dbs}/ada`],
  ] as const
  const words = [412, 'precondition_failed', expect.stringContaining('another server than before')]
  for (const [method, path, body] of changes) expect(said(await own.ask(method, path, { body }))).toEqual(words)
  await own.running.native('POST', `/instances/${id}/accept-server`)
  expect((await own.ask('DELETE', `${users}/ada`)).status).toBe(404)
})

test('another change of the same login that does not end in time is 409, and tells nobody to repeat it', async () => {
  const users = await usersOf(ocean)
  await ocean.ask('GET', users)
  const client = await engineClient(server)
  await client.query('begin; lock table pg_authid in share row exclusive mode')
  const first = ocean.ask('POST', users, { body: { name: 'do_busy' } })
  await sleep(500)
  const second = await ocean.ask('POST', users, { body: { name: 'do_busy', settings: { pg_allow_replication: true } } })
  await client.query('rollback')
  await client.end()
  expect(said(second).slice(0, 2)).toEqual([409, 'conflict'])
  expect((await first).status).toBe(201)
})

test('a login that others made is kept where policy says so: 403', async () => {
  await using own = await aDigitalOcean({ flags: { '--policy-manage-existing': 'false' } })
  const users = await usersOf(own)
  const client = await engineClient(server)
  await client.query('create role do_outside login')
  const answer = await own.ask('DELETE', `${users}/do_outside`)
  await client.query('drop role do_outside')
  await client.end()
  expect(said(answer).slice(0, 2)).toEqual([403, 'forbidden'])
})

test('what the managing login may not do is 422, and names the right that it lacks', async () => {
  const client = await engineClient(server)
  const password = 'of a weak login'
  const verifier = await scramVerifier(new Secret(password))
  await client.query(`create role do_weak login password '${verifier.reveal()}'`)
  await using own = await aDigitalOcean()
  const users = await usersOf(own, { host: 'localhost', username: 'do_weak', password })
  const answer = await own.ask('POST', users, { body: { name: 'ada' } })
  expect((await own.ask('GET', users)).status).toBe(200)
  await client.query('drop role do_weak')
  await client.end()
  expect(said(answer)).toEqual([422, 'unprocessable_entity', expect.stringContaining('CREATEROLE')])
})

test('a server in a network that is not open any more is 422, not 404', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-test-'))
  const before = await runningWith({ folder }, async open => ({ users: await usersOf(open), key: open.running.key }))
  const closed = { folder, key: before.key, flags: { '--network-allow': '::1/128' } }
  const answer = await runningWith(closed, on => on.ask('GET', before.users))
  rmSync(folder, { recursive: true, force: true })
  expect(said(answer)).toEqual([422, 'unprocessable_entity', expect.stringContaining('network.allow')])
})

async function runningWith<T>(wish: AppWish, work: (on: DigitalOcean) => Promise<T>): Promise<T> {
  await using on = await aDigitalOcean(wish)
  return await work(on)
}

test('a defect of ours is 500, in two words', async () => {
  await using own = await aDigitalOcean({ parts: brokenAtPlanning })
  const users = await usersOf(own)
  const answer = await own.ask('POST', users, { body: { name: 'ada' } })
  expect(said(answer)).toEqual([500, 'server_error', 'Server error'])
  // Nothing was begun, so the same again is a new request: it meets the same defect at once.
  expect((await own.ask('POST', users, { body: { name: 'ada' } })).status).toBe(500)
})

/** Real engines, but planning fails as only a programming error does. */
function brokenAtPlanning(real: Parts): Parts {
  const broken = (engine: Engine): Engine => ({
    ...engine,
    plan: () => {
      throw new TypeError('undefined is not a function')
    },
  })
  return { ...real, engines: { ...real.engines, get: name => broken(real.engines.get(name)) } }
}
