import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { coordinates } from '../crash/drill/drill.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'
import { type Founded, found, type Sent, type Serving, send, serving } from '../support/serving.ts'
import { until } from './timing.ts'

/** A disk of its own, small enough to be filled: needs root, as containers have it. */
const folder = mkdtempSync(join(tmpdir(), 'rolecall-small-disk-'))
const isMounted = mount()
const data = join(folder, 'data')
const filler = join(folder, 'filler')

/** Its own: it is locked for seconds, which other tests would feel. */
let cluster: RunningCluster
let server: TestServer
let engine: pg.Client
let home: Founded
let rolecall: Serving
let users: string

beforeAll(async () => {
  if (!isMounted) return
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  engine = await engineClient(server)
  home = await found({ folder: data })
  rolecall = await serving({ folder: data })
  const { instance } = (await connect('disk')).body
  users = `/instances/${instance}/users`
  await ask({ method: 'GET', url: users })
})

afterAll(async () => {
  await rolecall?.kill()
  if (isMounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
  await engine?.end()
  await cluster?.[Symbol.asyncDispose]()
})

const ask = (sent: Sent) => send(rolecall.origin, home.privateKey, sent)
const connections = () => `/projects/${home.project}/connections`
const connect = (name: string) =>
  ask({
    method: 'POST',
    url: connections(),
    body: coordinates(server, name, name === 'disk' ? server.host : 'disk.test'),
  })
const create = (name: string) => ask({ method: 'POST', url: users, body: { name } })

function mount(): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]).status === 0
}

/** To the last byte. */
function fill(): void {
  for (const size of [1_000_000, 10_000, 4096, 1]) {
    try {
      while (true) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // That size no longer fits.
    }
  }
}

/** Asks for one connection after another until the store takes no more. */
async function untilFull(): Promise<{ readonly made: number; readonly refused: Awaited<ReturnType<typeof ask>> }> {
  for (let made = 0; made < 5_000; made++) {
    const answer = await connect(`full ${made}`)
    if (answer.status !== 201) return { made, refused: answer }
  }
  throw new Error('The disk never got full')
}

test.runIf(isMounted)(
  'a full disk: changes are refused with the reason, reads go on, nothing is half-written, and all is well afterwards',
  async () => {
    fill()
    const { made, refused } = await untilFull()
    expect([refused.status, refused.body.type]).toEqual([503, 'urn:rolecall:fault:unavailable'])
    expect(refused.body.detail).toMatch(/disk that holds the store is full/)
    const login = await create('disk_never')
    expect([login.status, login.body.detail]).toEqual([503, expect.stringMatching(/disk that holds the store is full/)])
    expect((await engine.query("select from pg_roles where rolname = 'disk_never'")).rowCount).toBe(0)
    expect((await ask({ method: 'GET', url: users })).status).toBe(200)
    expect((await ask({ method: 'GET', url: `${connections()}?limit=1000` })).body.items).toHaveLength(
      Math.min(1000, made + 1),
    )

    rmSync(filler)
    expect((await connect('after')).status).toBe(201)
    const after = await create('disk_after')
    expect([after.status, await logsIn(server, 'disk_after', after.body.password)]).toEqual([201, true])
    await rolecall.kill()
    rolecall = await serving({ folder: data })
    expect((await ask({ method: 'GET', url: `${connections()}?q=after` })).body.items).toHaveLength(1)
  },
  60_000,
)

test.runIf(isMounted)(
  'a disk that gets full while a change is on its way: the change is settled once there is room',
  async () => {
    const holder = await engineClient(server)
    await holder.query('begin; lock table pg_authid in exclusive mode')
    const asking = create('disk_midway')
    await until(async () => (await waiting()) === 1)
    fill()
    await untilFull()
    await holder.query('rollback')
    await holder.end()
    const answer = await asking
    expect(answer.status).toBe(503)
    rmSync(filler)
    const url = `/projects/${home.project}/operations`
    await until(async () => (await ask({ method: 'GET', url: `${url}?state=open` })).body.items.length === 0)
    const [operation] = (await ask({ method: 'GET', url })).body.items
    expect(operation).toMatchObject({ kind: 'create-user', state: 'settled', answer: 'undelivered' })
    const taken = await ask({ method: 'GET', url: `${url}/${operation.id}/answer` })
    expect(await logsIn(server, 'disk_midway', taken.body.password)).toBe(true)
  },
  60_000,
)

async function waiting(): Promise<number> {
  const { rows } = await engine.query(
    "select from pg_stat_activity where wait_event_type = 'Lock' and query ilike 'create role%'",
  )
  return rows.length
}
