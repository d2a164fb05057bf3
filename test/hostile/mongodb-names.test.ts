import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { AdminClient, Engine } from '../../src/engines/engine.ts'
import { createEngines } from '../../src/engines/registry.ts'
import { aCreate, aMark, INSTALLATION, planned } from '../support/changes.ts'
import { accountsOn, clearMongodb, logsInToMongodb, mongodbClient } from '../support/mongodb/logins.ts'
import { seedOf } from '../support/random.ts'
import { mongodbServers, type TestServer, targetOf } from '../support/servers.ts'
import { hostileText as anyText } from './ground.ts'

/** As many as the other hostile names; `npm run test:hostile` asks for more. */
const CASES = Number(process.env.ROLECALL_HOSTILE_CASES ?? 500)
const LONG = 3_600_000

/** Texts that are operators, places or roles to a server that takes documents. */
const CLASSICS = [
  ...[
    '$ne',
    '{"$gt": ""}',
    '{"$where": "sleep(1000)"}',
    '$',
    '$cmd',
    'system.users',
    'admin.system.users',
    '.*',
    '^',
    '[a',
    '(?i)',
  ],
  ...[
    'admin',
    'local',
    'config',
    '$external',
    '__system',
    'root',
    'admin.root',
    'rolecall.locked',
    'rolecall.held.admin.canary',
  ],
  ...['a/b', '/', 'a/', '/a', 'a.b', '.a', 'a.', 'ADMIN', 'n,', '=2C', '\u00ad', '\u200b', '\u2168', '١', 'a\u0000'],
]
const hostileText = fc.oneof(fc.constantFrom(...CLASSICS), anyText)

const CANARY = { name: 'hostile_canary', password: 'the-password-of-the-canary' }

