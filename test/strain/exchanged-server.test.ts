import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { aProxy, type TcpProxy } from '../support/proxy.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'
import { until } from './timing.ts'

let clusters: RunningCluster[]
let one: TestServer
let other: TestServer
let proxy: TcpProxy
let rolecall: RunningApp
let instance: string

beforeAll(async () => {
  clusters = [await startCluster(await ownPostgresql()), await startCluster(await ownPostgresql())]
  ;[one, other] = clusters.map(serverOf) as [TestServer, TestServer]
  proxy = await aProxy(one)
  rolecall = await aRunningApp({ flags: { '--timeouts-statement-ms': '1000', '--timeouts-request-ms': '1500' } })
  instance = `/instances/${(await rolecall.connect({ ...one, port: proxy.port })).instance}`
  await rolecall.native('GET', `${instance}/users`)
})

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
  for (const cluster of clusters ?? []) await cluster[Symbol.asyncDispose]()
})

const create = (name: string) => rolecall.native('POST', `${instance}/users`, { body: { name } })
const operation = async (id: string) =>
  (await rolecall.native('GET', `/projects/${rolecall.project}/operations/${id}`)).body

async function namesOn(server: TestServer): Promise<readonly string[]> {
  const engine = await engineClient(server)
  const { rows } = await engine.query("select rolname from pg_roles where rolname like 'exchanged\\_%' order by 1")
  await engine.end()
  return rows.map(({ rolname }) => rolname)
}

test('a connection that suddenly leads to another server stops every change there, and says so, until an admin accepts it', async () => {
  expect((await create('exchanged_before')).status).toBe(201)
  // Sent, and never answered: a drop is pending when the server is exchanged.
  proxy.behaveAt('drop role', 'hang')
  const drop = await rolecall.native('DELETE', `${instance}/users/exchanged_before`)
  expect(drop.status).toBe(503)
  const pending = drop.body.operation
  await proxy.comeBack(other)

  await until(async () => /another server/.test((await operation(pending)).lastFault?.detail ?? ''))
  expect((await operation(pending)).state).toBe('stuck')
  const refused = await create('exchanged_new')
  expect([refused.status, refused.body.type]).toEqual([409, 'urn:rolecall:fault:server-changed'])
  expect((await rolecall.native('GET', instance)).body).toMatchObject({
    health: 'changed-server',
    changedServer: { fingerprint: expect.any(String) },
  })
  expect([await namesOn(one), await namesOn(other)]).toEqual([['exchanged_before'], []])

  const accepted = await rolecall.native('POST', `${instance}/accept-server`)
  expect([accepted.status, accepted.body.health]).toEqual([200, 'seen'])
  const made = await create('exchanged_new')
  expect([made.status, await logsIn(other, 'exchanged_new', made.body.password)]).toEqual([201, true])
  await until(async () => (await operation(pending)).state === 'settled', 40_000)
  expect(await namesOn(other)).toEqual(['exchanged_new'])
}, 90_000)

test('leads to the first one again: nothing is left to accept', async () => {
  const { fingerprints } = (await rolecall.native('GET', instance)).body
  expect(fingerprints).toHaveLength(2)
  await proxy.comeBack(one)
  const made = await create('exchanged_back')
  expect([made.status, await logsIn(one, 'exchanged_back', made.body.password)]).toEqual([201, true])
})

test('shows no table of a server that nobody has accepted', async () => {
  for (const server of [one, other]) {
    const engine = await engineClient(server)
    await engine.query(`create table public.exchanged as select '${server.port}' as word`)
    await engine.end()
  }
  await using door = await aProxy(one)
  const { connection, instance } = await rolecall.connect({ ...one, port: door.port })
  const path = `/instances/${instance}`
  expect((await rolecall.native('GET', `${path}/users`)).status).toBe(200)
  const dataSource = { name: 'words', type: 'DATABASE', databaseConnection: connection, tableName: 'exchanged' }
  const { body } = await rolecall.ask('POST', '/v1/users/self/data-sources', { body: { dataSource } })
  const preview = () => rolecall.ask('GET', `/v1/data-sources/${body.dataSource.id}?data-view=preview`)
  expect((await preview()).body.dataSource.rowsPreview).toEqual([[String(one.port)]])
  await door.comeBack(other)
  const refused = await preview()
  expect([refused.status, refused.text.includes(String(other.port))], refused.text).toEqual([409, false])
  expect((await rolecall.native('GET', path)).body.health).toBe('changed-server')
  expect((await rolecall.native('POST', `${path}/accept-server`)).status).toBe(200)
  expect((await preview()).body.dataSource.rowsPreview).toEqual([[String(other.port)]])
})
