import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '../../src/domain/users/change.ts'
import type { CatalogueRole } from '../../src/domain/users/grant.ts'
import { aCreate, aMark, apply, planned } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, sqlOn, type Workbench } from '../support/postgresql/workbench.ts'
import { postgresqlServer } from '../support/servers.ts'

onPostgresql([13, 15, 16, 18], 'grants on what others own, without superuser, on PostgreSQL %d', major => {
  const prefix = `borrowed_${process.pid}_`
  const manager = { name: `${prefix}manager`, password: 'manager' }
  let bench: Workbench

  beforeAll(async () => {
    const server = await postgresqlServer(major)
    await sqlOn(server, `create role "${manager.name}" login createrole createdb password '${manager.password}'`)
    bench = await aWorkbench(major, manager)
  })
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]()
  })

  const read = (database: string) => ({ grants: [{ role: 'read', database } as const] })
  const denied = { code: '42501' }
  const as = (login: string, database: string) => (text: string) => bench.sql(text, { database, as: login })
  const giving = (name: string, role: CatalogueRole, database: string): Change => ({
    kind: 'grant-user',
    key: { name },
    grants: { add: [{ role, database }], remove: [] },
  })

  /** A database of the managing login, or of `owner`, with things in it. */
  const aDatabase = async (name: string, sql = '', owner?: string) => {
    await bench.run({ kind: 'create-database', database: { name: prefix + name, owner } })
    if (sql) await bench.sql(sql, { database: prefix + name })
    return prefix + name
  }
  /** An application's login that the managing login administers: it made it. */
  const anOwner = async (name: string) => {
    await bench.run(aCreate(prefix + name))
    return prefix + name
  }
  /** Things of every kind that belong to a role. */
  const thingsOf = (owner: string, schema = 's') => `
    create schema "${schema}" authorization "${owner}"; set role "${owner}";
    create table "${schema}".things (id serial primary key, n int);
    create view "${schema}".seen as select n from "${schema}".things;
    create function "${schema}".closed() returns int language sql as 'select 7';
    revoke all on function "${schema}".closed() from public; reset role;`
  /** The managing login's memberships, those in catalogue roles left out. */
  const memberships = () =>
    bench.sql(`select m.roleid::regrole::text as role, m.grantor::regrole::text as grantor, m.admin_option
        ${major < 16 ? '' : ', m.inherit_option, m.set_option'}
      from pg_auth_members m join pg_roles r on r.oid = m.roleid
      where m.member = '"${manager.name}"'::regrole and r.rolname !~ '^rolecall_' order by 1, 2`)
  /** As the ledger does: the answer is read over the link that the change ran on. */
  const answerTo = async (change: Change, name: string) => {
    await using link = await bench.open()
    await apply(bench.engine, link, change)
    return (await link.findUser({ name }))!.grants
  }

  test('reach tables, sequences, functions and schemas of an owner that it may become for as long as it takes', async () => {
    const owner = await anOwner('app')
    const shop = await aDatabase('shop', thingsOf(owner))
    const [before, name] = [await memberships(), `${prefix}writer`]
    const change = aCreate(name, { grants: [{ role: 'readwrite', database: shop }] })
    expect(await answerTo(change, name)).toEqual([{ role: 'readwrite', database: shop, by: 'catalogue' }])
    const before2 = [...before, ...(await memberships()).filter(({ role }) => role === name)]
    expect(await memberships()).toEqual(expect.arrayContaining(before2))
    expect(await memberships()).toHaveLength(before2.length)
    await as(name, shop)('insert into s.things (n) values (1); select n from s.seen; select s.closed()')
    await expect(as(name, shop)('drop table s.things')).rejects.toMatchObject({ code: '42501' })
    const { grants } = await bench.client.listGrants({ name })
    expect(grants).toEqual([{ role: 'readwrite', database: shop, by: 'catalogue', notCovered: [owner] }])
  })

  test('leave its memberships as they were, whoever gave them and with whatever options', async () => {
    const [owner, plain] = [await anOwner('held'), await anOwner('plain')]
    const given = major < 16 ? '' : ' with inherit false, set true'
    await bench.sql(`grant "${owner}" to "${manager.name}" with admin option`)
    if (major >= 16)
      await bench.sql(`grant "${plain}" to "${manager.name}"${given}`, { as: manager.name, password: 'manager' })
    const shop = await aDatabase('kept', thingsOf(owner) + thingsOf(plain, 'p'))
    const reader = await anOwner('kept_reader')
    const before = await memberships()
    await bench.run(giving(reader, 'read', shop))
    expect(await memberships()).toEqual(before)
    await as(reader, shop)('select * from s.things; select * from p.things')
    await bench.run({ kind: 'drop-user', key: { name: plain }, onOwned: `reassign:${owner}` })
    expect(await memberships()).toEqual(before.filter(({ role }) => role !== plain))
  })

  test('borrow over a group that administers the owner', async () => {
    const [group, owner, reader] = [`${prefix}group`, `${prefix}of_group`, await anOwner('group_reader')]
    await bench.sql(`create role "${group}"; create role "${owner}"; grant "${owner}" to "${group}" with admin option`)
    await bench.sql(`grant "${group}" to "${manager.name}"${major < 16 ? '' : ' with inherit true'}`)
    if (major >= 16) await bench.sql(`revoke inherit option for "${owner}" from "${group}"`)
    const shop = await aDatabase('grouped', thingsOf(owner))
    const before = await memberships()
    await bench.run(giving(reader, 'read', shop))
    expect(await memberships()).toEqual(before)
    await as(reader, shop)('select * from s.things')
  })

  test('reach a database that its owner keeps PUBLIC out of', async () => {
    const [owner, reader] = [await anOwner('landlord'), await anOwner('tenant')]
    const shop = await aDatabase('let', thingsOf(owner), owner)
    await bench.sql(
      `revoke all on database "${shop}" from public; grant connect on database "${shop}" to "${manager.name}"`,
    )
    const before = await memberships()
    await bench.crash(giving(reader, 'read', shop))
    await as(reader, shop)('select * from s.things')
    expect(await memberships()).toEqual(before)
  })

  test('shut PUBLIC out of a database of another, and leave those in who are granted on it', async () => {
    const [owner, reader, other] = [await anOwner('closing'), await anOwner('early'), await anOwner('late')]
    const shop = await aDatabase('closing', `create table public.t (); alter table public.t owner to "${owner}"`, owner)
    await bench.run(giving(reader, 'read', shop))
    await bench.run({ ...giving(other, 'readwrite', shop), closePublic: true } as Change)
    const flags = (await bench.client.findDatabase(shop))?.flags
    // Before 15 the schema belongs to the superuser who made the server.
    expect(flags).toEqual(major < 15 ? ['public-schema-create', 'public-schema-usage'] : [])
    for (const login of [reader, other]) await as(login, shop)('select * from public.t')
  })

  test('are told from what they leave out, and cover it when they are made again with more rights', async () => {
    const [owner, reader] = [await anOwner('ours'), await anOwner('partial')]
    const foreign = `${prefix}foreign`
    await bench.sql(`create role "${foreign}" superuser`)
    const shop = await aDatabase('partial', thingsOf(owner) + thingsOf(foreign, 'f'))
    const [grant] = await answerTo(giving(reader, 'read', shop), reader)
    expect(grant).toEqual({ role: 'read', database: shop, by: 'catalogue', missing: [foreign] })
    expect((await bench.client.listGrants({ name: reader })).grants).toMatchObject([{ missing: [foreign] }])
    await as(reader, shop)('select * from s.things')
    await expect(as(reader, shop)('select * from f.things')).rejects.toMatchObject(denied)
    await bench.sql(`grant "${foreign}" to "${manager.name}"`)
    const [again] = await answerTo(giving(reader, 'read', shop), reader)
    expect(again).not.toHaveProperty('missing')
    await as(reader, shop)('select * from f.things')
    expect(await bench.plan(giving(reader, 'read', shop))).toEqual({ steps: [], refusals: [] })
    await bench.sql(`revoke "${foreign}" from "${manager.name}"`)
  })

  test('are refused where they would reach no table at all, and the owner is named', async () => {
    const shop = await aDatabase('in_vain', 'create table public.things ()')
    const { refusals } = await bench.plan(aCreate(`${prefix}vain`, read(shop)))
    expect(refusals).toMatchObject([{ code: 'missing_right', message: expect.stringContaining('postgres') }])
    const empty = await aDatabase(
      'empty',
      "create schema theirs; create function theirs.f() returns int language sql as 'select 1'",
    )
    expect((await bench.plan(aCreate(`${prefix}vain`, read(empty)))).refusals).toEqual([])
    expect(
      (await bench.plan(aCreate(`${prefix}vain`, { grants: [{ role: 'owner', database: shop }] }))).refusals,
    ).toEqual([])
  })

  test('are not refused for what an extension brought along, nor told to miss it', async () => {
    const shop = await aDatabase('extended', 'create extension pg_buffercache')
    const name = `${prefix}extended`
    expect(await answerTo(aCreate(name, read(shop)), name)).toEqual([{ role: 'read', database: shop, by: 'catalogue' }])
  })

  test('leave out what lies in a schema that nobody within reach may look into', async () => {
    const owner = await anOwner('locked_in')
    const shop = await aDatabase(
      'locked_in',
      `create schema shut; create table shut.t (); alter table shut.t owner to "${owner}"; ${thingsOf(owner)}`,
    )
    const reader = await anOwner('looks_in')
    const [grant] = await answerTo(giving(reader, 'read', shop), reader)
    expect(grant?.missing).toEqual([owner, 'postgres'].sort())
    await as(reader, shop)('select * from s.things')
  })

  test('name the schema of an owner who may not use it, by borrowing that of the schema too', async () => {
    const [one, other, reader] = [await anOwner('of_schema'), await anOwner('of_table'), await anOwner('of_neither')]
    const shop = await aDatabase(
      'two_owners',
      `create schema z authorization "${one}"; create table z.t (); alter table z.t owner to "${other}"`,
    )
    await bench.run(giving(reader, 'read', shop))
    await as(reader, shop)('select * from z.t')
  })

  test('are taken back with all that was granted by others', async () => {
    const owner = await anOwner('taken')
    const shop = await aDatabase('taken', thingsOf(owner), owner)
    const [name, mark, before] = [`${prefix}taken_back`, aMark(), await memberships()]
    const change = aCreate(name, {
      grants: [
        { role: 'owner', database: shop },
        { role: 'read', database: shop },
      ],
    })
    await using link = await bench.open()
    const facts = await link.facts(change, mark)
    await bench.run(change, mark)
    await bench.crash(bench.engine.undo(change, facts)!, mark)
    expect(await bench.client.findUser({ name })).toBeUndefined()
    expect(await bench.sql(`select rolname from pg_roles where rolname like 'rolecall\\_${prefix}taken%'`)).toEqual([])
    expect(await memberships()).toEqual(before)
  })

  test('do not lose a login what it owns when it becomes an owner among owners', async () => {
    const [first, second] = [await anOwner('first'), await anOwner('second')]
    const shop = await aDatabase('among', '', second)
    await bench.run(giving(first, 'owner', shop))
    await bench.sql('create schema mine; create table mine.t (n int)', { database: shop, as: second })
    await bench.sql(`revoke all on database "${shop}" from public`)
    const before = await memberships()
    await bench.crash(giving(second, 'owner', shop))
    expect(await memberships()).toEqual(before)
    expect(await bench.client.findDatabase(shop)).toMatchObject({ owner: second })
    await as(second, shop)('alter table mine.t add m int')
    await as(first, shop)('insert into mine.t values (1, 2); create schema another')
  })

  test('made by two operations at once are a conflict for one of them, which then goes through', async () => {
    const owner = await anOwner('raced')
    const shop = await aDatabase('raced', thingsOf(owner))
    const names = [await anOwner('racer1'), await anOwner('racer2')] as const
    await using one = await bench.open()
    await using two = await bench.open()
    const [first, second] = [giving(names[0], 'readwrite', shop), giving(names[1], 'readwrite', shop)]
    const before = await memberships()
    const plans = [await planned(bench.engine, one, first, aMark()), await planned(bench.engine, two, second, aMark())]
    const [
      {
        steps: [mine],
      },
      {
        steps: [theirs],
      },
    ] = plans as [(typeof plans)[0], (typeof plans)[0]]
    const ends = await Promise.allSettled([one.run(mine!), two.run(theirs!)])
    const lost = ends.flatMap(end => (end.status === 'rejected' ? [end.reason.code] : []))
    expect(lost).toEqual(['conflict'])
    await bench.run(first)
    await bench.run(second)
    for (const name of names) await as(name, shop)('insert into s.things (n) values (1)')
    expect(await memberships()).toEqual(before)
  })
})

onPostgresql([13], 'a managing login that does not inherit, on PostgreSQL %d', major => {
  const prefix = `noinherit_${process.pid}_`

  test('borrows nothing, says so, and keeps the memberships that it has', async () => {
    const server = await postgresqlServer(major)
    const [manager, owner] = [{ name: `${prefix}manager`, password: 'manager' }, `${prefix}owner`]
    await sqlOn(server, `create role "${manager.name}" login noinherit createrole createdb password 'manager'`)
    await sqlOn(server, `create role "${owner}"; grant "${owner}" to "${manager.name}"`)
    await using bench = await aWorkbench(major, manager)
    const shop = `${prefix}shop`
    await bench.run({ kind: 'create-database', database: { name: shop } })
    await bench.sql(`create table t (); alter table t owner to "${owner}"`, { database: shop })
    if (major < 16) expect((await bench.client.missingRights()).join()).toContain('INHERIT')
    const { refusals } = await bench.plan(aCreate(`${prefix}reader`, { grants: [{ role: 'read', database: shop }] }))
    expect(refusals).toMatchObject([{ code: 'missing_right', message: expect.stringContaining(owner) }])
  })
})
