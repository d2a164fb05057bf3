import { createHash } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { UserKey } from '../../src/domain/users/user.ts'
import type { AdminClient, Target } from '../../src/engines/engine.ts'
import { createEngines } from '../../src/engines/registry.ts'
import { aCreate, aMark, apply, applyThroughCrashes, INSTALLATION, planned } from '../support/changes.ts'
import { mongodbServers, SECANTUS, type TestServer, targetOf } from '../support/servers.ts'

const engine = createEngines().get('mongodb')

if (mongodbServers().length === 0) test.skip('MongoDB is left out: ENGINES says so')

for (const { name: title, start } of mongodbServers())
  describe(`logins on ${title}`, () => {
    // It reads a login's roles when that logs in, and not again; and it takes a collection's right for one on the whole database.
    const looksAgain = title !== SECANTUS
    const narrows = title !== SECANTUS
    const prefix = `m${process.pid}_`
    const database = `${prefix}shop`
    let server: TestServer
    let client: AdminClient
    let attempt = 0

    const key = (name: string): UserKey => ({ name: prefix + name, authDatabase: 'admin' })
    const passwordOf = ({ name }: UserKey) => `pw-of-${name}`
    const run = (change: Change, mark = aMark()) => apply(engine, client, change, mark)
    const refusalsOf = async (change: Change) => (await planned(engine, client, change, aMark())).refusals
    const made = async (name: string, change: Parameters<typeof aCreate>[1] = {}) => {
      await run(aCreate(prefix + name, change))
      return key(name)
    }
    const open = (change: Partial<Target> = {}) =>
      engine.open(
        targetOf(server, change),
        { installation: INSTALLATION, operation: `op_MONGO${process.pid}`, attempt: ++attempt },
        AbortSignal.timeout(120_000),
      )

    /** A client of the server itself, as one login. */
    const as = async (name: string, password: string, authSource = 'admin') => {
      const auth = { username: name, password }
      const own = new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, {
        auth,
        authSource,
      })
      await own.connect()
      return own
    }
    const seated = (user: UserKey) => as(user.name, passwordOf(user), user.authDatabase)
    const asAdmin = async <T>(work: (admin: MongoClient) => Promise<T>) => {
      const admin = await as(server.username, server.password)
      try {
        return await work(admin)
      } finally {
        await admin.close()
      }
    }
    /** Those of ours that serve logins of this file: others come and go meanwhile. */
    const ownRoles = () =>
      asAdmin(async admin => {
        const { roles } = await admin.db('admin').command({ rolesInfo: 1 })
        const names = (roles as { role: string }[]).map(({ role }) => role)
        return names
          .filter(role => role.includes(`.op_T${process.pid}X`) || role.includes(`.held.admin.${prefix}`))
          .sort()
      })
    const UNAUTHORIZED = { code: 13 }

    beforeAll(async () => {
      server = await start()
      client = await open()
      await run({ kind: 'create-database', database: { name: database } })
      await asAdmin(async admin => {
        await admin.db(database).collection('orders').insertOne({ total: 1 })
        await admin.db(database).collection('people').insertOne({ name: 'somebody' })
      })
    })

    afterAll(async () => {
      await client[Symbol.asyncDispose]()
    })

    describe('a grant', () => {
      test('read reads and writes not, readwrite writes, owner makes indexes', async () => {
        const [reader, writer, owner] = [
          await made('reader', { grants: [{ role: 'read', database }] }),
          await made('writer', { grants: [{ role: 'readwrite', database }] }),
          await made('owner', { grants: [{ role: 'owner', database }] }),
        ]
        await using reads = await seated(reader)
        expect(
          await reads
            .db(database)
            .collection('orders')
            .findOne({}, { projection: { _id: 0 } }),
        ).toEqual({ total: 1 })
        await expect(reads.db(database).collection('orders').insertOne({})).rejects.toMatchObject(UNAUTHORIZED)
        await using writes = await seated(writer)
        await writes.db(database).collection('orders').insertOne({ total: 2 })
        await using owns = await seated(owner)
        expect(await owns.db(database).command({ collStats: 'orders' })).toMatchObject({ ok: 1 })
        expect((await client.findUser(owner))?.grants).toEqual([{ role: 'owner', database, by: 'catalogue' }])
      })

      test('that is taken back leaves what was there before', async () => {
        const user = await made('back', { grants: [{ role: 'readwrite', database }] })
        const change: Change = {
          kind: 'grant-user',
          key: user,
          grants: { add: [{ role: 'owner', database }], remove: [] },
        }
        const before = await client.facts(change, aMark())
        await run(change)
        expect((await client.findUser(user))?.grants).toMatchObject([{ role: 'owner' }])
        await run(engine.undo(change, before)!)
        expect((await client.findUser(user))?.grants).toMatchObject([{ role: 'readwrite' }])
      })

      test('goes with its database, so that one made again lets no old reader in', async () => {
        const name = `${prefix}gone`
        await run({ kind: 'create-database', database: { name } })
        const user = await made('old_reader', { grants: [{ role: 'read', database: name }] })
        await applyThroughCrashes(engine, client, { kind: 'drop-database', name, force: false })
        expect((await client.findUser(user))?.grants).toEqual([])
      })
    })

    describe('a lock', () => {
      test('takes what a session may do, and an unlock gives it back', async () => {
        const user = await made('locked', { grants: [{ role: 'readwrite', database }] })
        const insert = async () => {
          await using session = await seated(user)
          await session.db(database).collection('orders').insertOne({})
        }
        await insert()
        await run({ kind: 'lock-user', key: user })
        await expect(insert()).rejects.toMatchObject(UNAUTHORIZED)
        expect(await client.findUser(user)).toMatchObject({ locked: true, grants: [{ role: 'readwrite', database }] })
        await run({ kind: 'unlock-user', key: user })
        await insert()
        expect(await client.findUser(user)).toMatchObject({ locked: false, grants: [{ role: 'readwrite', database }] })
      })

      test.runIf(looksAgain)('takes what an open session may do, too', async () => {
        const user = await made('seated', { grants: [{ role: 'readwrite', database }] })
        await using session = await seated(user)
        const orders = session.db(database).collection('orders')
        await orders.insertOne({})
        await run({ kind: 'lock-user', key: user })
        await expect(orders.insertOne({})).rejects.toMatchObject(UNAUTHORIZED)
        await expect(orders.findOne()).rejects.toMatchObject(UNAUTHORIZED)
      })

      test('and an unlock that are cut off after every step lose no role, and leave none of ours but the mark', async () => {
        const mark = aMark()
        await run(
          aCreate(`${prefix}cut`, { grants: [{ role: 'read', database }], engineRoles: ['admin.backup'] }),
          mark,
        )
        const before = await client.findUser(key('cut'))
        const rolesBefore = await ownRoles()
        await applyThroughCrashes(engine, client, { kind: 'lock-user', key: key('cut') })
        await applyThroughCrashes(engine, client, { kind: 'unlock-user', key: key('cut') })
        expect(await client.findUser(key('cut'))).toEqual(before)
        expect(await ownRoles()).toEqual(rolesBefore)
      })

      test('keeps what is granted meanwhile for the day when it is taken away', async () => {
        const user = await made('meanwhile', { grants: [{ role: 'read', database }] })
        await run({ kind: 'lock-user', key: user })
        const grants = {
          add: [{ role: 'readwrite', database } as const],
          remove: [{ role: 'read', database } as const],
        }
        await run({ kind: 'grant-user', key: user, grants })
        await using session = await seated(user)
        await expect(session.db(database).collection('orders').findOne()).rejects.toMatchObject(UNAUTHORIZED)
        await run({ kind: 'unlock-user', key: user })
        expect((await client.findUser(user))?.grants).toMatchObject([{ role: 'readwrite', database }])
      })

      test('of a login says nothing of the next of its name', async () => {
        const user = await made('remade', { grants: [{ role: 'read', database }] })
        await run({ kind: 'lock-user', key: user })
        await asAdmin(async admin => {
          await admin.db('admin').command({ dropUser: user.name })
          await admin.db('admin').command({ createUser: user.name, pwd: passwordOf(user), roles: [] })
        })
        expect(await client.findUser(user)).toMatchObject({ locked: false, grants: [] })
      })
    })

    test('a drop that is cut off after every step leaves no role of ours', async () => {
      const before = await ownRoles()
      const user = await made('dropped', { grants: [{ role: 'read', database }] })
      await applyThroughCrashes(engine, client, { kind: 'drop-user', key: user, onOwned: 'refuse' })
      expect(await ownRoles()).toEqual(before)
    })

    test.runIf(looksAgain)('a drop leaves an open session nothing that it may do', async () => {
      const user = await made('dropped_open', { grants: [{ role: 'read', database }] })
      await using session = await seated(user)
      await session.db(database).collection('orders').findOne()
      await run({ kind: 'drop-user', key: user, onOwned: 'refuse' })
      await expect(session.db(database).collection('orders').findOne()).rejects.toThrow()
    })

    describe('the login that Rolecall uses', () => {
      test('is not dropped', async () => {
        const change: Change = { kind: 'drop-user', key: { name: server.username }, onOwned: 'refuse' }
        expect(await refusalsOf(change)).toMatchObject([{ code: 'refused', subject: 'user' }])
      })

      test('says what it lacks', async () => {
        const user = await made('plain')
        await using own = await open({ username: user.name, password: new Secret(passwordOf(user)) })
        expect(await own.missingRights()).toHaveLength(3)
        const all = await made('able', {
          engineRoles: ['userAdminAnyDatabase', 'readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterAdmin'],
        })
        await using able = await open({ username: all.name, password: new Secret(passwordOf(all)) })
        expect(await able.missingRights()).toEqual([])
      })
    })

    describe('a login of another authentication database', () => {
      test('is another one, though it is called the same', async () => {
        const name = `${prefix}twin`
        await run(aCreate(name, { authDatabase: 'admin', password: 'of admin' }))
        await run(aCreate(name, { authDatabase: database, password: 'of shop', grants: [{ role: 'read', database }] }))
        const logsIn = (authDatabase: string, password: string) =>
          engine.canLogIn(targetOf(server), { name, authDatabase }, new Secret(password), AbortSignal.timeout(10_000))
        expect(await logsIn(database, 'of shop')).toBe(true)
        expect(await logsIn('admin', 'of shop')).toBe(false)
        const { items } = await client.listUsers({ limit: 10, q: name })
        expect(items.map(one => one.authDatabase).sort()).toEqual(['admin', database].sort())
        const first = await client.listUsers({ limit: 1, q: name })
        const second = await client.listUsers({ limit: 1, q: name, after: first.next! })
        expect([...first.items, ...second.items].map(one => one.authDatabase)).toEqual(['admin', database].sort())
        await run({ kind: 'drop-user', key: { name, authDatabase: 'admin' }, onOwned: 'refuse' })
        expect(await logsIn(database, 'of shop')).toBe(true)
      })
    })

    describe('roles', () => {
      test('of one collection are made when somebody first gets them', async () => {
        const role = `admin.rc.read.${database}.orders`
        const user = await made('narrow', { engineRoles: [role] })
        expect((await client.findUser(user))?.engineRoles).toEqual([role])
        const hash = createHash('sha256').update(`${database}\0orders`).digest('hex').slice(0, 16)
        const { roles } = await asAdmin(admin =>
          admin.db('admin').command({ rolesInfo: `rc.read.${hash}`, showPrivileges: true }),
        )
        expect(roles[0].privileges).toMatchObject([{ resource: { db: database, collection: 'orders' } }])
        expect(roles[0].privileges[0].actions).not.toContain('insert')
        await made('narrow_too', { engineRoles: [role] })
      })

      test.runIf(narrows)('of one collection reach no other', async () => {
        const user = await made('narrowed', { engineRoles: [`admin.rc.read.${database}.orders`] })
        await using session = await seated(user)
        expect(await session.db(database).collection('orders').findOne()).not.toBeNull()
        await expect(session.db(database).collection('people').findOne()).rejects.toMatchObject(UNAUTHORIZED)
      })

      test('atlasAdmin writes everywhere, and makes no login', async () => {
        const user = await made('atlas', { engineRoles: ['atlasAdmin'] })
        expect((await client.findUser(user))?.engineRoles).toEqual(['admin.atlasAdmin'])
        await using session = await seated(user)
        await session.db(`${prefix}other`).collection('things').insertOne({})
        const create = session.db('admin').command({ createUser: `${prefix}x`, pwd: 'x', roles: [] })
        await expect(create).rejects.toMatchObject(UNAUTHORIZED)
      })

      test('are replaced as a set, while grants stay', async () => {
        const change = {
          engineRoles: ['admin.backup', 'clusterMonitor'],
          grants: [{ role: 'read', database } as const],
        }
        const user = await made('replaced', change)
        await run({ kind: 'set-user', key: user, settings: {}, engineRoles: ['readAnyDatabase', 'admin.backup'] })
        expect(await client.findUser(user)).toMatchObject({
          engineRoles: ['admin.backup', 'admin.readAnyDatabase'],
          grants: [{ role: 'read', database }],
        })
      })

      test.each([
        ['admin.nobody_made_this', 'not_found'],
        ['admin.rolecall.locked', 'invalid'],
      ])('%s can be given to nobody', async (role, code) => {
        expect(await refusalsOf(aCreate(`${prefix}none`, { engineRoles: [role] }))).toMatchObject([
          { code, subject: 'role' },
        ])
      })
    })

    test.each(['a=b', 'a,b', 'a=,=b'])(
      'a reset of %s, whose log-in proves nothing, goes forward after a kill',
      async name => {
        const user = await made(name)
        const change: Change = { kind: 'reset-user', key: user, password: new Secret('the new one') }
        const { applied } = await client.facts(change, aMark())
        expect([applied, (await planned(engine, client, change, aMark())).steps.length]).toEqual([true, 1])
      },
    )

    test('a rename is refused: the server renames nobody', async () => {
      const user = await made('named')
      expect(await refusalsOf({ kind: 'rename-user', key: user, to: key('other') })).toMatchObject([
        { code: 'unsupported', subject: 'user' },
      ])
    })

    test('a reset is known as done by its password opening the login', async () => {
      const user = await made('known')
      const change: Change = { kind: 'reset-user', key: user, password: new Secret('the new one') }
      expect((await client.facts(change, aMark())).applied).toBe(false)
      await run(change)
      expect((await client.facts(change, aMark())).applied).toBe(true)
      expect((await planned(engine, client, change, aMark())).steps).toEqual([])
    })

    test('documents of a collection are shown as rows of texts', async () => {
      await using shop = await open({ database })
      const { columns, rows } = await shop.previewTable('people', 5)
      expect(columns.map(({ name }) => name)).toEqual(['_id', 'name'])
      expect(rows).toEqual([[expect.stringMatching(/^[0-9a-f]{24}$/), 'somebody']])
      await expect(shop.previewTable('nothing', 5)).rejects.toMatchObject({ code: 'not_found', subject: 'table' })
    })

    test('nothing is sent in clear to another machine', async () => {
      const elsewhere = open({ resolve: async () => ['192.0.2.7'] })
      await expect(elsewhere).rejects.toMatchObject({ code: 'refused', details: { reason: 'tls' } })
    })
  })
