import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { coordinates } from '../crash/drill/drill.ts'
import { createLanes, type Lanes } from '../support/lanes.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { pick, randomOf, seedOf } from '../support/random.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'
import { type Founded, found, type Got, type Sent, type Serving, send, serving } from '../support/serving.ts'

const STORE = 'rolecall_strain_store'
const GRANTED = 'rolecall_strain_granted'
const NAMES = Array.from({ length: 12 }, (_, lane) => `strain_lane_${lane}_end`)

/** A lease lasts five seconds, and a worker looks once a second. */
const PAST_THE_LEASE_MS = 8_000

/** Its own: it is locked for seconds, which other tests would feel. */
let cluster: RunningCluster
let server: TestServer
let engine: pg.Client
let home: Founded
let replicas: Serving[]
let instance: string
let users: string
let lanes: Lanes
let wish: { readonly folder: string; readonly flags: Readonly<Record<string, string>> }

const ask = (at: number, sent: Sent) => send(replicas[at % replicas.length]!.origin, home.privateKey, sent)
const operation = async (id: string) =>
  (await ask(0, { method: 'GET', url: `/projects/${home.project}/operations/${id}` })).body

beforeAll(async () => {
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  engine = await engineClient(server)
  for (const name of [STORE, GRANTED]) await engine.query(`create database ${name}`)
  const { host, port, username, password } = server
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-replicas-'))
  const store = `postgres://${username}:${password}@${host}:${port}/${STORE}`
  wish = { folder, flags: { '--store': store, '--limits-rate-per-minute': '0' } }
  home = await found(wish)
  replicas = await Promise.all([serving(wish), serving(wish), serving(wish)])
  const url = `/projects/${home.project}/connections`
  instance = (await ask(0, { method: 'POST', url, body: coordinates(server, 'replicas') })).body.instance
  users = `/instances/${instance}/users`
  await ask(0, { method: 'GET', url: users })
  lanes = createLanes({ names: NAMES, server, engine, home, instance, database: GRANTED, ask: sent => ask(0, sent) })
})

afterAll(async () => {
  await Promise.all((replicas ?? []).map(replica => replica.kill()))
  if (wish) rmSync(wish.folder, { recursive: true, force: true })
  await engine?.end()
  await cluster?.[Symbol.asyncDispose]()
})

/** The same request, a hundred times at once, over all of them. */
function hundredTimes(sent: Sent, heard: (answer: Got) => void = () => undefined): Promise<readonly Got[]> {
  return Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      const answer = await ask(at, sent)
      heard(answer)
      return answer
    }),
  )
}

function tally(answers: readonly Got[]): Readonly<Record<string, number>> {
  const words = answers.map(({ status, body }) => `${status} ${body?.type?.split(':').at(-1) ?? ''}`.trim())
  return Object.fromEntries([...Map.groupBy(words, word => word)].map(([word, all]) => [word, all.length]))
}

describe('a hundred requests at once over three processes', () => {
  test('of identical creates one is made, and its password logs in; ninety-nine are told that the name is taken', async () => {
    const answers = await hundredTimes({ method: 'POST', url: users, body: { name: 'strain_create' } })
    expect(tally(answers)).toEqual({ 201: 1, '409 exists': 99 })
    const { body } = answers.find(({ status }) => status === 201)!
    expect(await logsIn(server, 'strain_create', body.password)).toBe(true)
  })

  test('with one Idempotency-Key all get the same answer', async () => {
    const headers = { 'idempotency-key': 'a hundred' }
    const answers = await hundredTimes({ method: 'POST', url: users, body: { name: 'strain_keyed' }, headers })
    expect(tally(answers)).toEqual({ 201: 100 })
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await logsIn(server, 'strain_keyed', answers[0]!.body.password)).toBe(true)
  })

  test('of resets of one login exactly one password works afterwards, and it was answered last', async () => {
    await ask(0, { method: 'POST', url: users, body: { name: 'strain_reset' } })
    const answered: string[] = []
    const late: string[] = []
    const sent: Sent = { method: 'POST', url: `${users}/strain_reset/reset`, body: {} }
    const answers = await hundredTimes(sent, ({ status, body }) => {
      if (status === 200) answered.push(body.password)
      if (status === 503 && body.operation) late.push(body.operation)
    })
    console.info(`100 resets at once: ${JSON.stringify(tally(answers))}`)
    const works: boolean[] = []
    for (const password of answered) works.push(await logsIn(server, 'strain_reset', password))
    for (const id of late) works.push(await ledToLogin(id))
    expect(works.filter(Boolean)).toHaveLength(1)
    // Whoever was told 503 may have been last: its answer waited for it.
    if (late.length === 0) expect(works.at(-1)).toBe(true)
  })
})

