import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { aCreate } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, sqlOn, type Workbench } from '../support/postgresql/workbench.ts'
import { postgresqlServer } from '../support/servers.ts'

onPostgresql([13, 15, 16, 18], 'a managing login that is no superuser, on PostgreSQL %d', major => {
  const prefix = `rights_${process.pid}_`
  const manager = { name: `${prefix}manager`, password: 'manager' }
  const shop = `${prefix}shop`
  let bench: Workbench

  beforeAll(async () => {
    const server = await postgresqlServer(major)
    await sqlOn(server, `create role "${manager.name}" login createrole createdb password '${manager.password}'`)
    await sqlOn(server, `grant pg_signal_backend to "${manager.name}"`)
    bench = await aWorkbench(major, manager)
    await bench.run({ kind: 'create-database', database: { name: shop } })
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
  })

  const logsIn = (name: string, password = `pw-of-${name}`) =>
    bench.engine.canLogIn(bench.target, { name }, new Secret(password), AbortSignal.timeout(5_000))
  const memberships = (name: string) =>
    bench.sql(`select from pg_auth_members m join pg_roles r on r.oid = m.roleid
      where r.rolname = '${name}' and m.member = (select oid from pg_roles where rolname = '${manager.name}')
        and m.grantor <> 10`)

  test('says which rights it lacks', async () => {
    const [missing, ...more] = await bench.client.missingRights()
    expect(missing).toContain(major < 16 ? 'superuser' : 'REPLICATION')
    expect(more).toEqual([])
  })

  test('makes, resets, locks, unlocks and drops logins', async () => {
    const name = `${prefix}life`
    const key = { name }
    await bench.run(aCreate(name, { settings: { connectionLimit: 4 } }))
    expect(await logsIn(name)).toBe(true)
    await bench.run({ kind: 'reset-user', key, password: new Secret('second') })
    expect(await logsIn(name, 'second')).toBe(true)
    await bench.run({ kind: 'set-user', key, settings: { connectionLimit: 5 } })
    await bench.run({ kind: 'lock-user', key })
    expect(await logsIn(name, 'second')).toBe(false)
    await bench.run({ kind: 'unlock-user', key })
    await using session = await bench.open({ username: name, password: new Secret('second') })
    await bench.crash({ kind: 'drop-user', key, onOwned: 'refuse' })
    expect(await bench.client.findUser(key)).toBeUndefined()
    await expect(session.findUser(key)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('grants on its own databases, and covers later tables of their owners', async () => {
    const [reader, owner] = [`${prefix}reader`, `${prefix}owner`]
    await bench.crash(aCreate(reader, { grants: [{ role: 'read', database: shop }] }))
    await bench.crash(aCreate(owner, { grants: [{ role: 'owner', database: shop }] }))
    await bench.sql('create schema s; create table s.t (n int)', { database: shop, as: owner })
    expect(await bench.sql('select * from s.t', { database: shop, as: reader })).toEqual([])
    await bench.crash({
      kind: 'grant-user',
      key: { name: reader },
      grants: { add: [{ role: 'readwrite', database: shop }], remove: [{ role: 'read', database: shop }] },
    })
    await bench.sql('insert into s.t values (1)', { database: shop, as: reader })
    await bench.crash({ kind: 'drop-user', key: { name: owner }, onOwned: 'refuse' })
    await bench.crash({ kind: 'drop-user', key: { name: reader }, onOwned: 'refuse' })
  })

  test('moves what a login made before it became an owner', async () => {
    const name = `${prefix}mover`
    await bench.run(aCreate(name, { grants: [] }))
    await bench.sql(`grant create on schema public to "${name}"`, { database: shop })
    await bench.sql('create table public.before (n int)', { database: shop, as: name })
    await bench.crash({
      kind: 'grant-user',
      key: { name },
      grants: { add: [{ role: 'owner', database: shop }], remove: [] },
    })
    await bench.sql('drop table public.before', { database: shop, as: name })
    expect(await memberships(name)).toEqual([])
  })

  test('drops a login whose objects go to another, and gives back the memberships that it took', async () => {
    const [name, heir] = [`${prefix}giver`, `${prefix}heir`]
    await bench.run(aCreate(name))
    await bench.run(aCreate(heir))
    await bench.run({ kind: 'create-database', database: { name: `${prefix}given`, owner: name } })
    expect(await memberships(name)).toEqual([])
    await bench.sql('create schema s; create table s.t ()', { database: `${prefix}given`, as: name })
    await bench.sql(`grant create on database "${shop}" to "${name}"`)
    await bench.sql('create schema given; create table given.t ()', { database: shop, as: name })
    await bench.crash({ kind: 'drop-user', key: { name }, onOwned: `reassign:${heir}` })
    expect(await bench.client.findUser({ name })).toBeUndefined()
    expect(await memberships(heir)).toEqual([])
    expect(await bench.client.findDatabase(`${prefix}given`)).toMatchObject({ owner: heir })
    await bench.crash({ kind: 'drop-database', name: `${prefix}given`, force: false })
    expect(await bench.client.findDatabase(`${prefix}given`)).toBeUndefined()
  })

  test('drops a login that others granted rights to, where it may become those others', async () => {
    const [name, other] = [`${prefix}granted`, `${prefix}granter`]
    await bench.run(aCreate(name))
    await bench.run(aCreate(other, { grants: [] }))
    await bench.sql(`create table public.theirs (n int); alter table public.theirs owner to "${other}"`, {
      database: shop,
    })
    await bench.sql(`grant select on public.theirs to "${name}"`, { database: shop, as: other })
    await bench.crash({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
    expect(await bench.client.findUser({ name })).toBeUndefined()
    expect(await memberships(other)).toEqual([])
  })

  test('says so where only a superuser could take a right away', async () => {
    const name = `${prefix}stuck`
    await bench.run(aCreate(name))
    await bench.sql(`create table public.supers (n int); grant select on public.supers to "${name}"`, {
      database: shop,
    })
    const { refusals } = await bench.plan({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
    expect(refusals).toMatchObject([{ code: 'missing_right' }])
    expect(refusals[0]?.message).toContain('postgres')
  })

  test('grants what it may, and says what it had to leave out', async () => {
    const name = `${prefix}partly`
    await bench.sql('create schema foreign_schema; create table foreign_schema.t ()', { database: shop })
    const plan = await bench.run(aCreate(name, { grants: [{ role: 'read', database: shop }] }))
    expect(plan.steps.at(-1)?.why).toMatch(/\d+ things in it belong to others/)
    expect((await bench.client.listGrants({ name })).grants).toMatchObject([
      { role: 'read', notCovered: expect.arrayContaining(['postgres']) },
    ])
  })

  test('is told which right is missing before anything runs', async () => {
    const foreign = `${prefix}foreign`
    await bench.sql(`create role "${foreign}" login superuser`)
    const { refusals } = await bench.plan({ kind: 'lock-user', key: { name: foreign } })
    expect(refusals).toMatchObject([{ code: 'missing_right' }])
    const replicating = await bench.plan(aCreate(`${prefix}replicating`, { settings: { replication: true } }))
    expect(replicating.refusals).toMatchObject([{ code: 'missing_right' }])
    await bench.sql(`drop role "${foreign}"`)
  })

  test('is told the same of a login that somebody else made, from 16 on', async () => {
    const foreign = `${prefix}outsider`
    await bench.sql(`create role "${foreign}" login password 'x'`)
    const { refusals } = await bench.plan({ kind: 'reset-user', key: { name: foreign }, password: new Secret('y') })
    expect(refusals.map(({ message }) => message)).toEqual(
      major < 16 ? [] : [expect.stringContaining(`ADMIN option on the role ${foreign}`)],
    )
    await bench.sql(`drop role "${foreign}"`)
  })

  test('takes a create back', async () => {
    const change = aCreate(`${prefix}undone`, { grants: [{ role: 'owner', database: shop }] })
    const mark = { installation: 'c0ffee00', operation: 'op_UNDO' }
    await using link = await bench.open()
    const before = await link.facts(change, mark)
    await bench.run(change, mark)
    await bench.crash(bench.engine.undo(change, before)!, mark)
    expect(await bench.client.findUser({ name: `${prefix}undone` })).toBeUndefined()
  })

  test('ends sessions without pg_signal_backend too, by becoming a member for as long as it takes', async () => {
    const plain = { name: `${prefix}plain`, password: 'plain' }
    await bench.sql(`create role "${plain.name}" login createrole password '${plain.password}'`)
    await using own = await aWorkbench(major, plain)
    const name = `${prefix}seated`
    await own.run(aCreate(name))
    await using session = await own.open({ username: name, password: new Secret(`pw-of-${name}`) })
    await own.run({ kind: 'end-sessions', key: { name } })
    await expect(session.findUser({ name })).rejects.toMatchObject({ code: 'unavailable' })
    expect((await own.client.missingRights()).join()).toContain('pg_signal_backend')
    await own.run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })
})
