import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN, ADMIN_PASSWORD, type RunningInstance, startInstance } from '../support/mongodb/instance.ts'
import { aProxy, type TcpProxy } from '../support/proxy.ts'
import { type Founded, found, type Serving, send, serving } from '../support/serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'rolecall-fan-out-'))
const flags = { '--timeouts-statement-ms': '1000', '--atlas-accept-unversioned': 'true' }
let servers: readonly RunningInstance[]
let doors: readonly TcpProxy[]
let home: Founded
let running: Serving
const clusters: string[] = []

const atlas = async (method: string, below: string, body?: unknown) => {
  const headers = { authorization: `Bearer ${home.privateKey}`, 'content-type': 'application/json' }
  const url = `${running.origin}/api/atlas/v1.0/groups/${home.project}${below}`
  return fetch(url, { method, headers, body: JSON.stringify(body) })
}

beforeAll(async () => {
  servers = await Promise.all(['one', 'two'].map(name => startInstance(join(folder, name))))
  doors = await Promise.all(servers.map(({ port }) => aProxy({ host: '127.0.0.1', port })))
  home = await found({ folder, flags })
  running = await serving({ folder, flags })
  for (const [at, { port }] of doors.entries()) {
    const coordinates = { host: '127.0.0.1', port, username: ADMIN, password: ADMIN_PASSWORD, database: 'admin' }
    const body = { name: `cluster ${at}`, instanceName: `cluster-${at}`, engine: 'mongodb', ...coordinates }
    const made = await send(running.origin, home.privateKey, {
      method: 'POST',
      url: `/projects/${home.project}/connections`,
      body,
    })
    expect(made.status, made.text).toBe(201)
    clusters.push(made.body.instance)
  }
}, 120_000)

