import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../src/domain/users/role.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient } from '../support/logins.ts'
import { aPerson, type Person } from '../support/people.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'

/** What the same `Idempotency-Key` gets: the first answer, as long as its caller may still have it. */
let cluster: RunningCluster
let server: TestServer
let rolecall: RunningApp
let project: string
let instance: string

beforeAll(async () => {
  // A server of its own: nobody else's roles are to wait for the locks that these tests hold.
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  rolecall = await aRunningApp({ flags: { '--timeouts-statement-ms': '1500', '--timeouts-request-ms': '3000' } })
  instance = (await rolecall.connect(server)).instance
  project = `/projects/${rolecall.project}`
  await rolecall.native('GET', `/instances/${instance}/users`)
})
afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})

let counted = 0
const person = (role: Role) => aPerson(rolecall.app.store, rolecall.project, role)

/** Asks with one key whenever it is called. */
function once(
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body: object | undefined,
  { key }: Pick<Person, 'key'>,
) {
  const headers = { 'idempotency-key': `once ${++counted}` }
  return () => rolecall.native(method, path, { key, body, headers })
}

const setRole = (operator: Person, role: Role) =>
  rolecall.app.store.transaction(async tables =>
    tables.members.set(rolecall.project, operator.id, role, await tables.now()),
  )

describe('an answer of the store alone', () => {
  test.each([
    ['owner', 'PATCH', () => project, { policy: { minPasswordLength: 12 } }],
    ['admin', 'PATCH', () => `/instances/${instance}`, { tags: ['told'] }],
    ['admin', 'POST', () => `${project}/connections`, { name: 'told', engine: 'postgresql', ...elsewhere() }],
    ['editor', 'POST', () => `/instances/${instance}/users/nobody_yet/reset`, undefined],
  ] as const)('to an %s is told again, and not once it is a viewer (%s)', async (role, method, pathOf, body) => {
    const caller = await person(role)
    const ask = once(method, pathOf(), body, caller)
    const first = await ask()
    const again = await ask()
    expect([again.status, again.text, again.headers['idempotency-replayed']]).toEqual([
      first.status,
      first.text,
      'true',
    ])
    await setRole(caller, 'viewer')
    const weaker = await ask()
    expect([weaker.status, weaker.body.type]).toEqual([403, 'urn:rolecall:fault:forbidden'])
    await rolecall.app.store.transaction(tables => tables.members.remove(rolecall.project, caller.id))
    expect((await ask()).status).toBe(404)
    await setRole(caller, role)
    expect((await ask()).text).toBe(first.text)
  })

  test('about a connection is told while its access list lets its caller change it, and no longer', async () => {
    const body = { name: `listed ${++counted}`, engine: 'postgresql', ...elsewhere() }
    const made = await rolecall.native('POST', `${project}/connections`, { body })
    const caller = await person('viewer')
    const line = `/v1/database-connections/${made.body.id}/acl/user/${caller.id}`
    const grant = { body: { grant: { role: 'database_connection_editor' } } }
    expect((await rolecall.ask('PUT', line, grant)).status).toBe(200)
    const ask = once('PATCH', `/connections/${made.body.id}`, { database: 'other' }, caller)
    const first = await ask()
    expect([first.status, (await ask()).text]).toEqual([200, first.text])
    await rolecall.ask('DELETE', line)
    expect((await ask()).status).toBe(403)
    await rolecall.ask('DELETE', `/v1/database-connections/${made.body.id}/acl/organisation/${rolecall.project}`)
    expect((await ask()).status).toBe(404)
  })

  test('about what it has deleted is told all the same', async () => {
    const made = await rolecall.native('POST', '/projects', { body: { name: 'Short' } })
    const connection = { name: `gone ${++counted}`, engine: 'postgresql', ...elsewhere() }
    const { id } = (await rolecall.native('POST', `${project}/connections`, { body: connection })).body
    const owner = { key: rolecall.key.privateKey }
    for (const path of [`/projects/${made.body.id}`, `/connections/${id}`]) {
      const ask = once('DELETE', path, undefined, owner)
      const [first, again] = [await ask(), await ask()]
      expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([204, 204, 'true'])
    }
  })
})

/** Makes every change of a role wait, as another administrator's open transaction does. */
async function holdRoles(): Promise<() => Promise<void>> {
  const holder = await engineClient(server)
  await holder.query('begin; lock table pg_authid in exclusive mode')
  return async () => {
    await holder.query('rollback')
    await holder.end()
  }
}

test('a change that was abandoned is answered at once, and not made again by the same key', async () => {
  const users = `/instances/${instance}/users`
  await rolecall.native('POST', users, { body: { name: 'again_abandoned' } })
  const release = await holdRoles()
  const ask = once('DELETE', `${users}/again_abandoned`, undefined, { key: rolecall.key.privateKey })
  const { operation } = (await ask()).body
  const joined = ask()
  await sleep(300)
  expect((await rolecall.native('POST', `${project}/operations/${operation}/abandon`)).status).toBe(200)
  const began = performance.now()
  for (const answer of [await joined, await ask()]) {
    expect([answer.status, answer.body]).toMatchObject([409, { type: 'urn:rolecall:fault:conflict', operation }])
  }
  expect(performance.now() - began).toBeLessThan(1_000)
  await release()
  expect((await ask()).status).toBe(409)
  expect((await rolecall.native('GET', `${users}/again_abandoned`)).status).toBe(200)
})

function elsewhere() {
  return { host: 'db.example.test', port: 7000 + ++counted, database: 'd', username: 'u' }
}
