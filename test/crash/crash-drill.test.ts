import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import {
  type AfterRestart,
  copyOf,
  forEachPoint,
  makeTemplate,
  type Request,
  restart,
  runChild,
  type Survivor,
  type Template,
} from './drill.ts'

const OLD_PASSWORD = 'old-password-of-the-drill'
const DATABASES = ['crash_orders', 'crash_billing']

let server: TestServer
let engine: pg.Client
let template: Template

beforeAll(async () => {
  server = await postgresqlServer()
  engine = await engineClient(server)
  for (const name of DATABASES) {
    await engine.query(`drop database if exists ${name} with (force)`)
    await engine.query(`create database ${name}`)
  }
  template = await makeTemplate(server)
})

afterAll(async () => {
  if (server?.log) expect(readFileSync(server.log, 'utf8')).not.toContain(OLD_PASSWORD)
  template?.[Symbol.dispose]()
  await engine?.end()
})

/** One kind of change: how a child gets ready for it, what it asks for, and what must hold afterwards, wherever it was killed. */
interface Scene {
  readonly what: string
  readonly setUp: (name: string) => readonly Request[]
  readonly request: (name: string) => Request
  readonly check: (name: string, after: AfterRestart, operation: Operation | undefined) => Promise<void>
}

interface Operation {
  readonly id: string
  readonly state: string
  readonly kind: string
  readonly answer: string
}

const users = () => `/instances/${template.instance}/users`
const grants = DATABASES.map(database => ({ role: 'readwrite', database }))

const SCENES: readonly Scene[] = [
  {
    what: 'create',
    setUp: () => [],
    request: name => ({ method: 'POST', url: users(), body: { name, grants } }),
    check: async (name, after, operation) => {
      if (operation?.state === 'settled') return expectAnswerLogsIn(name, after, operation)
      expect(await rolesLike(name)).toEqual([])
      if (operation) expect(await marksOf(operation.id)).toEqual([])
    },
  },
  {
    what: 'reset',
    setUp: name => [{ method: 'POST', url: users(), body: { name, password: OLD_PASSWORD } }],
    request: name => ({ method: 'POST', url: `${users()}/${name}/reset`, body: {} }),
    check: async (name, after, operation) => {
      if (operation?.state !== 'settled') return expect(await logsIn(server, name, OLD_PASSWORD)).toBe(true)
      expect(await logsIn(server, name, OLD_PASSWORD)).toBe(false)
      await expectAnswerLogsIn(name, after, operation)
    },
  },
  {
    what: 'drop',
    setUp: name => [{ method: 'POST', url: users(), body: { name, password: OLD_PASSWORD, grants } }],
    request: name => ({ method: 'DELETE', url: `${users()}/${name}` }),
    check: async (name, _after, operation) => {
      if (!operation) return expect(await logsIn(server, name, OLD_PASSWORD)).toBe(true)
      expect(operation.state).toBe('settled')
      expect(await rolesLike(name)).toEqual([])
      expect(await marksOf(operation.id)).toEqual([])
    },
  },
]

describe.each(SCENES)('killed at any statement or commit of $what', scene => {
  test('nothing is half-done and nothing unknown after a restart', { timeout: 300_000 }, async () => {
    const { passed, answer } = await survive(scene)
    expect(answer.status, answer.body).toBeLessThan(300)
    await forEachPoint(passed.length, at => killAndCheck(scene, at, passed[at - 1]!))
    console.info(`killed at each of ${passed.length} points of ${scene.what}`)
  })
})

