import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN, ADMIN_PASSWORD, type RunningInstance, startInstance } from '../support/mongodb/instance.ts'
import { aProxy, type TcpProxy } from '../support/proxy.ts'
import { type Founded, found, type Serving, send, serving } from '../support/serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'rolecall-waiting-'))
const flags = {
  '--timeouts-statement-ms': '1000',
  '--atlas-accept-unversioned': 'true',
  '--atlas-partial-failure': 'eventual',
  '--atlas-late-join': 'ask',
}
let servers: readonly RunningInstance[]
let doors: readonly TcpProxy[]
let home: Founded
let running: Serving

const atlas = (method: string, below: string, body?: unknown) => {
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
    const login = { username: ADMIN, password: ADMIN_PASSWORD, database: 'admin' }
    const body = {
      name: `cluster ${at}`,
      instanceName: `cluster-${at}`,
      engine: 'mongodb',
      host: '127.0.0.1',
      port,
      ...login,
    }
    const url = `/projects/${home.project}/connections`
    expect((await send(running.origin, home.privateKey, { method: 'POST', url, body })).status).toBe(201)
  }
}, 120_000)

afterAll(async () => {
  await running?.kill()
  for (const door of doors ?? []) await door[Symbol.asyncDispose]()
  for (const server of servers ?? []) await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function settled(): Promise<void> {
  const url = `/projects/${home.project}/operations?state=open`
  const open = async () => (await send(running.origin, home.privateKey, { method: 'GET', url })).body.items.length
  for (const end = Date.now() + 60_000; (await open()) > 0 && Date.now() < end; ) await sleep(200)
  expect(await open()).toBe(0)
}

async function rolesOn({ port }: RunningInstance, username: string): Promise<readonly string[]> {
  const auth = { username: ADMIN, password: ADMIN_PASSWORD }
  await using admin = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { auth })
  const { users } = await admin.db('admin').command({ usersInfo: username })
  const roles = (users[0]?.roles ?? []) as readonly { role: string; db: string }[]
  return roles.filter(({ role }) => !role.startsWith('rolecall')).map(({ db }) => db)
}

async function logsIn({ port }: RunningInstance, username: string, password: string): Promise<boolean> {
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true`
  await using client = new MongoClient(url, { auth: { username, password } })
  return await client.connect().then(
    () => true,
    () => false,
  )
}

const role = (databaseName: string) => [{ databaseName, roleName: 'read' }]

/** From before it is written to after it is told. */
test.each([10, 25, 40, 60, 90, 140])(
  'a kill %i ms into a change that takes the place of one that waits loses neither its password nor half of its roles',
  { timeout: 120_000 },
  async ms => {
    const username = `waits-${ms}`
    const user = `/databaseUsers/admin/${username}`
    const made = await atlas('POST', '/databaseUsers', { username, password: 'teal-Harbor-91', roles: role('first') })
    expect(made.status).toBe(201)
    await doors[1]!.refuse()
    const waiting = await atlas('PATCH', user, { password: 'olive-Harbor-92', roles: role('second') })
    expect(waiting.status).toBe(200)
    const asked = atlas('PATCH', user, { roles: role('third') }).catch(() => undefined)
    await sleep(ms)
    await running.kill()
    await asked
    await doors[1]!.comeBack()
    running = await serving({ folder, flags })
    await settled()
    const { roles } = (await (await atlas('GET', user)).json()) as { roles: readonly { databaseName: string }[] }
    const told = roles.map(({ databaseName }) => databaseName)
    expect([['second'], ['third']]).toContainEqual(told)
    for (const server of servers) {
      expect(await rolesOn(server, username)).toEqual(told)
      expect(await logsIn(server, username, 'olive-Harbor-92')).toBe(true)
    }
    expect((await atlas('DELETE', user)).status).toBe(204)
  },
)
