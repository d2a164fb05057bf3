import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OnOwned } from '../../src/domain/servers/policy.ts'
import { aCreate, aMark } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, type Workbench } from '../support/postgresql/workbench.ts'

onPostgresql([13, 18], 'dropping a login on PostgreSQL %d', major => {
  const prefix = `drop_${process.pid}_`
  const [here, there] = [`${prefix}here`, `${prefix}"there`]
  let bench: Workbench

  beforeAll(async () => {
    bench = await aWorkbench(major)
    for (const name of [here, there]) await bench.run({ kind: 'create-database', database: { name } })
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
    await using link = await aWorkbench(major)
    for (const name of [here, there]) await link.run({ kind: 'drop-database', name, force: true })
  })

  const aLogin = async (name: string) => {
    await bench.run(aCreate(prefix + name))
    return prefix + name
  }
  const dropping = (name: string, onOwned: OnOwned = 'refuse') =>
    ({ kind: 'drop-user', key: { name }, onOwned }) as const
  const refusals = async (name: string, onOwned?: OnOwned) => (await bench.plan(dropping(name, onOwned))).refusals
  const isGone = async (name: string) => expect(await bench.client.findUser({ name })).toBeUndefined()
  const objectsOf = (login: string, schema: string) => `
    create schema "${schema}" authorization "${login}";
    set role "${login}";
    create table "${schema}".t (id serial primary key, n int);
    create view "${schema}".v as select * from "${schema}".t;
    create function "${schema}".f() returns int language sql as 'select 1';
    create type "${schema}".c as (a int);
    select lo_create(0)`

  test('counts what it owns, in every database, by kind, and is refused', async () => {
    const login = await aLogin('owner')
    await bench.sql(objectsOf(login, `${prefix}s1`), { database: here })
    await bench.sql(`create table "${prefix}t2" (); alter table "${prefix}t2" owner to "${login}"`, { database: there })
    await bench.run({ kind: 'create-database', database: { name: `${prefix}owned`, owner: login } })
    const [refusal, ...more] = await refusals(login)
    expect(more).toEqual([])
    expect(refusal).toMatchObject({
      code: 'in_use',
      subject: 'user',
      counts: { tables: 2, views: 1, sequences: 1, functions: 1, schemas: 1, databases: 1, 'large objects': 1 },
    })
    expect(refusal?.message).toContain('2 tables')
    expect(refusal?.message).toContain(here)
  })

  test('gives everything to another role where told so, and goes', async () => {
    const [login, heir] = [await aLogin('giver'), await aLogin('heir')]
    await bench.sql(objectsOf(login, `${prefix}s2`), { database: here })
    await bench.sql(objectsOf(login, `${prefix}s2`), { database: there })
    await bench.run({ kind: 'create-database', database: { name: `${prefix}given`, owner: login } })
    expect(await bench.crash(dropping(login, `reassign:${heir}`))).toBeGreaterThan(3)
    await isGone(login)
    expect(await bench.client.findDatabase(`${prefix}given`)).toMatchObject({ owner: heir })
    const owners = await bench.sql(`select tableowner from pg_tables where schemaname = '${prefix}s2'`, {
      database: there,
    })
    expect(owners).toEqual([{ tableowner: heir }])
    await bench.run(dropping(heir, 'reassign:postgres'))
  })

  test('takes its objects along where told so, but never those of others, and no database', async () => {
    const [login, other] = [await aLogin('taker'), await aLogin('other')]
    await bench.sql(objectsOf(login, `${prefix}s3`), { database: here })
    await bench.run({ kind: 'create-database', database: { name: `${prefix}held`, owner: login } })
    expect(await refusals(login, 'drop')).toMatchObject([{ code: 'in_use', counts: { databases: 1 } }])
    await bench.sql(`alter database "${prefix}held" owner to postgres`)
    await bench.sql(
      `create view "${prefix}theirs" as select * from "${prefix}s3".t; alter view "${prefix}theirs" owner to "${other}"`,
      { database: here },
    )
    await expect(bench.run(dropping(login, 'drop'))).rejects.toMatchObject({ code: 'in_use' })
    expect(await bench.client.findUser({ name: login })).toMatchObject({ locked: true })
    await bench.sql(`drop view "${prefix}theirs"`, { database: here })
    await bench.crash(dropping(login, 'drop'))
    await isGone(login)
    expect(await bench.sql(`select from pg_namespace where nspname = '${prefix}s3'`, { database: here })).toEqual([])
  })

  test('never drops an object that came to be between the plan and its steps', async () => {
    const login = await aLogin('late')
    await bench.sql(`create table "${prefix}late" (); grant select on "${prefix}late" to "${login}"`, {
      database: here,
    })
    const { steps, refusals: none } = await bench.plan(dropping(login))
    expect(none).toEqual([])
    await bench.sql(`alter table "${prefix}late" owner to "${login}"`, { database: here })
    await using link = await bench.open()
    const running = (async () => {
      for (const step of steps) await link.run(step)
    })()
    await expect(running).rejects.toMatchObject({ code: 'in_use' })
    expect(await bench.sql(`select from "${prefix}late"`, { database: here })).toEqual([])
  })

  test('loses every right that anybody gave it, of every kind', async () => {
    const [login, middle] = [await aLogin('granted'), await aLogin('granter')]
    await bench.sql(
      `create schema "${prefix}s4"; create table "${prefix}s4".t (a int, b int); create sequence "${prefix}s4".q;
      create function "${prefix}s4".f(int, text) returns int language sql as 'select 1'; create type "${prefix}s4".e as enum ('x');
      create procedure "${prefix}s4".p() language sql as 'select 1';
      grant usage on schema "${prefix}s4" to "${middle}" with grant option;
      grant all on "${prefix}s4".t, "${prefix}s4".q to "${middle}" with grant option;
      grant all on function "${prefix}s4".f(int, text) to "${middle}" with grant option;
      grant all on procedure "${prefix}s4".p() to "${middle}" with grant option;
      grant all on type "${prefix}s4".e to "${middle}" with grant option;
      grant connect on database "${here}" to "${middle}" with grant option;
      grant usage on language plpgsql to "${middle}" with grant option;
      set role "${middle}";
      grant usage on schema "${prefix}s4" to "${login}";
      grant select on "${prefix}s4".t to "${login}"; grant update (b) on "${prefix}s4".t to "${login}";
      grant usage on sequence "${prefix}s4".q to "${login}";
      grant execute on function "${prefix}s4".f(int, text) to "${login}"; grant execute on procedure "${prefix}s4".p() to "${login}";
      grant usage on type "${prefix}s4".e to "${login}"; grant connect on database "${here}" to "${login}";
      grant usage on language plpgsql to "${login}";
      reset role;
      grant insert on "${prefix}s4".t to "${login}";
      alter default privileges in schema "${prefix}s4" grant select on tables to "${login}";
      alter default privileges for role "${login}" grant select on tables to "${middle}";
      alter table "${prefix}s4".t enable row level security;
      create policy mixed on "${prefix}s4".t to "${login}", "${middle}" using (true);
      create policy alone on "${prefix}s4".t to "${login}" using (true)`,
      { database: here },
    )
    await bench.sql(`grant pg_monitor to "${login}" with admin option; grant "${login}" to "${middle}"`)
    await bench.sql(`alter role "${login}" in database "${here}" set work_mem = '8MB'`)
    expect(await refusals(login)).toEqual([])
    await bench.crash(dropping(login))
    await isGone(login)
    const policies = await bench.sql(`select polname from pg_policy where polname in ('mixed', 'alone')`, {
      database: here,
    })
    expect(policies).toEqual([{ polname: 'mixed' }])
    await bench.sql(`drop schema "${prefix}s4" cascade; revoke usage on language plpgsql from "${middle}"`, {
      database: here,
    })
  })

  test('takes along the memberships that it gave others', async () => {
    const [login, friend] = [await aLogin('generous'), await aLogin('friend')]
    await bench.sql(`create role "${prefix}group"; grant "${prefix}group" to "${login}" with admin option`)
    await bench.sql(`grant "${prefix}group" to "${friend}"`, { as: login })
    await bench.run(dropping(login))
    await isGone(login)
    await bench.sql(`drop role "${prefix}group"`)
  })

  test('is blocked by a database that takes no connections and holds something of it, by name', async () => {
    const login = await aLogin('blocked')
    const closed = `${prefix}closed`
    await bench.run({ kind: 'create-database', database: { name: closed } })
    await bench.sql(`create table t (); grant select on t to "${login}"`, { database: closed })
    await bench.sql(`alter database "${closed}" allow_connections false`)
    const [refusal] = await refusals(login)
    expect(refusal).toMatchObject({ code: 'in_use' })
    expect(refusal?.message).toContain(closed)
    await bench.sql(`alter database "${closed}" allow_connections true`)
    await bench.run(dropping(login))
    await isGone(login)
    await bench.run({ kind: 'drop-database', name: closed, force: true })
  })

  test('leaves a locked login, still listed, where it stops half-way', async () => {
    const login = await aLogin('half')
    await bench.sql(`create table "${prefix}half" (); grant select on "${prefix}half" to "${login}"`, {
      database: here,
    })
    const { steps } = await bench.plan(dropping(login))
    await using link = await bench.open()
    await link.run(steps[0]!)
    expect((await bench.client.listUsers({ limit: 10, q: login })).items).toMatchObject([{ name: login, locked: true }])
    await bench.crash(dropping(login))
    await isGone(login)
  })

  test('is refused for the login that Rolecall itself uses, and for an heir who is not there', async () => {
    expect(await refusals(bench.server.username)).toMatchObject([{ code: 'refused' }])
    const login = await aLogin('heirless')
    expect(await refusals(login, 'reassign:nobody at all')).toMatchObject([{ code: 'not_found', subject: 'role' }])
    expect(await refusals(login, `reassign:${login}`)).toMatchObject([{ code: 'invalid', subject: 'role' }])
  })

  test('leaves groups alone: they are no logins', async () => {
    await bench.sql(`create role "${prefix}plain_group"`)
    expect(await bench.plan(dropping(`${prefix}plain_group`))).toEqual({ steps: [], refusals: [] })
  })

  test('keeps what people wrote in its comment until then', async () => {
    const login = await aLogin('commented')
    const commentOf = async () =>
      (await bench.sql(`select shobj_description(oid, 'pg_authid') as c from pg_roles where rolname = '${login}'`))[0]
        ?.c
    await bench.sql(`comment on role "${login}" is 'it''s for\n[the] orders'`)
    const mark = aMark()
    await bench.run({ kind: 'lock-user', key: { name: login } }, mark)
    expect(await commentOf()).toBe(`it's for\n[the] orders\n[rolecall ${mark.installation} ${mark.operation} locked]`)
    const next = aMark()
    await bench.run({ kind: 'unlock-user', key: { name: login } }, next)
    expect(await commentOf()).toBe(`it's for\n[the] orders\n[rolecall ${next.installation} ${next.operation}]`)
    await bench.run(dropping(login))
  })
})
