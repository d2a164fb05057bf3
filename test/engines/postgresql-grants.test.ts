import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '../../src/domain/users/change.ts'
import type { CatalogueRole } from '../../src/domain/users/grant.ts'
import { aCreate, aMark } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, type Workbench } from '../support/postgresql/workbench.ts'

onPostgresql([13, 18], 'grants on PostgreSQL %d', major => {
  const prefix = `grants_${process.pid}_`
  let bench: Workbench

  beforeAll(async () => {
    bench = await aWorkbench(major)
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
  })

  const aDatabase = async (name: string, sql?: string) => {
    await bench.run({ kind: 'create-database', database: { name: prefix + name } })
    if (sql) await bench.sql(sql, { database: prefix + name })
    return prefix + name
  }
  const aLogin = async (name: string, ...grants: readonly (readonly [CatalogueRole, string])[]) => {
    await bench.run(aCreate(prefix + name, { grants: grants.map(([role, database]) => ({ role, database })) }))
    return prefix + name
  }
  const as = (login: string, database: string) => (text: string) => bench.sql(text, { database, as: login })
  const denied = { code: '42501' }

  test('read reads, readwrite changes rows, owner makes tables that both can use', async () => {
    const shop = await aDatabase('shop', 'create schema s; create table s.t (id serial primary key, n int)')
    const reader = as(await aLogin('reader', ['read', shop]), shop)
    const writer = as(await aLogin('writer', ['readwrite', shop]), shop)
    const owner = as(await aLogin('owner', ['owner', shop]), shop)
    await writer('insert into s.t (n) values (1)')
    expect(await reader('select n from s.t')).toEqual([{ n: 1 }])
    await expect(reader('insert into s.t (n) values (2)')).rejects.toMatchObject(denied)
    await expect(writer('truncate s.t')).rejects.toMatchObject(denied)
    await expect(writer('create table s.mine ()')).rejects.toMatchObject(denied)
    await owner('create schema later; create table later.t (id serial, n int); create table s.u (n int)')
    await writer('insert into later.t (n) values (3)')
    expect(await reader('select n from later.t')).toEqual([{ n: 3 }])
    expect(await reader('select * from s.u')).toEqual([])
  })

  test('two owners share what either makes', async () => {
    const shop = await aDatabase('shared')
    const one = as(await aLogin('owner1', ['owner', shop]), shop)
    const two = as(await aLogin('owner2', ['owner', shop]), shop)
    await one('create schema s; create table s.t (n int)')
    await two('alter table s.t add column m int; drop table s.t')
  })

  test('whoever gets all three at once covers later tables for the others', async () => {
    const shop = await aDatabase('at_once')
    const all = as(await aLogin('all', ['owner', shop], ['readwrite', shop], ['read', shop]), shop)
    await all('create schema s; create table s.t (n int)')
    const reader = as(await aLogin('all_reader', ['read', shop]), shop)
    await all('create table s.later (n int)')
    expect(await reader('select * from s.later')).toEqual([])
  })

  test('who becomes an owner keeps what it made, and its databases', async () => {
    const shop = await aDatabase('kept')
    const login = await aLogin('maker')
    const own = `${prefix}of_maker`
    await bench.run({ kind: 'create-database', database: { name: own, owner: login } })
    await bench.sql(
      `create schema s authorization "${login}"; create table s.t as select 1 as n; alter table s.t owner to "${login}"`,
      { database: shop },
    )
    await bench.sql('create table public.inside (n int)', { database: own, as: login })
    await bench.crash({
      kind: 'grant-user',
      key: { name: login },
      grants: { add: [{ role: 'owner', database: shop }], remove: [] },
    })
    await as(login, shop)('alter table s.t add column m int; insert into s.t values (2, 3)')
    expect(await bench.client.findDatabase(own)).toMatchObject({ owner: login })
    await as(login, own)('drop table public.inside')
    expect((await bench.client.listGrants({ name: login })).grants).toMatchObject([
      { role: 'owner', database: shop, by: 'catalogue' },
      { role: 'owner', database: own, by: 'ownership' },
    ])
  })

  test('databases whose long names begin alike share no catalogue role', async () => {
    const long = 'x'.repeat(40)
    const one = await aDatabase(`${long}_one`, 'create table t ()')
    const two = await aDatabase(`${long}_two`, 'create table t ()')
    const reader = await aLogin('reader_of_one', ['read', one])
    await as(reader, one)('select * from t')
    await expect(as(reader, two)('select * from t')).rejects.toMatchObject(denied)
    expect((await bench.client.findUser({ name: reader }))?.grants).toMatchObject([{ role: 'read', database: one }])
  })

  test('a name of many-byte characters is cut between two of them', async () => {
    const long = await aDatabase('é'.repeat(15), 'create table t ()')
    const reader = await aLogin('reader_of_long', ['read', long])
    await as(reader, long)('select * from t')
  })

  test('a database that is made again does not let old readers in', async () => {
    const name = await aDatabase('remade', 'create table t ()')
    const reader = await aLogin('old_reader', ['read', name])
    const drop: Change = { kind: 'drop-database', name, force: true }
    await bench.crash(drop)
    expect((await bench.client.findUser({ name: reader }))?.grants).toEqual([])
    await aDatabase('remade', 'create table t ()')
    await expect(as(reader, name)('select * from t')).rejects.toMatchObject(denied)
    const left = await bench.sql(`select rolname from pg_roles where rolname like 'rolecall\\_${prefix}remade%'`)
    expect(left).toEqual([])
  })

  test('a database dropped behind our back leaves catalogue roles, which go with the next drop', async () => {
    const name = await aDatabase('vanished')
    const reader = await aLogin('reader_of_vanished', ['read', name])
    await bench.sql(`drop database "${name}"`)
    expect((await bench.client.findUser({ name: reader }))?.grants).toEqual([])
    await bench.run({ kind: 'drop-database', name, force: false })
    expect(await bench.sql(`select from pg_roles where rolname like 'rolecall\\_${prefix}vanished%'`)).toEqual([])
  })

  test('a renamed database keeps its grants', async () => {
    const name = await aDatabase('renamed', 'create table t ()')
    const reader = await aLogin('reader_of_renamed', ['read', name])
    await bench.sql(`alter database "${name}" rename to "${name}_now"`)
    const [grant] = (await bench.client.findUser({ name: reader }))!.grants
    expect(grant).toMatchObject({ role: 'read', database: `${name}_now` })
    await bench.run({
      kind: 'grant-user',
      key: { name: reader },
      grants: { add: [], remove: [{ role: 'read', database: `${name}_now` }] },
    })
    await expect(as(reader, `${name}_now`)('select * from t')).rejects.toMatchObject(denied)
  })

  test('owners whose later tables are not covered are named', async () => {
    const shop = await aDatabase('uncovered', 'create table theirs ()')
    const reader = await aLogin('uncovered_reader', ['read', shop])
    await bench.sql('create table later ()', { database: shop })
    await as(reader, shop)('select * from theirs')
    await expect(as(reader, shop)('select * from later')).rejects.toMatchObject(denied)
    const { grants } = await bench.client.listGrants({ name: reader })
    expect(grants).toMatchObject([{ role: 'read', by: 'catalogue', notCovered: [bench.server.username] }])
    const other = await aLogin('covers_them_now', ['read', shop])
    await as(other, shop)('select * from later')
    await as(reader, shop)('select * from later')
  })

  test('rights that sleep while a login acts as the owner role are told', async () => {
    const shop = await aDatabase('sleepy')
    await bench.run(
      aCreate(`${prefix}sleeper`, { engineRoles: ['pg_monitor'], grants: [{ role: 'owner', database: shop }] }),
    )
    expect((await bench.client.findUser({ name: `${prefix}sleeper` }))?.grants).toMatchObject([
      { role: 'owner', sleeping: ['pg_monitor'] },
    ])
    expect((await bench.client.findUser({ name: `${prefix}sleeper` }))?.engineRoles).toEqual(['pg_monitor'])
  })

  test.each([
    ['grant select on t to LOGIN', 'read'],
    ['grant select (n) on t to LOGIN', 'read'],
    ['grant connect on database DB to LOGIN', 'read'],
    ['grant insert on t to LOGIN', 'readwrite'],
    ['grant create on schema public to LOGIN', 'owner'],
    ['alter table t owner to LOGIN', 'owner'],
  ])('what others did, %s, is told as %s, and can be taken away', async (statement, role) => {
    const name = `direct_${statement.replace(/\W/g, '')}`
    const shop = await aDatabase(name, 'create table t (n int)')
    const login = await aLogin(name)
    await bench.sql(statement.replace('LOGIN', `"${login}"`).replace('DB', `"${shop}"`), { database: shop })
    expect((await bench.client.listGrants({ name: login })).grants).toEqual([{ role, database: shop, by: 'direct' }])
    if (statement.startsWith('alter')) return
    const key = { name: login }
    await bench.run({
      kind: 'grant-user',
      key,
      grants: { add: [], remove: [{ role: role as CatalogueRole, database: shop }] },
    })
    expect((await bench.client.listGrants(key)).grants).toEqual([])
  })

  test('a right that was granted on by a third is taken away as that third', async () => {
    const shop = await aDatabase('third', 'create table t (n int)')
    const [middle, end] = [await aLogin('middle'), await aLogin('end')]
    await bench.sql(
      `grant select on t to "${middle}" with grant option; set role "${middle}"; grant select on t to "${end}"`,
      { database: shop },
    )
    await bench.run({
      kind: 'grant-user',
      key: { name: end },
      grants: { add: [], remove: [{ role: 'read', database: shop }] },
    })
    expect((await bench.client.listGrants({ name: end })).grants).toEqual([])
    expect((await bench.client.listGrants({ name: middle })).grants).toHaveLength(1)
  })

  test('PUBLIC is shut out where policy says so, and grants still work', async () => {
    const shop = await aDatabase('closed', 'create table t ()')
    const reader = await aLogin('closed_reader')
    const stranger = await aLogin('stranger')
    const usage = ['public-connect', 'public-schema-usage']
    const open = major < 15 ? ['public-connect', 'public-schema-create', 'public-schema-usage'] : usage
    expect((await bench.client.findDatabase(shop))?.flags).toEqual(open)
    const grants = { add: [{ role: 'read', database: shop } as const], remove: [] }
    await bench.run({ kind: 'grant-user', key: { name: reader }, grants, closePublic: true })
    expect((await bench.client.findDatabase(shop))?.flags).toEqual([])
    await as(reader, shop)('select * from t')
    await expect(as(stranger, shop)('select 1')).rejects.toMatchObject(denied)
  })

  test('what PUBLIC may do in the schema public is told of one database, never in a list', async () => {
    const shop = await aDatabase('flagged', 'revoke create on schema public from public')
    expect((await bench.client.findDatabase(shop))?.flags).toEqual(['public-connect', 'public-schema-usage'])
    const [listed] = (await bench.client.listDatabases({ limit: 1, q: shop })).items
    expect(listed?.flags).toEqual(['public-connect'])
    await bench.sql(`alter database "${shop}" allow_connections false`)
    expect((await bench.client.findDatabase(shop))?.flags).toContain('public-schema-unknown')
    await bench.sql(`drop database "${shop}"`)
  })

  test('a taken-back create leaves no catalogue role that it made, unless others use it by now', async () => {
    const [shop, mark] = [await aDatabase('undone', 'create table t ()'), aMark()]
    const change = aCreate(`${prefix}undone`, {
      grants: [
        { role: 'owner', database: shop },
        { role: 'read', database: shop },
      ],
    })
    const before = await bench.client.facts(change, mark)
    await bench.run(change, mark)
    await aLogin('other_reader', ['read', shop])
    await bench.run(bench.engine.undo(change, before)!, mark)
    const left = await bench.sql(`select rolname from pg_roles where rolname like 'rolecall\\_${prefix}undone%'`)
    expect(left).toEqual([{ rolname: expect.stringMatching(/_read$/) }])
    expect(await bench.client.findUser({ name: `${prefix}undone` })).toBeUndefined()
    expect(await bench.sql('select * from pg_default_acl', { database: shop })).toEqual([])
  })

  test('a grant that is taken back gives back what was there before', async () => {
    const shop = await aDatabase('back')
    const key = { name: await aLogin('back', ['read', shop]) }
    const change: Change = {
      kind: 'grant-user',
      key,
      grants: {
        add: [
          { role: 'read', database: shop },
          { role: 'readwrite', database: shop },
        ],
        remove: [],
      },
    }
    const before = await bench.client.facts(change, aMark())
    await bench.run(change)
    await bench.run(bench.engine.undo(change, before)!)
    expect((await bench.client.findUser(key))?.grants).toMatchObject([{ role: 'read', database: shop }])
  })

  test('many grants at once on one database are conflicts at worst, never lost', async () => {
    const shop = await aDatabase('busy', 'create table t ()')
    const names = Array.from({ length: 6 }, (_, at) => `${prefix}busy${at}`)
    for (const name of names) await bench.run(aCreate(name))
    const grant = async (name: string, tries = 10): Promise<void> => {
      await using own = await aWorkbench(major)
      const add = [{ role: 'readwrite', database: shop } as const]
      await own.run({ kind: 'grant-user', key: { name }, grants: { add, remove: [] } }).catch(error => {
        if (tries === 0 || !['conflict', 'timeout'].includes(error.code)) throw error
        return grant(name, tries - 1)
      })
    }
    await Promise.all(names.map(name => grant(name)))
    for (const name of names) await as(name, shop)('insert into t default values')
  })

  test('catalogue roles are neither logins nor roles of the engine', async () => {
    const shop = await aDatabase('hidden')
    await aLogin('hidden_reader', ['read', shop])
    const listed = await bench.client.listUsers({ limit: 1000, q: 'rolecall_' })
    expect(listed.items.filter(({ name }) => name.startsWith('rolecall_'))).toEqual([])
    expect((await bench.client.listRoles()).filter(({ name }) => name.startsWith('rolecall_'))).toEqual([])
    const change = aCreate(`${prefix}cheat`, { engineRoles: [`rolecall_x_00004000_read`] })
    expect((await bench.plan(change)).refusals).toMatchObject([{ code: 'invalid', subject: 'role' }])
  })
})