describe('a process that stands still past its lease', () => {
  test('finds that another has finished its change, and steps back; the password waits for its caller', async () => {
    const holder = await engineClient(server)
    await holder.query('begin; lock table pg_authid in exclusive mode')
    const asking = ask(1, { method: 'POST', url: users, body: { name: 'strain_stopped' } })
    await until(async () => (await waiting('create role "strain_')) === 1)
    replicas[1]!.process.kill('SIGSTOP')
    // Its statement takes effect while it stands still.
    await holder.query('rollback')
    await holder.end()
    const [open] = await lanes.operations()
    await until(async () => (await operation(open!.id)).state === 'settled')
    replicas[1]!.process.kill('SIGCONT')
    const answer = await asking
    expect([answer.status, answer.body.operation]).toEqual([503, open!.id])
    // Whatever it did when it woke up changed nothing of what the other had settled.
    await sleep(500)
    expect(await operation(open!.id)).toMatchObject({ state: 'settled', attempts: 2, answer: 'undelivered' })
    const url = `/projects/${home.project}/operations/${open!.id}/answer`
    const taken = await ask(2, { method: 'GET', url })
    expect(await logsIn(server, 'strain_stopped', taken.body.password)).toBe(true)
  })

  test('does not do again what another has undone', async () => {
    const holder = await engineClient(server)
    await holder.query('begin; lock table pg_authid in exclusive mode')
    const asking = ask(1, { method: 'POST', url: users, body: { name: 'strain_undone' } })
    await until(async () => (await waiting('create role "strain_')) === 1)
    replicas[1]!.process.kill('SIGSTOP')
    const [open] = await lanes.operations()
    await until(async () => (await operation(open!.id)).state === 'undone')
    await holder.query('rollback')
    await holder.end()
    replicas[1]!.process.kill('SIGCONT')
    expect((await asking).status).toBe(503)
    await sleep(500)
    expect((await operation(open!.id)).state).toBe('undone')
    expect((await engine.query("select from pg_roles where rolname = 'strain_undone'")).rowCount).toBe(0)
  })
})

test('under load, one killed and one stopped past its lease: no change is lost, none is done twice', async () => {
  const random = randomOf(seedOf('replicas'))
  const tallied = { answered: 0, lost: 0 }
  const end = Date.now() + PAST_THE_LEASE_MS + 2_000
  const lane = async (name: string) => {
    while (Date.now() < end) {
      const answer = await ask(pick(random, [0, 1, 2]), lanes.next(name, random)).catch(() => undefined)
      if (!answer) tallied.lost++
      else tallied.answered++
      if (answer) lanes.heard(answer)
    }
  }
  const load = Promise.all(NAMES.map(lane))
  await sleep(500)
  replicas[1]!.process.kill('SIGSTOP')
  await replicas[2]!.kill()
  await sleep(PAST_THE_LEASE_MS)
  replicas[1]!.process.kill('SIGCONT')
  replicas[2] = await serving(wish)
  await load
  await lanes.allEnded()
  await lanes.check()
  await noneEndedTwice()
  const operations = await lanes.operations()
  const again = operations.filter(({ attempts }) => attempts > 1)
  console.info(
    `${tallied.answered} answered, ${tallied.lost} cut off; ${operations.length} operations, ${again.length} taken over`,
  )
  expect(again.length).toBeGreaterThan(0)
}, 60_000)

/** The password of an answer that came too late, fetched by its caller: does it log in. */
async function ledToLogin(id: string): Promise<boolean> {
  await until(async () => (await operation(id)).state !== 'open')
  const taken = await ask(0, { method: 'GET', url: `/projects/${home.project}/operations/${id}/answer` })
  return taken.body.password !== undefined && logsIn(server, 'strain_reset', taken.body.password)
}

/** Whoever ends an operation writes one line into the audit, in the same transaction. */
async function noneEndedTwice(): Promise<void> {
  const store = await engineClient(server, STORE)
  const { rows } = await store.query(
    `select operation_id, count(*)::int from rolecall.audit_lines
     where outcome in ('settled', 'undone') group by operation_id`,
  )
  await store.end()
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter(({ count }) => count !== 1)).toEqual([])
}

async function waiting(statement: string): Promise<number> {
  const { rows } = await engine.query(
    "select from pg_stat_activity where wait_event_type = 'Lock' and query ilike $1 || '%'",
    [statement],
  )
  return rows.length
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; !(await holds()); await sleep(20)) {
    if (Date.now() > end) throw new Error('It did not come about within 15 s')
  }
}
