import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient } from '../support/logins.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'

let cluster: RunningCluster
let server: TestServer
let engine: pg.Client

beforeAll(async () => {
  // A server of its own: its sessions are ours and nobody else's.
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  engine = await engineClient(server)
})
afterAll(async () => {
  await engine?.end()
  await cluster?.[Symbol.asyncDispose]()
})

const sessions = async (): Promise<readonly { readonly pid: number; readonly name: string }[]> =>
  (
    await engine.query(
      "select pid, application_name as name from pg_stat_activity where application_name like 'rolecall/%' order by pid",
    )
  ).rows
const names = async () => (await sessions()).map(({ name }) => name).filter(name => name !== 'rolecall/read')

async function create(rolecall: RunningApp, instance: string, name: string): Promise<number> {
  const { status } = await rolecall.native('POST', `/instances/${instance}/users`, { body: { name } })
  return status
}

test('one change after another goes over one session, and one that the server ended costs nothing but a log-in', async () => {
  await using rolecall = await aRunningApp()
  const { instance } = await rolecall.connect(server)
  expect(await create(rolecall, instance, 'spare_one')).toBe(201)
  await expect.poll(names).toEqual(['rolecall/spare'])
  const before = await sessions()
  expect(await create(rolecall, instance, 'spare_two')).toBe(201)
  // A name that is taken is found out by looking: the session is none the worse for it.
  expect(await create(rolecall, instance, 'spare_two')).toBe(409)
  await expect.poll(sessions).toEqual(before)
  await engine.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rolecall/spare'")
  expect(await create(rolecall, instance, 'spare_three')).toBe(201)
  await expect.poll(names).toEqual(['rolecall/spare'])
  expect(await sessions()).not.toEqual(before)
})

test('a server that stopped meanwhile is found again as soon as it is back', async () => {
  await using rolecall = await aRunningApp()
  const { instance } = await rolecall.connect(server)
  expect(await create(rolecall, instance, 'spare_four')).toBe(201)
  await engine.end()
  await cluster[Symbol.asyncDispose]()
  cluster = await startCluster(cluster)
  engine = await engineClient(server)
  expect(await create(rolecall, instance, 'spare_five')).toBe(201)
})

test('nothing is left on the server when Rolecall stops', async () => {
  {
    await using rolecall = await aRunningApp()
    const { instance } = await rolecall.connect(server)
    expect(await create(rolecall, instance, 'spare_six')).toBe(201)
  }
  await expect.poll(sessions).toEqual([])
})

test('a spare makes room for a change on another instance', async () => {
  const flags = { '--limits-links-in-all': '1', '--limits-links-per-instance': '1' }
  await using rolecall = await aRunningApp({ flags })
  const [{ instance: one }, { instance: other }] = [
    await rolecall.connect(server),
    await rolecall.connect({ ...server, host: 'localhost' }),
  ]
  expect(one).not.toBe(other)
  for (const [instance, name] of [
    [one, 'spare_seven'],
    [other, 'spare_eight'],
    [one, 'spare_nine'],
  ] as const) {
    expect(await create(rolecall, instance, name)).toBe(201)
    await expect.poll(names).toEqual(['rolecall/spare'])
  }
})