test('a statement that a killed process had sent is ended before anybody looks, so it takes no effect later', async () => {
  const scene = SCENES.find(({ what }) => what === 'reset')!
  const name = 'crash_sent_end'
  using copy = copyOf(template)
  const verifier = await scramVerifier(new Secret(OLD_PASSWORD))
  await engine.query(`create role ${name} login password '${verifier.reveal()}'`)
  const holder = await engineClient(server)
  // The reset waits inside of the server, and would go on there when its process is gone.
  await holder.query('begin; lock table pg_authid in exclusive mode')
  const kill = new AbortController()
  const drill = { ...drillOf(scene, copy.folder, name, Number.MAX_SAFE_INTEGER), setUp: [] }
  const running = runChild(drill, kill.signal)
  await until(async () => (await waiting(name)) > 0)
  kill.abort()
  expect(await running).toBeUndefined()
  expect(await waiting(name)).toBe(1)
  await using after = await restart(copy.folder, template)
  expect(await waiting(name)).toBe(0)
  await holder.query('rollback')
  await holder.end()
  const operation = await operationOf(scene, after)
  expect(operation?.state).toBe('undone')
  expect(await logsIn(server, name, OLD_PASSWORD)).toBe(true)
  await forget(name)
})

async function waiting(name: string): Promise<number> {
  const { rows } = await engine.query(
    "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'alter role %' || $1 || '%'",
    [name],
  )
  return rows.length
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()) && Date.now() < end; ) await sleep(10)
}

/** Nobody is killed: how many points are there? */
async function survive(scene: Scene): Promise<Survivor> {
  using copy = copyOf(template)
  const survivor = await runChild(drillOf(scene, copy.folder, nameFor(scene, 0), Number.MAX_SAFE_INTEGER))
  await forget(nameFor(scene, 0))
  return survivor!
}

async function killAndCheck(scene: Scene, at: number, point: string): Promise<void> {
  using copy = copyOf(template)
  const name = nameFor(scene, at)
  const survivor = await runChild(drillOf(scene, copy.folder, name, at))
  expect(survivor, `${scene.what} was to be killed ${point} (${at})`).toBeUndefined()
  await using after = await restart(copy.folder, template)
  expect(after.settledAfterMs, `${scene.what} killed ${point} (${at})`).toBeLessThan(10_000)
  const operation = await operationOf(scene, after)
  try {
    await scene.check(name, after, operation)
    await expectKnown(name, after)
  } catch (error) {
    throw new Error(`${scene.what} killed ${point} (${at} of it), operation ${JSON.stringify(operation)}`, {
      cause: error,
    })
  }
  await forget(name)
}

function drillOf(scene: Scene, folder: string, name: string, killAt: number) {
  return { folder, key: template.key, setUp: scene.setUp(name), request: scene.request(name), killAt }
}

const nameFor = ({ what }: Scene, at: number) => `crash_${what}_${at}_end`

async function operationOf({ what }: Scene, { ask }: AfterRestart): Promise<Operation | undefined> {
  const { items } = await ask({ method: 'GET', url: `/projects/${template.project}/operations` })
  return (items as Operation[]).find(({ kind }) => kind === `${what}-user`)
}

/** The answer that the killed process did not hand over, or handed over and was killed: then nobody can have it twice. */
async function expectAnswerLogsIn(name: string, { ask }: AfterRestart, { id, answer }: Operation): Promise<void> {
  if (answer === 'delivered') return
  const url = `/projects/${template.project}/operations/${id}/answer`
  const taken = await ask({ method: 'GET', url })
  expect(taken.status).toBe(200)
  expect(await logsIn(server, name, taken.password as string)).toBe(true)
  expect((await ask({ method: 'GET', url })).status).toBe(404)
}

/** Every login on the engine is one that a settled operation made. */
async function expectKnown(name: string, { ask }: AfterRestart): Promise<void> {
  const found = await ask({ method: 'GET', url: `${users()}/${name}` })
  if (found.status === 404) return
  expect((found.madeBy as { operation?: string }).operation).toMatch(/^op_/)
}

async function rolesLike(name: string): Promise<readonly string[]> {
  const { rows } = await engine.query('select rolname from pg_roles where rolname = $1', [name])
  return rows.map(row => row.rolname)
}

async function marksOf(operation: string): Promise<readonly string[]> {
  const { rows } = await engine.query(
    "select description from pg_shdescription where description like '%' || $1 || '%'",
    [operation],
  )
  return rows.map(row => row.description)
}

/** Leaves the engine as it was for the next point. */
async function forget(name: string): Promise<void> {
  if ((await rolesLike(name)).length > 0) await engine.query(`drop role "${name}"`)
}
