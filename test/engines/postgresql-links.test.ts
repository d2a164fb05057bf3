import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { dialWithPg, postgresql } from '../../src/engines/postgresql/index.ts'
import { aCreate, aMark, apply, INSTALLATION } from '../support/changes.ts'
import { copyAsStandby, type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, sqlOn, type Workbench } from '../support/postgresql/workbench.ts'
import { ownFolder, ownPostgresql, serverOf, targetOf } from '../support/servers.ts'

const session = { installation: INSTALLATION, operation: 'op_LINKS', attempt: 1 }
const soon = () => AbortSignal.timeout(10_000)

onPostgresql([15, 18], 'deadlines on PostgreSQL %d', major => {
  let bench: Workbench
  const login = `links_${process.pid}_login`
  const table = `public.links_${process.pid}`

  beforeAll(async () => {
    bench = await aWorkbench(major)
    await bench.sql(`create table ${table} ()`)
  })
  afterAll(async () => {
    await bench.sql(`drop table ${table}`)
    await bench[Symbol.asyncDispose]()
  })

  const step = (...statements: readonly string[]) => ({
    why: 'a test',
    statements: statements.map(shown => ({ shown })),
  })
  const running = (text: string) =>
    bench.sql(
      `select from pg_stat_activity where state = 'active' and query like '%${text}%' and pid <> pg_backend_pid()`,
    )

  test('the server stops what its caller no longer waits for, and the transaction leaves nothing', async () => {
    const caller = new AbortController()
    await using link = await bench.engine.open(bench.target, session, caller.signal)
    const run = link.run(step(`create table ${table}_gone ()`, 'select pg_sleep(33)'))
    await expect.poll(() => running('pg_sleep(33)')).toHaveLength(1)
    caller.abort()
    await expect(run).rejects.toMatchObject({ code: 'timeout', subject: 'server' })
    await expect.poll(() => running('pg_sleep(33)')).toEqual([])
    await expect(bench.sql(`select from ${table}_gone`)).rejects.toMatchObject({ code: '42P01' })
  })

  test('a statement ends at its deadline even where the server forgot', async () => {
    await using link = await bench.open({ statementTimeoutMs: 400 })
    const run = link.run(step('set local statement_timeout = 0', 'select pg_sleep(34)'))
    await expect(run).rejects.toMatchObject({ code: 'timeout' })
    await expect.poll(() => running('pg_sleep(34)')).toEqual([])
  })

  test('a lock that somebody else holds is not waited for beyond the deadline', async () => {
    await using holder = await bench.open()
    const holding = holder
      .run(step(`lock table ${table}`, 'select pg_sleep(2) where false', 'select pg_sleep(2)'))
      .catch(() => {})
    await expect.poll(() => running('pg_sleep(2)')).toHaveLength(1)
    await using link = await bench.open({ statementTimeoutMs: 500 })
    await expect(link.run(step(`alter table ${table} add column n int`))).rejects.toMatchObject({ code: 'timeout' })
    await bench.engine.endSession(bench.target, { installation: INSTALLATION, operation: 'op_BENCH' }, soon())
    await holder[Symbol.asyncDispose]()
    await holding
  })

  test('a link to a server that fell silent is cut', async () => {
    const frozen: { paused?: () => void } = {}
    const proxy = await aProxy(bench.server.port, frozen)
    const target = targetOf({ ...bench.server, port: portOf(proxy) }, { statementTimeoutMs: 300 })
    const link = await postgresql().open(target, session, soon())
    frozen.paused!()
    const started = performance.now()
    await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'timeout' })
    await link[Symbol.asyncDispose]()
    expect(performance.now() - started).toBeLessThan(5_000)
    proxy.close()
  })

  test('every session names its operation and looks names up in the system catalogue alone', async () => {
    await using link = await bench.open()
    await link.listUsers({ limit: 1 })
    const sessions = await link.listSessions({ name: bench.server.username })
    expect(sessions.map(({ application }) => application)).toContain(
      `rolecall/${INSTALLATION}/${operationOf(sessions)}/1`,
    )
  })

  const operationOf = (sessions: readonly { readonly application?: string }[]) =>
    sessions.map(({ application }) => application?.split('/')[2]).findLast(one => one?.startsWith('op_BENCH'))

  test('a multi-statement step is all or nothing', async () => {
    await using link = await bench.open()
    const run = link.run(step(`create table ${table}_half ()`, 'select 1/0'))
    await expect(run).rejects.toMatchObject({ code: 'refused' })
    await expect(bench.sql(`select from ${table}_half`)).rejects.toMatchObject({ code: '42P01' })
  })

  test('what the server says of a refused statement never leaves with a password in it', async () => {
    await using link = await bench.open()
    const secret = { shown: 'masked', secret: new Secret(`create role x passwort 'hush-hush'`) }
    const fault = await link.run({ why: 'a typing error', statements: [secret] }).catch(error => error)
    expect(JSON.stringify([fault, fault.cause, String(fault.stack), String(fault.cause?.stack)])).not.toContain('hush')
    expect(`${fault.message} ${fault.cause?.message}`).not.toContain('hush')
  })

  test('questions that are asked at once are answered one after the other', async () => {
    await using link = await bench.open()
    const answers = await Promise.all(Array.from({ length: 5 }, () => link.listUsers({ limit: 1 })))
    expect(new Set(answers.map(({ items }) => items[0]?.name)).size).toBe(1)
  })

  test('questions that need no answer of one another are sent together', async () => {
    const seen: string[] = []
    const engine = postgresql(async (config, signal) => {
      const inner = await dialWithPg(config, signal)
      const query: typeof inner.query = async (text, values) => {
        seen.push('sent')
        const answer = await inner.query(text, values)
        seen.push('answered')
        return answer
      }
      return Object.create(inner, { query: { value: query } })
    })
    await using link = await engine.open(bench.target, session, soon())
    seen.length = 0
    await link.facts(aCreate(login), aMark())
    expect(seen).toEqual(['sent', 'sent', 'answered', 'answered'])
  })

  test('a pool lets nobody wait for ever, and outlives a server that ended its links', async () => {
    await using pool = bench.engine.pool(bench.target, { max: 1, idleMs: 10_000 })
    await pool.use(soon(), async client => {
      const second = pool.use(AbortSignal.timeout(50), link => link.listUsers({ limit: 1 }))
      await expect(second).rejects.toMatchObject({ code: 'timeout' })
      expect(client.server.version).toBeDefined()
    })
    await bench.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rolecall/read'`)
    expect((await pool.use(soon(), link => link.listUsers({ limit: 1 }))).items).toHaveLength(1)
  })

  test('everything that is sent goes through the dialled session', async () => {
    const sent: string[] = []
    const engine = postgresql(async (config, signal) => {
      const inner = await dialWithPg(config, signal)
      const query: typeof inner.query = (text, values) => {
        sent.push(text)
        return inner.query(text, values)
      }
      return Object.create(inner, { query: { value: query } })
    })
    await using link = await engine.open(bench.target, session, soon())
    await apply(engine, link, aCreate(login), aMark())
    await apply(engine, link, { kind: 'drop-user', key: { name: login }, onOwned: 'refuse' })
    expect(sent.filter(text => text.includes('create role'))).toHaveLength(1)
    expect(sent.filter(text => text.includes('drop role'))).toHaveLength(1)
  })
})

