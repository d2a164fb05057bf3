import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { UserKey } from '../../src/domain/users/user.ts'
import type { AdminClient, Engine, Target } from '../../src/engines/engine.ts'
import { aCreate, aMark, apply, applyThroughCrashes, INSTALLATION, planned } from '../support/changes.ts'

export interface EngineUnderTest {
  readonly engine: Engine
  /** As a managing login that may do everything. */
  readonly target: Target
}

/** What every engine promises; each runs all of it, on every server version that it is said to drive. */
export function engineContract(title: string, start: () => Promise<EngineUnderTest>): void {
  describe(title, () => {
    const prefix = `ct${process.pid}_`
    let engine: Engine
    let target: Target
    let client: AdminClient
    let attempt = 0

    const signal = () => AbortSignal.timeout(15_000)
    const open = (change: Partial<Target> = {}) =>
      engine.open(
        { ...target, ...change },
        { installation: INSTALLATION, operation: 'op_CONTRACT', attempt: ++attempt },
        AbortSignal.timeout(60_000),
      )
    const run = (change: Change, mark = aMark()) => apply(engine, client, change, mark)
    const logsIn = (key: UserKey, password: string) => engine.canLogIn(target, key, new Secret(password), signal())
    const named = (name: string) => prefix + name
    const can = () => engine.about.capabilities
    /** A locked one is turned away; where the engine itself locks nobody, it may be let in, to do nothing. */
    const isShutOut = async (key: UserKey, password: string) =>
      !(await logsIn(key, password)) || can().lockLetsIn === true
    /** Where sessions are ended, this one is. Where they aren't, it may do as little as its login: each engine's own tests show that. */
    const ended = async (session: AdminClient) => {
      if (!can().sessions) return
      await expect(session.listDatabases({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
    }
    const made = async (name: string, change: Parameters<typeof aCreate>[1] = {}) => {
      await run(aCreate(named(name), change))
      return { name: named(name) }
    }

    beforeAll(async () => {
      ;({ engine, target } = await start())
      client = await open()
    })

    afterAll(async () => {
      await client[Symbol.asyncDispose]()
    })

    describe('the server', () => {
      test('says its version, and that it takes changes', async () => {
        expect(client.server.version).toMatch(/^\d/)
        expect(client.server.readOnly).toBe(false)
        expect(await client.missingRights()).toEqual([])
      })

      test('is told apart from another by its fingerprint', async () => {
        await using again = await open()
        expect(again.server.fingerprint).toBe(client.server.fingerprint)
      })

      test('refuses a wrong password with that reason', async () => {
        const refused = open({ password: new Secret('not the password') })
        await expect(refused).rejects.toMatchObject({ details: { reason: 'password' } })
      })

      test('that is not there is a fault with that reason', async () => {
        const nobody = open({ hosts: [{ host: '127.0.0.1', port: 1 }] })
        await expect(nobody).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'refused' } })
      })

      test('is reached only at addresses that the guard lets through', async () => {
        const elsewhere = open({
          hosts: [{ host: 'db.example.test', port: target.hosts[0]!.port }],
          resolve: async () => ['127.0.0.1'],
        })
        await using link = await elsewhere
        expect(link.server.fingerprint).toBe(client.server.fingerprint)
      })
    })

    describe('a new login', () => {
      test('logs in with its password and no other', async () => {
        const key = await made('new', { password: 'a Passw0rd, with "quotes" and \\' })
        expect(await logsIn(key, 'a Passw0rd, with "quotes" and \\')).toBe(true)
        expect(await logsIn(key, 'another')).toBe(false)
      })

      test('is found, with an incarnation and the mark of its operation', async () => {
        const mark = aMark()
        await run(aCreate(named('marked')), mark)
        const found = await client.findUser({ name: named('marked') })
        expect(found).toMatchObject({ name: named('marked'), locked: false, mark })
        expect(found?.incarnation).toBeTypeOf('string')
      })

      test('has another incarnation when it is made again', async () => {
        const key = await made('again')
        const first = await client.findUser(key)
        await run({ kind: 'drop-user', key, onOwned: 'refuse' })
        await made('again')
        expect((await client.findUser(key))?.incarnation).not.toBe(first?.incarnation)
      })

      test('is refused where there is one of that name', async () => {
        const key = await made('twice')
        const { refusals } = await planned(engine, client, aCreate(key.name), aMark())
        expect(refusals).toMatchObject([{ code: 'exists', subject: 'user' }])
      })

      test('needs nothing more when it is planned again', async () => {
        const mark = aMark()
        const change = aCreate(named('repeated'))
        await run(change, mark)
        expect(await planned(engine, client, change, mark)).toEqual({ steps: [], refusals: [] })
        expect((await client.facts(change, mark)).applied).toBe(true)
      })

      test('shows its plan without its password', async () => {
        const plan = await planned(engine, client, aCreate(named('shown'), { password: 'do-not-show-me' }), aMark())
        expect(plan.steps.length).toBeGreaterThan(0)
        expect(JSON.stringify(plan)).not.toContain('do-not-show-me')
      })

      test.each(['', 'x'.repeat(500), 'nul\0nul'])('is refused under the name %j', async name => {
        const { refusals } = await planned(engine, client, aCreate(name), aMark())
        expect(refusals).toMatchObject([{ code: 'invalid', subject: 'user' }])
      })

      test.each(['"; drop role x; --', "o'brien", 'back\\slash', 'per%cent_', 'ünïcödé', '$1', 'Capital'])(
        'may be called %s',
        async odd => {
          const key = await made(odd, { password: odd })
          expect(await logsIn(key, odd)).toBe(true)
          expect(await client.findUser(key)).toMatchObject(key)
          await run({ kind: 'lock-user', key })
          expect(await isShutOut(key, odd)).toBe(true)
          await run({ kind: 'drop-user', key, onOwned: 'refuse' })
          expect(await client.findUser(key)).toBeUndefined()
        },
      )

      test('may have an emoji in its name, unless the engine says that it keeps none', async () => {
        const change = aCreate(named('🐘'), { password: 'of-letters-alone' })
        const { refusals } = await planned(engine, client, change, aMark())
        if (engine.about.capabilities.userNames.basicPlane) {
          expect(refusals).toMatchObject([{ code: 'invalid', subject: 'user' }])
          return
        }
        await run(change)
        expect(await client.findUser({ name: named('🐘') })).toMatchObject({ name: named('🐘') })
      })

      test('that is taken back leaves nothing', async () => {
        const mark = aMark()
        const change = aCreate(named('undone'))
        const before = await client.facts(change, mark)
        await run(change, mark)
        await run(engine.undo(change, before)!, mark)
        expect(await client.findUser({ name: named('undone') })).toBeUndefined()
      })

      test('that another operation made is not taken back', async () => {
        const key = await made('kept')
        await run({ kind: 'undo-create-user', key })
        expect(await client.findUser(key)).toMatchObject(key)
      })
    })

    describe('a list of logins', () => {
      test('is cut by key, in key order, and complete', async () => {
        for (const name of ['list_c', 'list_a', 'list_B']) await made(name)
        const names: string[] = []
        for (let after: string | undefined = named('list_'); ; ) {
          const page = await client.listUsers({ limit: 2, after, q: 'LIST_' })
          names.push(...page.items.map(({ name }) => name))
          if (page.next === undefined) break
          after = page.next
        }
        expect(names.filter(name => name.startsWith(prefix))).toEqual(['list_B', 'list_a', 'list_c'].map(named))
      })

      test('takes q for the letters that it is', async () => {
        await made('q_50%_off')
        const found = await client.listUsers({ limit: 10, q: `${named('Q_50%_O')}` })
        expect(found.items.map(({ name }) => name)).toEqual([named('q_50%_off')])
        expect((await client.listUsers({ limit: 10, q: `${prefix}%` })).items).toEqual([])
      })
    })

    describe('a reset', () => {
      test('lets the new password in and the old one not', async () => {
        const key = await made('reset', { password: 'old-password' })
        await run({ kind: 'reset-user', key, password: new Secret('new-password') })
        expect(await logsIn(key, 'old-password')).toBe(false)
        expect(await logsIn(key, 'new-password')).toBe(true)
      })

      test('of a login that is not there is refused', async () => {
        const change: Change = { kind: 'reset-user', key: { name: named('nobody') }, password: new Secret('x') }
        expect((await planned(engine, client, change, aMark())).refusals).toMatchObject([
          { code: 'not_found', subject: 'user' },
        ])
      })
    })

    describe('a lock', () => {
      test('keeps the login out as far as the engine can, and in the list', async () => {
        const key = await made('locked')
        await run({ kind: 'lock-user', key })
        expect(await isShutOut(key, `pw-of-${key.name}`)).toBe(true)
        const { items } = await client.listUsers({ limit: 10, q: key.name })
        expect(items).toMatchObject([{ ...key, locked: true }])
      })

      test('ends the sessions of the login', async () => {
        const key = await made('seated')
        const session = await open({ username: key.name, password: new Secret(`pw-of-${key.name}`) })
        expect(await client.listSessions(key)).toHaveLength(can().sessions ? 1 : 0)
        await run({ kind: 'lock-user', key })
        expect(await client.listSessions(key)).toEqual([])
        await ended(session)
        await session[Symbol.asyncDispose]()
      })

      test('is kept by a reset, and taken away by an unlock', async () => {
        const key = await made('unlocked')
        await run({ kind: 'lock-user', key })
        await run({ kind: 'reset-user', key, password: new Secret('fresh') })
        expect(await client.findUser(key)).toMatchObject({ locked: true })
        await run({ kind: 'unlock-user', key })
        expect(await client.findUser(key)).toMatchObject({ locked: false })
        expect(await logsIn(key, 'fresh')).toBe(true)
      })

      test('that is in force needs no more than that sessions be ended, where nobody can see that there are none', async () => {
        const key = await made('locked_twice')
        await run({ kind: 'lock-user', key })
        const again = await planned(engine, client, { kind: 'lock-user', key }, aMark())
        expect(again).toEqual(await planned(engine, client, { kind: 'end-sessions', key }, aMark()))
        expect(again.steps).toHaveLength(can().sessions ? 0 : 1)
      })
    })

    test('settings are changed, and only what differs', async () => {
      if (!can().settings.includes('connectionLimit')) {
        const { refusals } = await planned(
          engine,
          client,
          aCreate(named('set'), { settings: { connectionLimit: 3 } }),
          aMark(),
        )
        expect(refusals).toMatchObject([{ code: 'unsupported', subject: 'user' }])
        return
      }
      const key = await made('settings', { settings: { connectionLimit: 3 } })
      expect(await client.findUser(key)).toMatchObject({ settings: { connectionLimit: 3 } })
      const change: Change = { kind: 'set-user', key, settings: { connectionLimit: 7, replication: true } }
      await run(change)
      expect(await client.findUser(key)).toMatchObject({ settings: { connectionLimit: 7, replication: true } })
      expect((await planned(engine, client, change, aMark())).steps).toEqual([])
    })

    test('sessions are ended, and the login stays', async () => {
      const key = await made('sessions')
      await using session = await open({ username: key.name, password: new Secret(`pw-of-${key.name}`) })
      await run({ kind: 'end-sessions', key })
      expect(await client.listSessions(key)).toEqual([])
      await ended(session)
      expect(await logsIn(key, `pw-of-${key.name}`)).toBe(true)
    })

    describe('a drop', () => {
      test('leaves neither login nor session', async () => {
        const key = await made('dropped')
        await using session = await open({ username: key.name, password: new Secret(`pw-of-${key.name}`) })
        await run({ kind: 'drop-user', key, onOwned: 'refuse' })
        expect(await client.findUser(key)).toBeUndefined()
        await ended(session)
      })

      test('of a login that is not there is a plan of no steps', async () => {
        const change: Change = { kind: 'drop-user', key: { name: named('never') }, onOwned: 'refuse' }
        expect(await planned(engine, client, change, aMark())).toEqual({ steps: [], refusals: [] })
      })

      test('comes to its end though the process dies after every step', async () => {
        const key = await made('dropped_slowly')
        expect(
          await applyThroughCrashes(engine, client, { kind: 'drop-user', key, onOwned: 'refuse' }),
        ).toBeGreaterThan(0)
        expect(await client.findUser(key)).toBeUndefined()
      })
    })

    describe('a database', () => {
      const name = named('shop')

      test('is made though the process dies after every step', async () => {
        const change: Change = { kind: 'create-database', database: { name } }
        expect(await applyThroughCrashes(engine, client, change)).toBeGreaterThan(0)
        expect(await client.findDatabase(name)).toMatchObject({ name })
        expect((await client.listDatabases({ limit: 100, q: name })).items.map(one => one.name)).toEqual([name])
      })

      test('is refused where there is one of that name', async () => {
        const { refusals } = await planned(engine, client, { kind: 'create-database', database: { name } }, aMark())
        expect(refusals).toMatchObject([{ code: 'exists', subject: 'database' }])
      })

      test('takes grants, which are shown and taken away again', async () => {
        const key = await made('reader', { grants: [{ role: 'read', database: name }] })
        expect((await client.findUser(key))?.grants).toMatchObject([{ role: 'read', database: name, by: 'catalogue' }])
        const grants = {
          add: [{ role: 'readwrite', database: name } as const],
          remove: [{ role: 'read', database: name } as const],
        }
        await applyThroughCrashes(engine, client, { kind: 'grant-user', key, grants })
        expect((await client.listGrants(key)).grants).toMatchObject([{ role: 'readwrite', database: name }])
        await run({ kind: 'drop-user', key, onOwned: 'refuse' })
      })

      test('that is not there takes no grant', async () => {
        const change = aCreate(named('hopeful'), { grants: [{ role: 'read', database: named('nowhere') }] })
        expect((await planned(engine, client, change, aMark())).refusals).toMatchObject([
          { code: 'not_found', subject: 'database' },
        ])
      })

      test('is not dropped while somebody is connected, unless by force', async () => {
        await using session = await open({ database: name })
        await session.findDatabase(name)
        const key = await made('visitor', { grants: [{ role: 'read', database: name }] })
        await using visitor = await open({
          database: name,
          username: key.name,
          password: new Secret(`pw-of-${key.name}`),
        })
        const { refusals } = await planned(engine, client, { kind: 'drop-database', name, force: false }, aMark())
        expect(refusals).toMatchObject(can().sessions ? [{ code: 'in_use', counts: { sessions: 1 } }] : [])
        await applyThroughCrashes(engine, client, { kind: 'drop-database', name, force: true })
        expect(await client.findDatabase(name)).toBeUndefined()
        await ended(visitor)
      })

      test('that is taken back is gone, half-made or whole', async () => {
        const change: Change = { kind: 'create-database', database: { name: named('undone') } }
        for (const steps of [1, 2]) {
          const mark = aMark()
          const before = await client.facts(change, mark)
          for (const step of engine.plan(change, before).steps.slice(0, steps)) await client.run(step)
          expect((await client.facts(change, mark)).applied).toBe(true)
          await run(engine.undo(change, before)!, mark)
          expect((await client.facts(change, mark)).applied).toBe(false)
          expect(await client.findDatabase(named('undone'))).toBeUndefined()
        }
      })
    })

    describe('an attempt', () => {
      test('that was left running is ended, and only that one', async () => {
        const mine = { installation: INSTALLATION, operation: 'op_LEFT', attempt: 1 }
        const left = await engine.open(target, mine, signal())
        await using other = await engine.open(target, { ...mine, attempt: 2 }, signal())
        await using stranger = await engine.open(target, { ...mine, operation: 'op_LEFTOVER', attempt: 1 }, signal())
        await engine.endSession(target, mine, signal())
        await expect(left.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
        await expect(other.listUsers({ limit: 1 })).resolves.toBeDefined()
        await engine.endSession(target, { installation: INSTALLATION, operation: 'op_LEFT' }, signal())
        await expect(other.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
        await expect(stranger.listUsers({ limit: 1 })).resolves.toBeDefined()
        await left[Symbol.asyncDispose]()
      })

      test('whose caller gave up does nothing more', async () => {
        const caller = new AbortController()
        await using link = await engine.open(
          target,
          { installation: INSTALLATION, operation: 'op_GIVEN_UP', attempt: 1 },
          caller.signal,
        )
        caller.abort()
        await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'timeout' })
      })
    })

    test('a pool answers many at once over few links', async () => {
      await using pool = engine.pool(target, { max: 2, idleMs: 1_000 })
      const pages = await Promise.all(
        Array.from({ length: 10 }, () => pool.use(signal(), link => link.listUsers({ limit: 1 }))),
      )
      expect(pages.every(({ items }) => items.length === 1)).toBe(true)
    })
  })
}
