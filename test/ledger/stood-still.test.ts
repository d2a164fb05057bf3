import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresql } from '../../src/engines/postgresql/index.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { aMark, INSTALLATION } from '../support/changes.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer, targetOf } from '../support/servers.ts'
import { type Serving, serving } from '../support/serving.ts'
import { heal, says, type Trouble, trouble } from '../support/troubled.ts'

const STORE = 'rolecall_stood_still'
const GRANTED = 'rolecall_stood_still_granted'

/** A lease lasts five seconds; the other looks once a second, ends the session and finishes. */
const PAST_THE_LEASE_MS = 8_000

let server: TestServer
let engine: pg.Client
let rolecall: RunningApp
let other: Serving
let mine: Trouble
let users: string

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  for (const name of [STORE, GRANTED]) {
    await engine.query(`drop database if exists ${name} with (force)`)
    await engine.query(`create database ${name}`)
  }
  const { host, port, username, password } = server
  const flags = { '--store': `postgres://${username}:${password}@${host}:${port}/${STORE}` }
  mine = trouble()
  rolecall = await aRunningApp({ flags, parts: mine.parts })
  other = await serving({ folder: rolecall.folder, flags })
  users = `/instances/${(await rolecall.connect(server)).instance}/users`
  await rolecall.native('GET', users)
}, 60_000)

afterAll(async () => {
  await other?.kill()
  await rolecall?.[Symbol.asyncDispose]()
  for (const name of [STORE, GRANTED]) await engine?.query(`drop database if exists ${name} with (force)`)
  await engine?.end()
})

const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('a process that stood still between two statements sends no other, and its change is finished by another', async () => {
  const sent: string[] = []
  mine.around = async (step, run) => {
    sent.push(step.why)
    await run(step)
    if (says(step, 'create role "still_ada"')) standStill(PAST_THE_LEASE_MS)
  }
  const grants = [{ role: 'read', database: GRANTED }]
  const answer = await rolecall.native('POST', users, { body: { name: 'still_ada', grants } })
  heal(mine)
  expect(sent).toEqual(['make the login and mark it'])
  expect(answer.status).toBe(503)
  const path = `/projects/${rolecall.project}/operations/${answer.body.operation}`
  const operation = async () => (await rolecall.native('GET', path)).body
  await expect.poll(async () => (await operation()).state, { timeout: 10_000 }).toBe('settled')
  expect(await operation()).toMatchObject({ attempts: 2 })
  const taken = await rolecall.native('GET', `${path}/answer`)
  expect(await logsIn(server, 'still_ada', taken.body.password)).toBe(true)
  await rolecall.native('DELETE', `${users}/still_ada`)
}, 60_000)

test('nothing is run in another database once the session of the attempt has been ended', async () => {
  const session = { installation: INSTALLATION, operation: aMark().operation, attempt: 1 }
  const product = postgresql()
  await using link = await product.open(targetOf(server), session, AbortSignal.timeout(10_000))
  await product.endSession(targetOf(server), session, AbortSignal.timeout(10_000))
  const step = { database: GRANTED, why: 'a test', statements: [{ shown: 'create table public.too_late ()' }] }
  await expect(link.run(step)).rejects.toMatchObject({ code: 'unavailable' })
  const granted = await engineClient(server, GRANTED)
  expect((await granted.query("select from pg_class where relname = 'too_late'")).rowCount).toBe(0)
  await granted.end()
})