describe('what answers there', () => {
  const refusedBy = async (greeting: string | undefined, reason: string) => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.on('data', () => greeting !== undefined && socket.end(greeting))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const target = { ...aTarget(portOf(server)), connectTimeoutMs: 400 }
    await expect(postgresql().open(target, session, soon())).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason },
    })
    server.close()
  }
  const aTarget = (port: number) =>
    targetOf({ name: 'none', host: '127.0.0.1', port, database: 'x', username: 'x', password: 'x' })

  test('is told apart when it is a web server', () => refusedBy('HTTP/1.1 400 Bad Request\r\n\r\n', 'wrong-server'))
  test('is told apart when it says nothing', () => refusedBy(undefined, 'timeout'))

  test('is not asked when its name leads nowhere', async () => {
    const resolve = async () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
    await expect(postgresql().open({ ...aTarget(1), resolve }, session, soon())).rejects.toMatchObject({
      details: { reason: 'name' },
    })
  })
})

onPostgresql([18], 'a primary and its standby on PostgreSQL %d', major => {
  let primary: RunningCluster
  let standby: RunningCluster
  const engine = postgresql()

  beforeAll(async () => {
    const original = await ownPostgresql(major)
    const copy = await copyAsStandby(original, ownFolder())
    primary = await startCluster(original)
    standby = await startCluster(copy)
  })
  afterAll(async () => {
    await standby[Symbol.asyncDispose]()
    await primary[Symbol.asyncDispose]()
    for (const { folder } of [primary, standby]) rmSync(dirname(folder), { recursive: true })
  })

  const both = (...ports: readonly number[]) =>
    targetOf(serverOf(primary), { hosts: ports.map(port => ({ host: '127.0.0.1', port })) })
  const waiting = async () => {
    for (let tries = 0; tries < 100; tries++) {
      const rows = await sqlOn(serverOf(standby), `select from pg_roles where rolname = 'written'`).catch(() => [])
      if (rows.length > 0) return
      await sleep(100)
    }
  }

  test('changes go to the primary, wherever it stands in the list', async () => {
    await using link = await engine.open(both(1, standby.port, primary.port), session, soon())
    expect(link.server.readOnly).toBe(false)
    await apply(engine, link, aCreate('written'))
    await waiting()
  })

  test('a standby alone is read, and never written to', async () => {
    await using link = await engine.open(both(standby.port, 1), session, soon())
    expect(link.server.readOnly).toBe(true)
    expect((await link.listUsers({ limit: 10 })).items.map(({ name }) => name)).toContain('written')
    const change = aCreate('unwritten')
    const plan = engine.plan(change, await link.facts(change, aMark()))
    expect(plan.refusals).toMatchObject([{ code: 'read_only' }])
    await expect(link.run(plan.steps[0]!)).rejects.toMatchObject({ code: 'read_only' })
  })

  test('both are one server by their fingerprint', async () => {
    await using one = await engine.open(both(primary.port), session, soon())
    await using other = await engine.open(both(standby.port), session, soon())
    expect(one.server.fingerprint).toBe(other.server.fingerprint)
  })

  test('a refused password is not tried on the next host', async () => {
    const target = { ...both(primary.port, standby.port), password: new Secret('wrong') }
    await expect(engine.open(target, session, soon())).rejects.toMatchObject({ details: { reason: 'password' } })
  })
})

async function aProxy(port: number, frozen: { paused?: () => void }): Promise<Server> {
  const { connect } = await import('node:net')
  let open = true
  frozen.paused = () => {
    open = false
  }
  const server = createServer(socket => {
    const inner = connect(port, '127.0.0.1')
    for (const one of [socket, inner]) one.on('error', () => {})
    socket.on('data', data => open && inner.write(data))
    inner.on('data', data => open && socket.write(data))
    socket.on('close', () => inner.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const portOf = (server: Server) => (server.address() as { port: number }).port