describe.each(mongodbServers())('hostile names on $name', ({ start }) => {
  const engine: Engine = createEngines().get('mongodb')
  let server: TestServer
  let client: AdminClient

  beforeAll(async () => {
    server = await start()
    const session = { installation: INSTALLATION, operation: 'op_HOSTILE', attempt: 1 }
    await clearMongodb(server, 'hostile_')
    client = await engine.open(targetOf(server), session, AbortSignal.timeout(LONG))
    await done(aCreate(CANARY.name, { password: CANARY.password }))
  })
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]()
    await clearMongodb(server, 'hostile_')
  })

  const forAll = async <T>(
    what: string,
    share: number,
    values: fc.Arbitrary<T>,
    holds: (value: T) => Promise<void>,
  ) => {
    const before = await everybody()
    await fc.assert(fc.asyncProperty(values, holds), { numRuns: Math.ceil(CASES * share), seed: seedOf(what) })
    expect(await everybody(), 'nobody else was touched, and nobody is left').toEqual(before)
    expect(await logsInToMongodb(server, CANARY.name, CANARY.password)).toBe(true)
  }

  /** Those whose roles say nothing of another test's. */
  const everybody = async () =>
    (await accountsOn(server, '')).filter(({ user }) => user === CANARY.name || user === server.username)

  const REFUSALS = ['invalid', 'exists', 'not_found']

  /** Plans, and runs; false where that is refused in words. */
  async function done(change: Parameters<typeof planned>[2]): Promise<boolean> {
    const { steps, refusals } = await planned(engine, client, change, aMark())
    if (refusals.length > 0) {
      expect(REFUSALS).toContain(refusals[0]!.code)
      return false
    }
    for (const step of steps) await client.run(step)
    return true
  }

  const opens = (name: string, password: string, authDatabase?: string) =>
    engine.canLogIn(targetOf(server), { name, authDatabase }, new Secret(password), AbortSignal.timeout(LONG))

  test(
    'a login of any name is made, found, opened, reset, locked and dropped under that very name, or refused',
    () =>
      forAll('mongodb names', 0.2, hostileText, async name => {
        const key = { name, authDatabase: 'admin' }
        if (!(await done(aCreate(name, { password: 'the-first-password' })))) return
        expect(await client.findUser({ name })).toMatchObject({ ...key, locked: false, flags: [] })
        expect((await accountsOn(server, name)).filter(({ user }) => user === name)).toEqual([
          { user: name, db: 'admin', roles: [] },
        ])
        await done({ kind: 'reset-user', key, password: new Secret('the-next-password') })
        // Drivers and servers write these two each in their own way while they log in.
        const mayOpen = !/[=,]/.test(name)
        expect(await opens(name, 'the-first-password')).toBe(false)
        expect((await opens(name, 'the-next-password')) || !mayOpen).toBe(true)
        const { items } = await client.listUsers({ limit: 1_000, q: name })
        expect(items.map(one => one.name)).toContain(name)
        await done({ kind: 'lock-user', key })
        expect(await client.findUser(key)).toMatchObject({ locked: true })
        await done({ kind: 'drop-user', key, onOwned: 'refuse' })
        expect(await client.findUser(key)).toBeUndefined()
      }),
    LONG,
  )

  test(
    'lists go on after any name, and find it by any part of it that is one',
    () =>
      forAll('mongodb lists', 0.1, fc.tuple(hostileText, hostileText), async ([after, q]) => {
        const { items } = await client.listUsers({ limit: 3, after, q })
        for (const { name } of items) expect(name.toLowerCase()).toContain(q.toLowerCase())
        expect(await client.findUser({ name: after, authDatabase: q })).toBeUndefined()
      }),
    LONG,
  )

  test(
    'a login is kept in the database of any name that is named, or refused',
    () =>
      forAll('mongodb authentication databases', 0.1, hostileText, async authDatabase => {
        const key = { name: 'hostile_kept', authDatabase }
        if (!(await done(aCreate(key.name, { authDatabase, password: 'the-first-password' })))) return
        const db = authDatabase || 'admin'
        expect(await accountsOn(server, key.name)).toEqual([{ user: key.name, db, roles: [] }])
        expect(await opens(key.name, 'the-first-password', db)).toBe(true)
        await done({ kind: 'drop-user', key, onOwned: 'refuse' })
        expect(await accountsOn(server, key.name)).toEqual([])
      }),
    LONG,
  )

  test(
    'a login with any password is opened by it, and by no other, or the password is refused',
    () =>
      forAll('mongodb passwords', 0.1, hostileText, async text => {
        const [key, password] = [{ name: 'hostile_password' }, `${text}|`]
        const secret = new Secret(password)
        if (!secret.isSendable) return
        if (!(await done(aCreate(key.name, { password })))) return
        expect(await opens(key.name, password), JSON.stringify(password)).toBe(true)
        expect(await opens(key.name, `${password}x`)).toBe(false)
        await done({ kind: 'drop-user', key, onOwned: 'refuse' })
      }),
    LONG,
  )

  test(
    'a database of any name is made, found, granted on and dropped under that very name, or refused',
    () =>
      forAll('mongodb databases', 0.1, hostileText, async name => {
        if (!(await done({ kind: 'create-database', database: { name } }))) return
        expect(await client.findDatabase(name)).toMatchObject({ name })
        const key = { name: 'hostile_reader' }
        await done(aCreate(key.name, { grants: [{ role: 'read', database: name }] }))
        expect((await client.findUser(key))?.grants).toEqual([{ role: 'read', database: name, by: 'catalogue' }])
        await done({ kind: 'drop-database', name, force: false })
        expect(await accountsOn(server, key.name)).toEqual([{ user: key.name, db: 'admin', roles: [] }])
        await done({ kind: 'drop-user', key, onOwned: 'refuse' })
      }),
    LONG,
  )

  test(
    'roles of any name, on databases of any name, are given as they are called, or refused',
    () =>
      forAll('mongodb roles', 0.2, fc.tuple(hostileText, hostileText, hostileText), async ([role, database, grant]) => {
        const key = { name: 'hostile_roles' }
        await done(aCreate(key.name))
        const grants = { add: [{ role: 'read', database: grant } as const], remove: [] }
        await done({ kind: 'grant-user', key, grants, ahead: true })
        await done({ kind: 'set-user', key, settings: {}, engineRoles: [`${database}.${role}`] })
        await done({ kind: 'set-user', key, settings: {}, engineRoles: [role], grants: grants.add })
        const [account] = await accountsOn(server, key.name)
        const wanted = [`${database}.${role}`, role, `admin.${role}`, `${grant}.read`]
        for (const had of account!.roles) expect(wanted, had).toContain(had)
        await done({ kind: 'drop-user', key, onOwned: 'refuse' })
        await using admin = mongodbClient(server)
        expect((await admin.db('admin').command({ usersInfo: { user: key.name, db: 'admin' } })).users).toEqual([])
      }),
    LONG,
  )
})

if (mongodbServers().length === 0) test.skip('MongoDB is left out: ENGINES says so')
