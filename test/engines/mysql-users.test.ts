import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import { aCreate, aMark, applyThroughCrashes, INSTALLATION, planned } from '../support/changes.ts'
import { onMysqlFamily } from '../support/mariadb/workbench.ts'

onMysqlFamily('logins', (bench, isMariadb) => {
  const prefix = `u${process.pid}_`
  const key = (name: string, host?: string) => ({ name: prefix + name, ...(host === undefined ? {} : { host }) })
  const made = async (name: string, change: Parameters<typeof aCreate>[1] = {}) => {
    await bench().run(aCreate(prefix + name, change))
    return key(name, change.host)
  }

  describe('what is one', () => {
    test('a name and a host: the same name elsewhere is another', async () => {
      await made('two', { password: 'of-anywhere' })
      await made('two', { host: '10.1.%', password: 'of-inside' })
      await bench().run({ kind: 'lock-user', key: key('two', '10.1.%') })
      expect(await bench().client.findUser(key('two'))).toMatchObject({ host: '%', locked: false })
      expect(await bench().client.findUser(key('two', '10.1.%'))).toMatchObject({ host: '10.1.%', locked: true })
      const { items } = await bench().client.listUsers({ limit: 10, q: key('two').name })
      expect(items.map(({ name, host }) => `${name}@${host}`)).toEqual([`${prefix}two@%`, `${prefix}two@10.1.%`])
    })

    test('in the order of name@host by bytes: a.b@% before a@%', async () => {
      for (const name of ['order', 'order.b']) await made(name)
      const { items } = await bench().client.listUsers({ limit: 10, q: `${prefix}order` })
      expect(items.map(({ name }) => name)).toEqual([`${prefix}order.b`, `${prefix}order`])
    })

    test('looked for by what no name can have is found nowhere, and no fault', async () => {
      await made('found')
      expect((await bench().client.listUsers({ limit: 10, q: '🐘' })).items).toEqual([])
      const after = await bench().client.listUsers({ limit: 10, after: `${prefix}foun🐘`, q: prefix })
      expect(after.items.map(({ name }) => name)).not.toContain(`${prefix}found`)
      expect((await bench().client.listUsers({ limit: 10, q: `${prefix}FOUND` })).items).toHaveLength(1)
      // Letters with accents are letters of their own, and have their own capitals.
      expect((await bench().client.listUsers({ limit: 10, q: `${prefix}fóund` })).items).toEqual([])
      await made('fóund')
      expect((await bench().client.listUsers({ limit: 10, q: `${prefix}FÓUND` })).items).toHaveLength(1)
    })

    test('several of one operation each carry its mark, and keep it when another of them goes', async () => {
      const mark = aMark()
      for (const name of ['first', 'second']) await bench().run(aCreate(prefix + name), mark)
      const incarnation = `${mark.installation}/${mark.operation}`
      expect(await bench().client.findUser(key('second'))).toMatchObject({ incarnation })
      await bench().run({ kind: 'drop-user', key: key('first'), onOwned: 'refuse' })
      expect(await bench().client.findUser(key('second'))).toMatchObject({ incarnation })
    })

    test('hosts are one in any case', async () => {
      await made('cased', { host: 'DB.Example.Test' })
      expect(await bench().client.findUser(key('cased', 'db.EXAMPLE.test'))).toMatchObject({ host: 'db.example.test' })
    })

    test("a role is none, and neither are the server's own accounts and our marks", async () => {
      await bench().sql(`create role ${prefix}readers`)
      expect(await bench().client.findUser(key('readers'))).toBeUndefined()
      const all = (await bench().client.listUsers({ limit: 1_000 })).items.map(({ name }) => name)
      expect(all).not.toContain(`${prefix}readers`)
      expect(all).not.toContain('mariadb.sys')
      expect(all.filter(name => name.startsWith('rolecall_'))).toEqual([])
      const roles = (await bench().client.listRoles()).map(({ name }) => name)
      expect(roles).toContain(`${prefix}readers`)
      expect(roles.filter(name => name.startsWith('rolecall_'))).toEqual([])
    })

    test.runIf(isMariadb)('a login of the name of a role is another thing', async () => {
      await bench().sql(`create role ${prefix}both`)
      await made('both')
      await bench().run({ kind: 'drop-user', key: key('both'), onOwned: 'refuse' })
      expect(await bench().sql('select User from mysql.user where User = ?', `${prefix}both`)).toHaveLength(1)
    })
  })

  describe('the mark', () => {
    const incarnation = async (name: string) => (await bench().client.findUser(key(name)))?.incarnation

    test('stays through a reset, a lock and a rename, and goes with the login', async () => {
      const mark = aMark()
      await bench().run(aCreate(`${prefix}marked`), mark)
      const first = await incarnation('marked')
      await bench().run({ kind: 'reset-user', key: key('marked'), password: new Secret('another-password') })
      await bench().run({ kind: 'lock-user', key: key('marked') })
      await bench().run({ kind: 'rename-user', key: key('marked'), to: key('renamed') })
      expect(await incarnation('renamed')).toBe(first)
      await bench().sql(`drop user '${prefix}renamed'@'%'`)
      await bench().sql(`create user '${prefix}renamed'@'%'`)
      expect(await incarnation('renamed')).toBeUndefined()
    })

    test.runIf(isMariadb)('is nowhere once the login is dropped', async () => {
      const mark = aMark()
      await bench().run(aCreate(`${prefix}gone`), mark)
      await bench().run({ kind: 'drop-user', key: key('gone'), onOwned: 'refuse' })
      expect(await bench().sql('select * from mysql.global_priv where User like ?', `%${mark.operation}`)).toEqual([])
      expect(await bench().sql('select * from mysql.roles_mapping where Role like ?', `%${mark.operation}`)).toEqual([])
    })

    test('logins of others have none, and can be changed all the same', async () => {
      await bench().sql(`create user '${prefix}theirs'@'%' identified by 'a-password-of-theirs'`)
      expect(await bench().client.findUser(key('theirs'))).toMatchObject({ incarnation: undefined, mark: undefined })
      await bench().run({ kind: 'reset-user', key: key('theirs'), password: new Secret('a-new-password') })
      expect(await bench().logsIn(key('theirs'), 'a-new-password')).toBe(true)
      await bench().run({ kind: 'drop-user', key: key('theirs'), onOwned: 'refuse' })
    })

    test('no login is made by a grant to one that is gone', async () => {
      const there = await made('fleeting')
      await bench().sql(`create database if not exists ${prefix}db`)
      const change: Change = {
        kind: 'grant-user',
        key: there,
        grants: { add: [{ role: 'read', database: `${prefix}db` }], remove: [] },
      }
      const { steps } = await planned(bench().engine, bench().client, change, aMark())
      await bench().sql(`drop user '${prefix}fleeting'@'%'`)
      await expect(bench().client.run(steps[0]!)).rejects.toMatchObject({ code: 'conflict' })
      expect(await bench().client.findUser(there)).toBeUndefined()
      await bench().sql(`drop database ${prefix}db`)
    })
  })

  describe('an interrupted', () => {
    test.runIf(isMariadb)('create can be gone on with after each of its statements', async () => {
      for (const statements of [1, 2, 3, 4]) {
        const mark = aMark()
        const change = aCreate(`${prefix}cut_${statements}`)
        const { steps } = await planned(bench().engine, bench().client, change, mark)
        await bench().client.run({ ...steps[0]!, statements: steps[0]!.statements.slice(0, statements) })
        expect((await bench().client.facts(change, mark)).applied).toBe(true)
        await expect(bench().logsIn(key(`cut_${statements}`), `pw-of-${prefix}cut_${statements}`)).resolves.toBe(false)
        await applyThroughCrashes(bench().engine, bench().client, change, mark)
        expect(await bench().logsIn(key(`cut_${statements}`), `pw-of-${prefix}cut_${statements}`)).toBe(true)
        expect(await bench().client.findUser(key(`cut_${statements}`))).toMatchObject({
          mark,
          locked: false,
          flags: [],
        })
      }
    })

    test.runIf(isMariadb)('create can be taken back after each of its statements', async () => {
      for (const statements of [1, 2, 3, 4]) {
        const mark = aMark()
        const change = aCreate(`${prefix}back_${statements}`)
        const before = await bench().client.facts(change, mark)
        const { steps } = bench().engine.plan(change, before)
        await bench().client.run({ ...steps[0]!, statements: steps[0]!.statements.slice(0, statements) })
        await bench().run(bench().engine.undo(change, before)!, mark)
        expect((await bench().client.facts(change, mark)).applied).toBe(false)
        expect(await bench().sql('select User from mysql.user where User like ?', `%${mark.operation}`)).toEqual([])
      }
    })

    test('create of a name that somebody else was quicker with leaves theirs alone', async () => {
      const mark = aMark()
      const change = aCreate(`${prefix}raced`)
      const before = await bench().client.facts(change, mark)
      const { steps } = bench().engine.plan(change, before)
      await bench().sql(`create user '${prefix}raced'@'%' identified by 'a-password-of-theirs'`)
      await expect(bench().client.run(steps[0]!)).rejects.toMatchObject({ code: 'conflict' })
      // Our role is there by now, and still theirs is not ours.
      expect((await bench().client.facts(change, mark)).applied).toBe(isMariadb)
      expect((await planned(bench().engine, bench().client, change, mark)).refusals).toMatchObject([{ code: 'exists' }])
      await bench().run(bench().engine.undo(change, before)!, mark)
      expect(await bench().logsIn(key('raced'), 'a-password-of-theirs')).toBe(true)
      expect((await planned(bench().engine, bench().client, change, mark)).refusals).toMatchObject([{ code: 'exists' }])
    })

    test('reset is known by its password', async () => {
      const there = await made('known')
      const mark = aMark()
      const change: Change = { kind: 'reset-user', key: there, password: new Secret('the-new-password') }
      expect((await bench().client.facts(change, mark)).applied).toBe(false)
      await bench().run(change, mark)
      expect((await bench().client.facts(change, mark)).applied).toBe(true)
      expect(await planned(bench().engine, bench().client, change, mark)).toEqual({ steps: [], refusals: [] })
    })

    test('rename with a password comes to its end', async () => {
      const there = await made('old', { grants: [] })
      const mark = aMark()
      const change: Change = {
        kind: 'rename-user',
        key: there,
        to: key('new', '127.%'),
        password: new Secret('a-password-for-new'),
      }
      const { steps } = await planned(bench().engine, bench().client, change, mark)
      // All but the password: killed in the middle of its one message.
      await bench().client.run({ ...steps[0]!, statements: steps[0]!.statements.slice(0, -1) })
      expect((await bench().client.facts(change, mark)).applied).toBe(true)
      await applyThroughCrashes(bench().engine, bench().client, change, mark)
      expect(await bench().client.findUser(there)).toBeUndefined()
      expect(await bench().logsIn(key('new', '127.%'), 'a-password-for-new')).toBe(true)
      expect(await planned(bench().engine, bench().client, change, mark)).toEqual({ steps: [], refusals: [] })
    })

    test('rename that never began is refused where the old name is gone', async () => {
      await made('target')
      const change: Change = { kind: 'rename-user', key: key('nobody'), to: key('target') }
      expect((await planned(bench().engine, bench().client, change, aMark())).refusals).toMatchObject([
        { code: 'not_found' },
      ])
    })
  })

  describe('sessions', () => {
    const session = (name: string) =>
      bench().open({ username: prefix + name, password: new Secret(`pw-of-${prefix}${name}`), database: '' })

    test('of a name with several hosts are told apart', async () => {
      await made('seated')
      await made('seated', { host: '10.%' })
      await using one = await session('seated')
      expect(await bench().client.listSessions(key('seated'))).toHaveLength(1)
      expect(await bench().client.listSessions(key('seated', '10.%'))).toEqual([])
      await bench().run({ kind: 'drop-user', key: key('seated', '10.%'), onOwned: 'refuse' })
      expect((await one.listDatabases({ limit: 1 })).items).toBeDefined()
    })

    test('belong to the nearest host', async () => {
      await made('near')
      await made('near', { host: '127.0.0.%' })
      await using _one = await session('near')
      expect(await bench().client.listSessions(key('near'))).toEqual([])
      expect(await bench().client.listSessions(key('near', '127.0.0.%'))).toHaveLength(1)
    })

    test('of a network count', async () => {
      await made('net')
      await made('net', { host: '127.0.0.0/255.0.0.0' })
      await using _one = await session('net')
      expect(await bench().client.listSessions(key('net', '127.0.0.0/255.0.0.0'))).toHaveLength(1)
      expect(await bench().client.listSessions(key('net'))).toEqual([])
    })
  })

  describe('roles', () => {
    test('are given, shown and taken away; one that is not there is refused', async () => {
      for (const name of ['r1', 'r 2']) await bench().sql(`create role \`${prefix}${name}\``)
      const there = await made('member', { engineRoles: [`${prefix}r1`] })
      expect(await bench().client.findUser(there)).toMatchObject({ engineRoles: [`${prefix}r1`] })
      await bench().run({ kind: 'set-user', key: there, settings: {}, engineRoles: [`${prefix}r 2`] })
      expect(await bench().client.findUser(there)).toMatchObject({ engineRoles: [`${prefix}r 2`] })
      const missing = aCreate(`${prefix}x`, { engineRoles: ['nobody_made_this'] })
      expect((await planned(bench().engine, bench().client, missing, aMark())).refusals).toMatchObject([
        { code: 'not_found', subject: 'role' },
      ])
    })
  })

  test('another way of checking passwords is not changed without one', async () => {
    const there = await made('plugin')
    const change: Change = { kind: 'set-user', key: there, settings: { authPlugin: 'ed25519' } }
    expect((await planned(bench().engine, bench().client, change, aMark())).refusals).toMatchObject([
      { code: 'invalid' },
    ])
  })

  test('the managing login is not dropped', async () => {
    const change: Change = { kind: 'drop-user', key: { name: bench().server.username }, onOwned: 'refuse' }
    expect((await planned(bench().engine, bench().client, change, aMark())).refusals).toMatchObject([
      { code: 'refused' },
    ])
  })

  test.runIf(isMariadb)('the general log of the server holds no password of ours', async () => {
    await made('secretive', { password: 'a-password-that-nobody-logs' })
    await bench().logsIn(key('secretive'), 'a-password-that-nobody-logs')
    await bench().run({ kind: 'reset-user', key: key('secretive'), password: new Secret('nor-does-anybody-log-this') })
    const log = readFileSync(bench().server.log!, 'utf8')
    expect(log).toContain(`${prefix}secretive`)
    for (const password of ['a-password-that-nobody-logs', 'nor-does-anybody-log-this', bench().server.password]) {
      expect(log).not.toContain(password)
    }
    expect(log).not.toMatch(/flush privileges/i)
    expect(log).toContain(INSTALLATION)
  })
})
