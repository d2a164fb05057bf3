import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '../../src/domain/users/change.ts'
import { aCreate, aMark, applyThroughCrashes } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, type Workbench } from '../support/postgresql/workbench.ts'

onPostgresql([13, 18], 'logins on PostgreSQL %d', major => {
  const prefix = `users_${process.pid}_`
  let bench: Workbench
  beforeAll(async () => {
    bench = await aWorkbench(major)
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
  })

  const find = async (name: string) => (await bench.client.findUser({ name }))!

  test('get and lose roles of the engine, whoever gave them', async () => {
    const [name, other] = [`${prefix}roles`, `${prefix}granter`]
    await bench.run(aCreate(name, { engineRoles: ['pg_monitor', 'pg_read_all_stats'] }))
    await bench.run(aCreate(other))
    await bench.sql(`create role "${prefix}group"; grant "${prefix}group" to "${other}" with admin option`)
    await bench.sql(`grant "${prefix}group" to "${name}"`, { as: other })
    expect((await find(name)).engineRoles).toEqual(['pg_monitor', 'pg_read_all_stats', `${prefix}group`])
    const change: Change = {
      kind: 'set-user',
      key: { name },
      settings: {},
      engineRoles: ['pg_monitor', 'pg_signal_backend'],
    }
    await bench.crash(change)
    expect((await find(name)).engineRoles).toEqual(['pg_monitor', 'pg_signal_backend'])
    expect((await bench.client.listRoles()).map(one => one.name)).toEqual(
      expect.arrayContaining(['read', 'pg_monitor', `${prefix}group`]),
    )
  })

  test('and databases of one operation are told apart, however far it came', async () => {
    const names = ['one', 'two', 'three'].map(name => `${prefix}${name}`)
    const mark = aMark()
    const changes = names.map((name): Change => ({ kind: 'create-database', database: { name } }))
    // Dead after the first statement of each: every one is found half-made under a name of its own.
    for (const change of changes) {
      const { steps } = await bench.plan(change, mark)
      await bench.client.run(steps[0]!)
    }
    for (const change of changes) expect((await bench.plan(change, mark)).steps.length).toBe(1)
    for (const change of changes) await bench.run(change, mark)
    for (const name of names) {
      expect((await bench.client.findDatabase(name))?.name).toBe(name)
      await bench.run({ kind: 'drop-database', name, force: true })
    }
  })

  test('may be made to do everything', async () => {
    const name = `${prefix}root`
    await bench.run({ ...aCreate(name), everything: true } as Change)
    expect((await find(name)).flags).toContain('superuser')
    await bench.run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('are refused roles that are not there', async () => {
    const { refusals } = await bench.plan(aCreate(`${prefix}hopeful`, { engineRoles: [`${prefix}no_such_role`] }))
    expect(refusals).toMatchObject([{ code: 'not_found', subject: 'role' }])
  })

  test.each(['pg_thing', 'public', 'none', 'rolecall_x_0000abcd_read'])('are refused the name %s', async name => {
    expect((await bench.plan(aCreate(name))).refusals).toMatchObject([{ code: 'invalid', subject: 'user' }])
  })

  test('of 63 bytes are fine, of 64 not', async () => {
    const padded = `${prefix}${'é'.repeat(15)}`.padEnd(63 - 15, 'x')
    expect(Buffer.byteLength(padded)).toBe(63)
    await bench.run(aCreate(padded))
    expect((await find(padded)).name).toBe(padded)
    expect(await bench.client.findUser({ name: `${padded}x` })).toBeUndefined()
    expect(await bench.client.listSessions({ name: `${padded}x` })).toEqual([])
    expect((await bench.plan({ kind: 'lock-user', key: { name: `${padded}x` } })).refusals).toMatchObject([
      { code: 'not_found' },
    ])
    expect((await bench.plan(aCreate(`${padded}x`))).refusals).toMatchObject([{ code: 'invalid' }])
    await bench.run({ kind: 'drop-user', key: { name: padded }, onOwned: 'refuse' })
  })

  test('are not shown where the system or a cloud provider keeps them for itself', async () => {
    await bench.sql('create role rdsadmin login; create role cloudsqladmin login; create role rdsuser login')
    const { items } = await bench.client.listUsers({ limit: 1000 })
    const names = items.map(({ name }) => name)
    expect(names).toContain('rdsuser')
    expect(names.filter(name => /^(pg_|rdsadmin|cloudsqladmin)/.test(name))).toEqual([])
    expect(await bench.client.findUser({ name: 'rdsadmin' })).toBeUndefined()
    const { refusals } = await bench.plan({ kind: 'lock-user', key: { name: 'rdsadmin' } })
    expect(refusals).toMatchObject([{ code: 'not_found' }])
    await bench.sql('drop role rdsadmin; drop role cloudsqladmin; drop role rdsuser')
  })

  test('that somebody else locked are groups to us; those that we locked are still logins', async () => {
    await bench.run(aCreate(`${prefix}ours`))
    await bench.run({ kind: 'lock-user', key: { name: `${prefix}ours` } })
    await bench.sql(
      `create role "${prefix}theirs" nologin; comment on role "${prefix}theirs" is 'not locked by [rolecall a b locked] us'`,
    )
    const { items } = await bench.client.listUsers({ limit: 100, q: `${prefix}` })
    expect(items.filter(({ locked }) => locked).map(({ name }) => name)).toEqual([`${prefix}ours`])
  })

  test('are ended with all their sessions, in every database', async () => {
    const name = `${prefix}many`
    await bench.run(aCreate(name))
    const busy = Array.from({ length: 4 }, () =>
      bench.sql('select pg_sleep(60)', { as: name }).catch(error => error.code),
    )
    await expect.poll(() => bench.client.listSessions({ name })).toHaveLength(4)
    await bench.run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
    expect(await Promise.all(busy)).toEqual(['57P01', '57P01', '57P01', '57P01'])
  })

  test('with a REPLICATION session are ended too', async () => {
    const name = `${prefix}walsender`
    await bench.run(aCreate(name, { settings: { replication: true } }))
    expect(await find(name)).toMatchObject({ flags: ['replication'], settings: { replication: true } })
    await bench.run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('and a database are made through crashes, with nothing left over', async () => {
    const [database, name, mark] = [`${prefix}db "x"`, `${prefix}o'wner`, aMark()]
    await bench.run(aCreate(name))
    const change: Change = {
      kind: 'create-database',
      database: { name: database, owner: name, encoding: 'UTF8', collation: 'C' },
    }
    await using link = await bench.open()
    expect(await applyThroughCrashes(bench.engine, link, change, mark)).toBe(2)
    expect(await bench.client.findDatabase(database)).toMatchObject({ owner: name, encoding: 'UTF8', collation: 'C' })
    expect(await bench.sql(`select from pg_database where starts_with(datname, 'rolecall_op_')`)).toEqual([])
    await bench.sql('create table t ()', { database, as: name })
    await bench.run({ kind: 'drop-database', name: database, force: false })
  })

  test('a database is refused a name, an owner or an encoding that will not do', async () => {
    const refused = async (database: Extract<Change, { kind: 'create-database' }>['database']) =>
      (await bench.plan({ kind: 'create-database', database })).refusals
    for (const name of ['', 'postgres', 'template1', 'rolecall_op_x', 'x'.repeat(64), 'a\0b']) {
      expect(await refused({ name })).toMatchObject([{ code: 'invalid', subject: 'database' }])
    }
    expect(await refused({ name: `${prefix}x`, owner: 'nobody at all' })).toMatchObject([
      { code: 'not_found', subject: 'user' },
    ])
    const odd = bench.run({ kind: 'create-database', database: { name: `${prefix}x`, encoding: 'EBCDIC' } })
    await expect(odd).rejects.toMatchObject({ name: 'Fault' })
  })

  test('templates, and the database that Rolecall is connected to, are not dropped', async () => {
    for (const name of ['template1', bench.server.database]) {
      const { refusals } = await bench.plan({ kind: 'drop-database', name, force: true })
      expect(refusals).toMatchObject([{ code: 'refused', subject: 'database' }])
    }
  })
})