afterAll(async () => {
  await running?.kill()
  for (const door of doors ?? []) await door[Symbol.asyncDispose]()
  for (const server of servers ?? []) await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** What a server has that nobody brought with it: logins, and roles of ours. */
async function thingsOn({ port }: RunningInstance) {
  const auth = { username: ADMIN, password: ADMIN_PASSWORD }
  await using admin = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { auth })
  const { users } = await admin.db('admin').command({ usersInfo: 1 })
  const { roles } = await admin.db('admin').command({ rolesInfo: 1 })
  const logins = (users as { user: string; roles: { role: string }[] }[]).filter(({ user }) => user !== ADMIN)
  const used = new Set(logins.flatMap(login => login.roles.map(({ role }) => role)))
  const orphans = (roles as { role: string }[])
    .map(({ role }) => role)
    .filter(role => role.startsWith('rolecall.mark') && !used.has(role))
  return { logins: logins.map(({ user }) => user), orphans }
}

async function settled(): Promise<void> {
  const open = async () => {
    const url = `/projects/${home.project}/operations?state=open`
    return (await send(running.origin, home.privateKey, { method: 'GET', url })).body.items.length
  }
  for (const end = Date.now() + 60_000; (await open()) > 0 && Date.now() < end; ) await sleep(200)
  expect(await open()).toBe(0)
}

/** Where the process is killed: when one of the servers gets a command that has this text, before it gets it or after it did it. */
const PLACES = [
  ['rolecall.mark', 'hang'],
  ['teal-Harbor', 'hang'],
  ['teal-Harbor', 'swallow'],
] as const

/** The same for a new password, which has no word of its own. */
const PLACES_OF_A_RESET = (['hang', 'swallow'] as const).flatMap(how => [0, 1].map(door => [how, door] as const))

test.each(PLACES.flatMap(([text, how]) => [0, 1].map(door => [text, how, door] as const)))(
  'a kill in the middle of a create on two clusters (%s, %s, cluster %i) leaves the user on both or on none, and no orphan',
  { timeout: 120_000 },
  async (text, how, door) => {
    const username = `killed-${text.slice(0, 4)}-${how}-${door}`
    doors[door]!.behaveAt(text, how)
    const roles = [{ databaseName: 'shop', roleName: 'read' }]
    const asked = atlas('POST', '/databaseUsers', { username, password: 'teal-Harbor-91', roles }).catch(
      () => undefined,
    )
    await sleep(700)
    await running.kill()
    await asked
    await doors[door]!.comeBack()
    running = await serving({ folder, flags })
    await settled()
    const [one, two] = await Promise.all(servers.map(thingsOn))
    expect(one!.logins.includes(username)).toBe(two!.logins.includes(username))
    expect([...one!.orphans, ...two!.orphans]).toEqual([])
    const isThere = one!.logins.includes(username)
    expect((await atlas('GET', `/databaseUsers/admin/${username}`)).status).toBe(isThere ? 200 : 404)
    // Whoever asks again gets on: it is made, or it is there.
    const again = await atlas('POST', '/databaseUsers', { username, password: 'teal-Harbor-91', roles })
    expect(again.status).toBe(isThere ? 409 : 201)
    expect((await atlas('DELETE', `/databaseUsers/admin/${username}`)).status).toBe(204)
  },
)

test.each([
  ['dropUser', 'hang', 0],
  ['dropUser', 'swallow', 1],
] as const)(
  'a kill in the middle of a delete (%s, %s, cluster %i) leaves the user nowhere',
  { timeout: 120_000 },
  async (text, how, door) => {
    const username = `deleted-${how}`
    const roles = [{ databaseName: 'shop', collectionName: 'orders', roleName: 'read' }]
    expect((await atlas('POST', '/databaseUsers', { username, password: 'teal-Harbor-91', roles })).status).toBe(201)
    doors[door]!.behaveAt(text, how)
    const asked = atlas('DELETE', `/databaseUsers/admin/${username}`).catch(() => undefined)
    await sleep(700)
    await running.kill()
    await asked
    await doors[door]!.comeBack()
    running = await serving({ folder, flags })
    await settled()
    for (const server of servers) {
      const { logins, orphans } = await thingsOn(server)
      expect([logins.includes(username), orphans]).toEqual([false, []])
    }
    expect((await atlas('GET', `/databaseUsers/admin/${username}`)).status).toBe(404)
  },
)

test.each(['hang', 'swallow'] as const)(
  'a kill in the middle of a change (%s) leaves the same roles and the same password on both clusters',
  { timeout: 120_000 },
  async how => {
    const username = `changed-${how}`
    const role = (databaseName: string) => [{ databaseName, roleName: 'read' }]
    const before = { username, password: 'teal-Harbor-91', roles: role('before') }
    expect((await atlas('POST', '/databaseUsers', before)).status).toBe(201)
    doors[1]!.behaveAt('olive-Harbor', how)
    const after = { password: 'olive-Harbor-92', roles: role('after') }
    const asked = atlas('PATCH', `/databaseUsers/admin/${username}`, after).catch(() => undefined)
    await sleep(700)
    await running.kill()
    await asked
    await doors[1]!.comeBack()
    running = await serving({ folder, flags })
    await settled()
    const read = await atlas('GET', `/databaseUsers/admin/${username}`)
    const { roles } = (await read.json()) as { roles: { databaseName: string }[] }
    const [{ databaseName } = { databaseName: 'none' }] = roles
    expect(['before', 'after']).toContain(databaseName)
    const password = databaseName === 'after' ? after.password : before.password
    for (const { port } of servers) {
      const auth = { username, password }
      await using client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { auth })
      await client.connect()
    }
    expect((await atlas('DELETE', `/databaseUsers/admin/${username}`)).status).toBe(204)
  },
)

test.each(PLACES_OF_A_RESET)(
  'a kill in the middle of a reset by DigitalOcean’s API (%s, cluster %i): the same again gets the password of both',
  { timeout: 120_000 },
  async (how, door) => {
    const username = `reset-${how}-${door}`
    const roles = [{ databaseName: 'shop', roleName: 'read' }]
    expect((await atlas('POST', '/databaseUsers', { username, password: 'teal-Harbor-91', roles })).status).toBe(201)
    const reset = async () => {
      const headers = { authorization: `Bearer ${home.privateKey}`, 'content-type': 'application/json' }
      const url = `${running.origin}/v2/databases/${clusters[0]}/users/${username}/reset_auth`
      const answer = await fetch(url, { method: 'POST', headers, body: '{}' })
      return {
        status: answer.status,
        password: answer.ok ? ((await answer.json()) as { user: { password: string } }).user.password : undefined,
      }
    }
    doors[door]!.behaveAt('updateUser', how)
    const asked = reset().catch(() => undefined)
    await sleep(700)
    await running.kill()
    await asked
    await doors[door]!.comeBack()
    running = await serving({ folder, flags })
    await settled()
    const { status, password } = await reset()
    expect(status).toBe(200)
    for (const { port } of servers) {
      const auth = { username, password }
      await using client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { auth })
      await client.connect()
    }
    expect((await atlas('DELETE', `/databaseUsers/admin/${username}`)).status).toBe(204)
  },
)
