import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/domain/fault.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import { CATALOGUE_ROLES, type CatalogueRole, type GrantChange } from '../../src/domain/users/grant.ts'
import type { MysqlFacts } from '../../src/engines/mysql/facts/facts.ts'
import { databaseMarkerRole } from '../../src/engines/mysql/marks.ts'
import { aCreate, aMark, applyThroughCrashes, planned } from '../support/changes.ts'
import { onMysqlFamily } from '../support/mariadb/workbench.ts'

onMysqlFamily('grants and databases', (bench, isMariadb) => {
  const prefix = `g${process.pid}_`
  const key = (name: string) => ({ name: prefix + name })
  const database = async (name: string) => {
    await bench().sql(`create database if not exists \`${prefix}${name}\``)
    return prefix + name
  }
  const made = async (name: string, change: Parameters<typeof aCreate>[1] = {}) => {
    await bench().run(aCreate(prefix + name, change))
    return key(name)
  }
  const grant = (name: string, grants: GrantChange) => bench().run({ kind: 'grant-user', key: key(name), grants })
  const as = (name: string, where: string) =>
    bench().open({ username: prefix + name, password: new Secret(`pw-of-${prefix}${name}`), database: where })

  describe('a grant', () => {
    test('reaches the database that it names, and none whose name its pattern would fit', async () => {
      const [own, other] = [await database('a_b%c'), await database('aXbYYc')]
      await bench().sql(`create table \`${own}\`.t (x int)`)
      await made('exact', { grants: [{ role: 'read', database: own }] })
      await using session = await as('exact', own)
      expect(await session.previewTable('t', 1)).toEqual({ columns: [{ name: 'x' }], rows: [] })
      await expect(as('exact', other)).rejects.toMatchObject({ details: { reason: 'rights' } })
    })

    test('read reads, readwrite writes, and owner makes tables', async () => {
      const name = await database('roles')
      await bench().sql(`create table ${name}.t (x int)`)
      const may = async (role: CatalogueRole, text: string) => {
        await using session = await as(`may_${role}`, name)
        const statement = { why: 'for this test', statements: [{ shown: text }] }
        return await session.run(statement).catch((error: Fault) => error.code)
      }
      for (const role of CATALOGUE_ROLES) await made(`may_${role}`, { grants: [{ role, database: name }] })
      expect(await may('read', 'select * from t')).toBeUndefined()
      expect(await may('read', 'insert into t values (1)')).toBe('missing_right')
      expect(await may('readwrite', 'insert into t values (1)')).toBeUndefined()
      expect(await may('readwrite', 'create table u (x int)')).toBe('missing_right')
      expect(await may('owner', 'create table u (x int)')).toBeUndefined()
    })

    test('is changed into another, though the process dies after every step', async () => {
      const [one, two] = [await database('from'), await database('to')]
      const there = await made('changed', { grants: [{ role: 'owner', database: one }] })
      const grants: GrantChange = {
        add: [
          { role: 'read', database: one },
          { role: 'readwrite', database: two },
        ],
        remove: [{ role: 'owner', database: one }],
      }
      await applyThroughCrashes(bench().engine, bench().client, { kind: 'grant-user', key: there, grants })
      expect((await bench().client.findUser(there))?.grants).toEqual([
        { role: 'read', database: one, by: 'catalogue' },
        { role: 'readwrite', database: two, by: 'catalogue' },
      ])
      if (!isMariadb) return
      const [row] = await bench().sql(
        'select Delete_history_priv as history from mysql.db where User = ? and Db like ?',
        there.name,
        '%from',
      )
      expect(row).toEqual({ history: 'N' })
    })

    test('that is taken back leaves what was there before', async () => {
      const name = await database('back')
      const there = await made('back', { grants: [{ role: 'read', database: name }] })
      const change: Change = {
        kind: 'grant-user',
        key: there,
        grants: { add: [{ role: 'owner', database: name }], remove: [] },
      }
      const before = await bench().client.facts(change, aMark())
      await bench().run(change)
      await bench().run(bench().engine.undo(change, before)!)
      expect((await bench().client.findUser(there))?.grants).toEqual([
        { role: 'read', database: name, by: 'catalogue' },
      ])
    })

    test('that somebody else gave is shown as what it comes nearest to, and can be taken away', async () => {
      const [name, tables] = [await database('their_s'), await database('tables')]
      await bench().sql(`create table ${tables}.t (x int)`)
      const there = await made('theirs')
      await bench().sql(`grant select, insert on ${name}.* to '${there.name}'@'%'`)
      await bench().sql(`grant select on ${tables}.t to '${there.name}'@'%'`)
      const { grants, unreadable } = await bench().client.listGrants(there)
      expect(grants).toEqual([
        { role: 'readwrite', database: name, by: 'direct' },
        { role: 'read', database: tables, by: 'direct' },
      ])
      expect(unreadable).toEqual([])
      await grant('theirs', { add: [], remove: [{ role: 'readwrite', database: name }] })
      expect((await bench().client.listGrants(there)).grants).toEqual([
        { role: 'read', database: tables, by: 'direct' },
      ])
    })
  })

  describe('a database', () => {
    test('takes a character set and a collation, and says its size', async () => {
      const name = `${prefix}charset`
      await bench().run({
        kind: 'create-database',
        database: { name, encoding: 'latin1', collation: 'latin1_german1_ci' },
      })
      await bench().sql(`create table ${name}.t (x int)`)
      expect(await bench().client.findDatabase(name)).toMatchObject({
        encoding: 'latin1',
        collation: 'latin1_german1_ci',
        sizeBytes: expect.any(Number),
      })
    })

    test('with a character set that nobody knows is refused by the server, and nothing is left', async () => {
      const name = `${prefix}unknown`
      const change: Change = { kind: 'create-database', database: { name, encoding: 'klingon' } }
      const mark = aMark()
      const before = await bench().client.facts(change, mark)
      await expect(bench().run(change, mark)).rejects.toMatchObject({ code: 'invalid', subject: 'database' })
      await bench().run(bench().engine.undo(change, before)!, mark)
      expect(await bench().client.findDatabase(name)).toBeUndefined()
      expect((await bench().client.facts(change, mark)).applied).toBe(false)
    })

    test('that is dropped takes with it what was granted on it: one made again lets nobody in', async () => {
      const name = await database('again_')
      const there = await made('reader', { grants: [{ role: 'read', database: name }] })
      await bench().sql(`grant select on ${name}.* to '${there.name}'@'%' with grant option`)
      await applyThroughCrashes(bench().engine, bench().client, { kind: 'drop-database', name, force: false })
      expect(await bench().sql('select * from mysql.db where User = ?', there.name)).toEqual([])
      expect((await bench().client.findUser(there))?.grants).toEqual([])
    })

    test('of the system is neither listed nor dropped', async () => {
      const { items } = await bench().client.listDatabases({ limit: 1_000 })
      expect(items.map(({ name }) => name)).not.toContain('mysql')
      const change: Change = { kind: 'drop-database', name: 'mysql', force: true }
      expect((await planned(bench().engine, bench().client, change, aMark())).refusals).toMatchObject([
        { code: 'refused' },
      ])
    })

    test('of somebody else is not taken back', async () => {
      const name = await database('others')
      await bench().run({ kind: 'undo-create-database', name })
      expect(await bench().client.findDatabase(name)).toBeDefined()
    })
  })

  describe('where databases carry no mark, as on MySQL', () => {
    const unmarked = async (change: Change, mark: ReturnType<typeof aMark>) => {
      const facts = (await bench().client.facts(change, mark)) as MysqlFacts
      const database = facts.database && { ...facts.database, marked: facts.database.exists && facts.database.intended }
      const seen = {
        ...facts,
        state: { ...facts.state, databaseComments: false },
        database,
        applied: facts.database?.intended ?? false,
      }
      return bench().engine.plan(change, seen)
    }
    const through = async (change: Change, mark: ReturnType<typeof aMark>) => {
      for (let steps = (await unmarked(change, mark)).steps; steps[0]; steps = (await unmarked(change, mark)).steps) {
        await bench().client.run(steps[0])
      }
    }

    test('a role that nobody has announces one, tells it from others, and goes with it', async () => {
      const [name, mark] = [`${prefix}announ_ced`, aMark()]
      const change: Change = { kind: 'create-database', database: { name } }
      await through(change, mark)
      expect(await bench().client.findDatabase(name)).toBeDefined()
      expect(await unmarked(change, mark)).toEqual({ steps: [], refusals: [] })
      expect((await unmarked(change, aMark())).refusals).toMatchObject([{ code: 'exists' }])
      await through({ kind: 'drop-database', name, force: false }, aMark())
      expect(await bench().sql('select User from mysql.user where User = ?', databaseMarkerRole(mark, name))).toEqual(
        [],
      )
    })

    test('what was announced is taken back', async () => {
      const [name, mark] = [`${prefix}taken_back`, aMark()]
      await bench().client.run((await unmarked({ kind: 'create-database', database: { name } }, mark)).steps[0]!)
      await through({ kind: 'undo-create-database', name }, mark)
      expect(await bench().sql('select User from mysql.user where User = ?', databaseMarkerRole(mark, name))).toEqual(
        [],
      )
    })
  })

  describe('a preview', () => {
    test('shows columns and first rows as texts, of a view too, and changes nothing', async () => {
      const name = await database('preview')
      await bench().sql(`create table ${name}.\`odd \`\`name\` (id int, note text, raw blob, at datetime)`)
      await bench().sql(
        `insert into ${name}.\`odd \`\`name\` values (1, repeat('é', 2000), 0x6869, '2020-01-02 03:04:05'), (2, null, null, null)`,
      )
      await bench().sql(`create view ${name}.v as select id from ${name}.\`odd \`\`name\``)
      await using link = await bench().open({ database: name })
      const { columns, rows } = await link.previewTable('odd `name', 10)
      expect(columns.map(one => one.name)).toEqual(['id', 'note', 'raw', 'at'])
      expect(rows[0]).toEqual(['1', 'é'.repeat(1_000), 'hi', '2020-01-02 03:04:05'])
      expect(rows[1]).toEqual(['2', '', '', ''])
      expect(await link.previewTable(`${name}.v`, 1)).toEqual({ columns: [{ name: 'id' }], rows: [['1']] })
      await expect(link.previewTable('nowhere', 1)).rejects.toMatchObject({ code: 'not_found', subject: 'table' })
    })
  })
})
