import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mcp } from '../../../support/digitalocean/mcp.ts'
import { engineClient, logsIn } from '../../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../../support/servers.ts'
import { type Founded, found, type Serving, send, serving } from '../../../support/serving.ts'
import { aName, sqlOn } from './ground.ts'

const INSTALL_MS = 600_000

const folder = mkdtempSync(join(tmpdir(), 'rolecall-killed-'))
let server: TestServer
let founded: Founded
let running: Serving
let cluster: string

beforeAll(async () => {
  server = await postgresqlServer()
  founded = await found({ folder })
  running = await serving({ folder })
  const { host, port, database, username, password } = server
  const body = { name: 'main', engine: 'postgresql', host, port, database, username, password }
  const url = `/projects/${founded.project}/connections`
  const made = await send(running.origin, founded.privateKey, { method: 'POST', url, body })
  cluster = made.body.instance
}, INSTALL_MS)

afterAll(async () => {
  await running?.kill()
  rmSync(folder, { recursive: true, force: true })
})

test(
  'godo’s own repeat reaches the Rolecall that comes after a killed one, and is told the one user’s password',
  async () => {
    await using godo = await mcp(running.origin, founded.privateKey)
    const name = aName('killed')
    const other = await inTheWayOf(name)
    const adding = godo.addUser(cluster, name)
    await until(async () => (await waiting(name)) > 0)
    await running.kill()
    running = await serving({ folder, flags: { '--port': new URL(running.origin).port } })
    await other.query('rollback')
    await other.end()
    const added = await adding
    expect(await logsIn(server, name, added.password!)).toBe(true)
    expect(await sqlOn(server, 'select from pg_roles where rolname = $1', [name])).toHaveLength(1)
    expect((await godo.users(cluster)).filter(user => user.name === name)).toHaveLength(1)
    await expect(godo.addUser(cluster, name)).rejects.toMatchObject({ status: 422 })
    await godo.dropUser(cluster, name)
    expect(await logsIn(server, name, added.password!)).toBe(false)
  },
  INSTALL_MS,
)

/** Another session is about to make that login: whoever makes it meanwhile waits for its end. */
async function inTheWayOf(name: string): Promise<pg.Client> {
  const other = await engineClient(server)
  await other.query(`begin; create role ${name}`)
  return other
}

async function waiting(name: string): Promise<number> {
  const text = "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'create role%' || $1 || '%'"
  return (await sqlOn(server, text, [name])).length
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('It did not come to that within 30 s')
    await sleep(20)
  }
}
