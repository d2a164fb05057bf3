import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { AdminClient, Foreseen, Target } from '../../src/engines/engine.ts'
import { createSpareLinks, type SpareLinks } from '../../src/services/links/spare-links.ts'
import { aCreate, aMark, apply, INSTALLATION, planned } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, type Workbench } from '../support/postgresql/workbench.ts'
import { aProxy } from '../support/proxy.ts'
import { targetOf } from '../support/servers.ts'

const operation = `op_SPARE${process.pid}`
const prefix = `spare_${process.pid}_`

onPostgresql([13, 18], 'sessions between two attempts on PostgreSQL %d', major => {
  let bench: Workbench
  let spares: SpareLinks
  /** A login of its own, so that nobody else's spares are looked at. */
  const manager = `${prefix}manager`
  let target: Target

  beforeAll(async () => {
    bench = await aWorkbench(major)
    await bench.sql(`create role ${manager} superuser login password 'first'`)
    target = targetOf(bench.server, { username: manager, password: new Secret('first') })
  })
  afterAll(async () => {
    await bench.sql(`drop role ${manager}`)
    await bench[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    spares = createSpareLinks(() => 4)
  })
  afterEach(() => spares[Symbol.asyncDispose]())

  let attempts = 0
  const open = (
    where: Partial<Target> = {},
    signal = AbortSignal.timeout(20_000),
    foreseen?: Foreseen,
  ): Promise<AdminClient> => {
    const session = { installation: INSTALLATION, operation, attempt: ++attempts }
    return bench.engine.open({ ...target, ...where }, session, signal, spares.of('one'), foreseen)
  }
  const sessions = async (): Promise<readonly { readonly pid: number; readonly name: string }[]> =>
    (await bench.sql(
      `select pid, application_name as name from pg_stat_activity where usename = '${manager}' order by pid`,
    )) as never
  const names = async () => (await sessions()).map(({ name }) => name)
  /** One attempt, that ends well. */
  const attempt = async (where?: Partial<Target>) => {
    const link = await open(where)
    const during = await sessions()
    await link[Symbol.asyncDispose]()
    return during
  }
  const step = (...statements: readonly string[]) => ({
    why: 'a test',
    statements: statements.map(shown => ({ shown })),
  })
  const ended = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${manager}'`

  test("carry the attempt's name while it runs, and no attempt's before and after", async () => {
    const [first] = await attempt()
    expect(first!.name).toBe(`rolecall/${INSTALLATION}/${operation}/${attempts}`)
    await expect.poll(sessions).toEqual([{ pid: first!.pid, name: 'rolecall/spare' }])
    expect(await attempt()).toEqual([{ pid: first!.pid, name: `rolecall/${INSTALLATION}/${operation}/${attempts}` }])
    await expect.poll(names).toEqual(['rolecall/spare'])
  })

  test('are each for one attempt at a time', async () => {
    await attempt()
    await using one = await open()
    await using other = await open()
    expect((await names()).toSorted()).toEqual([
      `rolecall/${INSTALLATION}/${operation}/${attempts - 1}`,
      `rolecall/${INSTALLATION}/${operation}/${attempts}`,
    ])
    expect([one, other].map(link => link.server.readOnly)).toEqual([false, false])
  })

  test('take no more of an attempt that is over', async () => {
    const link = await open()
    await link[Symbol.asyncDispose]()
    await using _next = await open()
    await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({ name: 'Fault' })
    await expect(link.run(step(`create role ${prefix}too_late`))).rejects.toMatchObject({ name: 'Fault' })
    expect(await bench.sql(`select from pg_roles where rolname = '${prefix}too_late'`)).toEqual([])
  })

  test('are ended by recovery under the name of the attempt that they serve', async () => {
    await attempt()
    await using link = await open()
    const mine = { installation: INSTALLATION, operation }
    await bench.engine.endSession(target, mine, AbortSignal.timeout(10_000))
    expect(await names()).toEqual([])
    await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('begin each attempt as a new session would', async () => {
    const link = await open()
    const role = `${prefix}acted_as`
    await link.run(
      step(`create role ${role}`, `set role ${role}`, 'set search_path = public', 'set statement_timeout = 5000'),
    )
    const [{ pid } = { pid: 0 }] = await sessions()
    await link[Symbol.asyncDispose]()
    await using next = await open()
    const check = `do $$ begin assert current_user = '${manager}' and current_setting('search_path') = 'pg_catalog, pg_temp'
      and current_setting('statement_timeout') = '10s'; end $$`
    await next.run(step(check, `drop role ${role}`))
    expect((await sessions()).map(({ pid }) => pid)).toEqual([pid])
  })

  test('are not kept after a statement that failed, that took too long, or that its caller no longer waited for', async () => {
    const failed = await open()
    await expect(failed.run(step('select 1/0'))).rejects.toMatchObject({ code: 'refused' })
    await failed[Symbol.asyncDispose]()
    await expect.poll(names).toEqual([])
    const late = await open({ statementTimeoutMs: 300 })
    // The server was told to stop, and yet it is done: another order to stop may be on its way.
    const stubborn = 'do $$ begin perform pg_sleep(30); exception when query_canceled then null; end $$'
    await late.run(step('set local statement_timeout = 0', stubborn))
    await late[Symbol.asyncDispose]()
    await expect.poll(names).toEqual([])
    const caller = new AbortController()
    const left = await open({}, caller.signal)
    const slow = left.run(step('select pg_sleep(30)'))
    const running = `select from pg_stat_activity where usename = '${manager}' and state = 'active'`
    await expect.poll(() => bench.sql(running)).toHaveLength(1)
    caller.abort()
    await expect(slow).rejects.toMatchObject({ code: 'timeout' })
    await left[Symbol.asyncDispose]()
    await expect.poll(names).toEqual([])
  })

  test('cost another log-in when the server ended them, and no failure', async () => {
    await attempt()
    await bench.sql(ended)
    await using link = await open()
    await apply(bench.engine, link, aCreate(`${prefix}ada`))
    expect(await link.findUser({ name: `${prefix}ada` })).toBeDefined()
    await apply(bench.engine, link, { kind: 'drop-user', key: { name: `${prefix}ada` }, onOwned: 'refuse' })
  })

  test('cost a second and another log-in when they fell silent, and no failure', async () => {
    await using proxy = await aProxy(bench.server)
    const behind = { hosts: [{ host: '127.0.0.1', port: proxy.port }] }
    await attempt(behind)
    proxy.behaveAt('set application_name', 'hang')
    const began = performance.now()
    const opening = open(behind)
    // What hangs is the spare; whoever dials anew gets through.
    await expect.poll(() => performance.now() - began).toBeGreaterThan(500)
    proxy.behave('pass')
    await using link = await opening
    expect(await link.findUser({ name: manager })).toBeDefined()
    expect(performance.now() - began).toBeLessThan(4_000)
  })

  test('serve nobody whose login could not log in now', async () => {
    await attempt()
    await bench.sql(`alter role ${manager} nologin`)
    const refused = await open().catch(error => error)
    await bench.sql(`alter role ${manager} login valid until '2001-01-01'`)
    const expired = await open().catch(error => error)
    await bench.sql(`alter role ${manager} valid until 'infinity'`)
    await attempt()
    await bench.sql(`alter role ${manager} rename to ${manager}_renamed`)
    const renamed = await open().catch(error => error)
    await bench.sql(`alter role ${manager}_renamed rename to ${manager}`)
    const password = { details: { reason: 'password' } }
    expect([refused, expired, renamed]).toMatchObject([password, password, password])
    await expect.poll(names).toEqual([])
  })

  test('serve nobody who would log in with another password, or elsewhere', async () => {
    const [first] = await attempt()
    await expect(open({ password: new Secret('second') })).rejects.toMatchObject({ details: { reason: 'password' } })
    await expect.poll(names).toEqual([])
    await bench.sql(`alter role ${manager} password 'second'`)
    const [second] = await attempt({ password: new Secret('second') })
    expect(second!.pid).not.toBe(first!.pid)
    const denied = async () => Promise.reject(new Fault('network_denied', 'connection', 'not there any more'))
    const elsewhere = open({ password: new Secret('second'), resolve: denied })
    await expect(elsewhere).rejects.toMatchObject({ code: 'network_denied' })
    await expect.poll(names).toEqual([])
    await bench.sql(`alter role ${manager} password 'first'`)
  })

  test('know what their login may do now', async () => {
    await attempt()
    await bench.sql(`alter role ${manager} nosuperuser`)
    const link = await open()
    await bench.sql(`alter role ${manager} superuser`)
    expect(await link.missingRights()).not.toEqual([])
    await link[Symbol.asyncDispose]()
    await using next = await open()
    expect(await next.missingRights()).toEqual([])
    expect(next.server.fingerprint).toBeDefined()
  })

  test('have read what is foreseen before they are asked, and read it anew for whoever asks again', async () => {
    await attempt()
    const [name, mark] = [`${prefix}foreseen`, aMark()]
    const change = aCreate(name)
    await using link = await open({}, undefined, { change, mark })
    // What was sent with the greeting is read a moment after that is answered.
    await sleep(250)
    await bench.sql(`create role ${name}`)
    expect(await link.facts(change, mark)).toMatchObject({ exists: false })
    expect(await link.facts(change, mark)).toMatchObject({ exists: true })
    await bench.sql(`drop role ${name}`)
  })

  test('have read nothing ahead for a login that may do less than before', async () => {
    await attempt()
    const [name, mark] = [`${prefix}foreseen_by_less`, aMark()]
    const change = aCreate(name)
    await bench.sql(`alter role ${manager} nosuperuser`)
    const link = await open({}, undefined, { change, mark })
    await bench.sql(`alter role ${manager} superuser`)
    await bench.sql(`create role ${name}`)
    expect(await link.facts(change, mark)).toMatchObject({ exists: true })
    await link[Symbol.asyncDispose]()
    await bench.sql(`drop role ${name}`)
  })

  test('tell along with a step what is found behind it', async () => {
    const name = `${prefix}behind`
    await using link = await open()
    const make = step(`create role ${name} login`, `comment on role ${name} is 'made'`)
    expect(await link.run(make, { name })).toMatchObject({ user: { name, locked: false } })
    expect(await link.run(step(`drop role ${name}`), { name })).toEqual({ user: undefined })
    await expect(link.run(step(`drop role ${name}`), { name })).rejects.toMatchObject({ name: 'Fault' })
  })

  test('keep no database from being dropped', async () => {
    const database = `${prefix}db`
    await bench.sql(`create database ${database}`)
    await attempt({ database })
    await using pool = bench.engine.pool({ ...target, database }, { max: 1, idleMs: 30_000 })
    await pool.use(AbortSignal.timeout(5_000), client => client.listUsers({ limit: 1 }))
    expect(await names()).toHaveLength(2)
    await using other = await open()
    const { steps, refusals } = await planned(
      bench.engine,
      other,
      { kind: 'drop-database', name: database, force: false },
      aMark(),
    )
    expect([refusals, steps.map(({ why }) => why)]).toEqual([
      [],
      ["end Rolecall's own idle sessions in it, until none is left", 'drop the database'],
    ])
    for (const one of steps) await other.run(one)
    expect(await bench.sql(`select from pg_database where datname = '${database}'`)).toEqual([])
  })

  test('are closed with what keeps them, and none is kept afterwards', async () => {
    await attempt()
    await spares[Symbol.asyncDispose]()
    await expect.poll(names).toEqual([])
    await attempt()
    await expect.poll(names).toEqual([])
  })
})
