import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { engineClient, logsIn } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { type Founded, found, type Serving, send, serving } from '../../support/serving.ts'

let server: TestServer
let folder: string
let founded: Founded
let users: string

beforeAll(async () => {
  server = await postgresqlServer()
  folder = mkdtempSync(join(tmpdir(), 'rolecall-again-'))
  founded = await found({ folder })
  await using first = await serving({ folder })
  const { host, port, database, username, password } = server
  const body = { name: 'main', engine: 'postgresql', host, port, database, username, password }
  const made = await send(first.origin, founded.privateKey, {
    method: 'POST',
    url: `/projects/${founded.project}/connections`,
    body,
  })
  users = `/v2/databases/${made.body.instance}/users`
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function post({ origin }: Serving, path: string, body: object) {
  const headers = { authorization: `Bearer ${founded.privateKey}`, 'content-type': 'application/json' }
  const answer = await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: (await answer.json()) as { readonly user: { readonly password: string } } }
}

/** Killed while the change waits for the server, which then goes on; answered when another process serves from the same folder. */
async function killedMeanwhile(path: string, body: object) {
  const client = await engineClient(server)
  await client.query('begin; lock table pg_authid in share row exclusive mode')
  const first = await serving({ folder })
  const asked = post(first, path, body).catch(() => undefined)
  await untilItWaits(client)
  await first.kill()
  await asked
  await client.query('rollback')
  await client.end()
  return serving({ folder })
}

/** Behind whoever holds the lock. */
async function untilItWaits(holder: Awaited<ReturnType<typeof engineClient>>): Promise<void> {
  const waiting = 'select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))'
  for (const end = Date.now() + 30_000; (await holder.query(waiting)).rowCount === 0; await sleep(20))
    if (Date.now() > end) throw new Error('Nobody waits for the lock')
}

async function until503IsOver(next: Serving, path: string, body: object) {
  for (let left = 150; left > 0; left--) {
    const answer = await post(next, path, body)
    if (answer.status !== 503) return answer
    await sleep(100)
  }
  throw new Error('still 503')
}

test('a create whose process was killed is answered to the same request again, once, with a password that works', async () => {
  const name = `do_killed_${process.pid}`
  await using next = await killedMeanwhile(users, { name })
  const { status, body } = await until503IsOver(next, users, { name })
  expect(status).toBe(201)
  expect(await logsIn(server, name, body.user.password)).toBe(true)
  expect((await post(next, users, { name })).status).toBe(422)
}, 90_000)

test('so is a reset: nobody is left with a password that nobody has', async () => {
  const name = `do_killed_reset_${process.pid}`
  {
    await using first = await serving({ folder })
    expect((await post(first, users, { name })).status).toBe(201)
  }
  const path = `${users}/${name}/reset_auth`
  await using next = await killedMeanwhile(path, {})
  const { status, body } = await until503IsOver(next, path, {})
  expect(status).toBe(200)
  expect(await logsIn(server, name, body.user.password)).toBe(true)
}, 90_000)
