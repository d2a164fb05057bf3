import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../support/servers.ts'
import { copyOf, makeTemplate, restart, runChild, type Template } from './drill/drill.ts'

const NAME = 'crash_sent_end'
const OLD_PASSWORD = 'old-password-of-the-sent-one'

let cluster: RunningCluster
let server: TestServer
let engine: pg.Client
let template: Template

beforeAll(async () => {
  // A server of its own: nobody else's roles are to wait for the lock that this test holds.
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  engine = await engineClient(server)
  template = await makeTemplate(server)
  const verifier = await scramVerifier(new Secret(OLD_PASSWORD))
  await engine.query(`create role ${NAME} login password '${verifier.reveal()}'`)
})

afterAll(async () => {
  template?.[Symbol.dispose]()
  await engine?.end()
  await cluster?.[Symbol.asyncDispose]()
})

test('a statement that a killed process had sent is ended before anybody looks, so it takes no effect later', async () => {
  using copy = copyOf(template)
  await using holder = await holdingLogins()
  // The reset waits inside of the server, and would go on there when its process is gone.
  const kill = new AbortController()
  const request = { method: 'POST', url: `/instances/${template.instance}/users/${NAME}/reset`, body: {} } as const
  const drill = { folder: copy.folder, template, setUp: [], request, killAt: Number.MAX_SAFE_INTEGER }
  const running = runChild(drill, kill.signal)
  await until(async () => (await waiting()) > 0)
  kill.abort()
  expect(await running).toBeUndefined()
  expect(await waiting()).toBe(1)
  await using after = await restart(copy.folder, template)
  expect(await waiting()).toBe(0)
  await holder[Symbol.asyncDispose]()
  const { items } = await after.ask({ method: 'GET', url: `/projects/${template.project}/operations` })
  expect(items).toMatchObject([{ kind: 'reset-user', state: 'undone' }])
  expect(await logsIn(server, NAME, OLD_PASSWORD)).toBe(true)
})

test('what was applied before a kill stays open while its server turns us away, and is settled when it lets us in', async () => {
  const name = 'crash_turned_away'
  const request = { method: 'POST', url: `/instances/${template.instance}/users`, body: { name } } as const
  const drillOn = (folder: string, killAt: number) => ({ folder, template, setUp: [], request, killAt })
  using counting = copyOf(template)
  const { passed } = (await runChild(drillOn(counting.folder, Number.MAX_SAFE_INTEGER)))!
  await engine.query(`drop role ${name}`)
  using copy = copyOf(template)
  expect(
    await runChild(drillOn(copy.folder, passed.findIndex(point => point.startsWith('after create role')) + 1)),
  ).toBeUndefined()
  expect((await engine.query('select from pg_roles where rolname = $1', [name])).rowCount).toBe(1)
  const password = async (text: string) =>
    engine.query(`alter role ${server.username} password '${(await scramVerifier(new Secret(text))).reveal()}'`)
  await password('somebody changed it outside')
  await using after = await restart(copy.folder, template)
  const operations = `/projects/${template.project}/operations`
  const newest = async () =>
    ((await after.ask({ method: 'GET', url: operations })).items as { state: string; id: string }[])[0]!
  expect(['open', 'stuck']).toContain((await newest()).state)
  await password(server.password)
  await until(async () => (await newest()).state === 'stuck')
  await after.ask({ method: 'POST', url: `${operations}/${(await newest()).id}/retry` })
  await until(async () => (await newest()).state === 'settled')
  expect((await newest()).state).toBe('settled')
})

/** Nobody changes a login until it is disposed of. */
async function holdingLogins(): Promise<AsyncDisposable> {
  const holder = await engineClient(server)
  await holder.query('begin; lock table pg_authid in exclusive mode')
  let ended: Promise<void> | undefined
  return { [Symbol.asyncDispose]: () => (ended ??= holder.end()) }
}

async function waiting(): Promise<number> {
  const { rows } = await engine.query(
    "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'alter role %' || $1 || '%'",
    [NAME],
  )
  return rows.length
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()) && Date.now() < end; ) await sleep(10)
}
