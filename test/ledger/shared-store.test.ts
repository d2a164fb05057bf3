import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'

const DATABASE = 'rolecall_shared_store'

let server: TestServer
let engine: pg.Client
let one: RunningApp
let other: RunningApp

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  await engine.query(`drop database if exists ${DATABASE} with (force)`)
  await engine.query(`create database ${DATABASE}`)
  const { host, port, username, password } = server
  const flags = { '--store': `postgres://${username}:${password}@${host}:${port}/${DATABASE}` }
  one = await aRunningApp({ flags })
  other = await aRunningApp({ flags, folder: one.folder, key: one.key })
})

afterAll(async () => {
  await other?.[Symbol.asyncDispose]()
  await one?.[Symbol.asyncDispose]()
  await engine?.query(`drop database if exists ${DATABASE} with (force)`)
  await engine?.end()
})

test('two processes on one PostgreSQL store answer the same, and a login that one makes the other resets and drops', async () => {
  const { instance } = await one.connect(server)
  const users = `/instances/${instance}/users`
  const made = await one.native('POST', users, { body: { name: 'shared_ada', labels: { by: 'one' } } })
  expect(made.status).toBe(201)
  const read = await other.native('GET', `${users}/shared_ada`)
  expect(read.body).toMatchObject({ labels: { by: 'one' }, madeBy: { operation: made.body.operation } })
  const reset = await other.native('POST', `${users}/shared_ada/reset`)
  expect(await logsIn(server, 'shared_ada', made.body.password)).toBe(false)
  expect(await logsIn(server, 'shared_ada', reset.body.password)).toBe(true)
  const races = await Promise.all([one, other].map(app => app.native('DELETE', `${users}/shared_ada`)))
  expect(races.map(({ status }) => status).sort()).toEqual([200, 404])
})

test('the same Idempotency-Key at both makes one login', async () => {
  const { instance } = await one.connect(server)
  const asking = { body: { name: 'shared_once' }, headers: { 'idempotency-key': 'shared' } }
  const answers = await Promise.all(
    [one, other, one, other].map(app => app.native('POST', `/instances/${instance}/users`, asking)),
  )
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(answers[0]!.status).toBe(201)
  await one.native('DELETE', `/instances/${instance}/users/shared_once`)
})
