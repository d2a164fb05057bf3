import { createHash } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { RoleDefinition } from '../../src/domain/users/role-definition.ts'
import type { AdminClient } from '../../src/engines/engine.ts'
import { createEngines } from '../../src/engines/registry.ts'
import { aCreate, aMark, apply, applyThroughCrashes, INSTALLATION, planned } from '../support/changes.ts'
import { mongodbServers, type TestServer, targetOf } from '../support/servers.ts'

const engine = createEngines().get('mongodb')

if (mongodbServers().length === 0) test.skip('MongoDB is left out: ENGINES says so')

for (const { name: title, start } of mongodbServers())
  describe(`roles on ${title}`, () => {
    const prefix = `r${process.pid}_`
    const database = `${prefix}shop`
    let server: TestServer
    let client: AdminClient
    let admin: MongoClient

    const key = (name: string) => ({ name: prefix + name, authDatabase: 'admin' })
    const run = (change: Change, mark = aMark()) => apply(engine, client, change, mark)
    const made = async (name: string, roles: readonly string[]) => {
      await run(aCreate(prefix + name, { engineRoles: roles }))
      return key(name)
    }
    const narrow = (kind: 'read' | 'readWrite', collection: string) => `admin.rc.${kind}.${database}.${collection}`
    const nameOf = (kind: 'read' | 'readWrite', collection: string) =>
      `rc.${kind}.${createHash('sha256').update(`${database}\0${collection}`).digest('hex').slice(0, 16)}`
    const rolesNamed = async (name: string) =>
      (await admin.db('admin').command({ rolesInfo: name, showPrivileges: true })).roles
    const rolesOf = async (name: string) => (await client.findUser(key(name)))?.roles
    const logsIn = async (name: string, password: string) => {
      const auth = { username: prefix + name, password }
      await using own = new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, { auth })
      return await own.connect().then(
        () => true,
        () => false,
      )
    }

    beforeAll(async () => {
      server = await start()
      const session = { installation: INSTALLATION, operation: `op_ROLES${process.pid}`, attempt: 1 }
      client = await engine.open(targetOf(server), session, AbortSignal.timeout(120_000))
      const auth = { username: server.username, password: server.password }
      admin = new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, { auth })
    })

    afterAll(async () => {
      await client?.[Symbol.asyncDispose]()
      await admin?.close()
    })

    test('of a login are replaced with its password at one stroke, in the order that was asked for', async () => {
      const user = await made('whole', [`${database}.read`, 'admin.backup'])
      const roles = ['admin.clusterMonitor', `${database}.dbAdmin`, `${database}.readWrite`]
      const plan = await run({ kind: 'replace-user', key: user, roles, password: new Secret('another-password') })
      expect(plan.steps).toHaveLength(1)
      expect(await rolesOf('whole')).toEqual(roles)
      expect(await logsIn('whole', 'another-password')).toBe(true)
      const again: Change = { kind: 'replace-user', key: user, roles, password: new Secret('another-password') }
      expect((await planned(engine, client, again, aMark())).steps).toEqual([])
    })

    test('that were replaced are put back, and the password is not', async () => {
      const user = await made('back', [`${database}.read`])
      const password = new Secret('a-second-password')
      const change: Change = { kind: 'replace-user', key: user, roles: ['admin.backup'], password }
      const before = await client.facts(change, aMark())
      await run(change)
      await run(engine.undo(change, before)!)
      expect(await rolesOf('back')).toEqual([`${database}.read`])
      expect(await logsIn('back', 'a-second-password')).toBe(true)
    })

    describe('what an earlier operation left half-way', () => {
      test('goes first where a later one takes its place, and is its own login from then on', async () => {
        const [early, late] = [aMark(), aMark()]
        await run(aCreate(`${prefix}over`, { engineRoles: ['backup'], password: 'an-early-password' }), early)
        const create = aCreate(`${prefix}over`, { engineRoles: ['clusterMonitor'], password: 'a-late-password' })
        expect((await planned(engine, client, create, late)).refusals).toMatchObject([{ code: 'exists' }])
        await applyThroughCrashes(engine, client, { ...create, over: [early.operation] } as Change, late)
        expect(await rolesOf('over')).toEqual(['admin.clusterMonitor'])
        expect([await logsIn('over', 'an-early-password'), await logsIn('over', 'a-late-password')]).toEqual([
          false,
          true,
        ])
        expect((await client.findUser(key('over')))?.mark).toEqual(late)
      })

      test('is taken back by a later one that wants it gone, and what others made is not', async () => {
        const early = aMark()
        await run(aCreate(`${prefix}gone`, {}), early)
        const undo = (...of: string[]): Change => ({ kind: 'undo-create-user', key: key('gone'), of })
        expect((await run(undo(aMark().operation))).steps).toEqual([])
        await applyThroughCrashes(engine, client, undo(early.operation, aMark().operation))
        expect(await client.findUser(key('gone'))).toBeUndefined()
      })
    })

    test('of one collection have a short name there, and go with the last login that lets go of them', async () => {
      const role = narrow('read', 'in.voices')
      const first = await made('first', [role])
      const second = await made('second', [role, 'admin.backup'])
      expect(await rolesNamed(nameOf('read', 'in.voices'))).toHaveLength(1)
      expect(await rolesOf('second')).toEqual([role, 'admin.backup'])
      await run({ kind: 'replace-user', key: second, roles: ['admin.backup'] })
      expect(await rolesNamed(nameOf('read', 'in.voices'))).toHaveLength(1)
      await applyThroughCrashes(engine, client, { kind: 'drop-user', key: first, onOwned: 'refuse' })
      expect(await rolesNamed(nameOf('read', 'in.voices'))).toEqual([])
    })

    test('of one collection stay while a locked login is to get them back', async () => {
      const role = narrow('readWrite', 'kept')
      const locked = await made('locked', [role])
      const other = await made('other', [role])
      await run({ kind: 'lock-user', key: locked })
      await run({ kind: 'drop-user', key: other, onOwned: 'refuse' })
      expect(await rolesNamed(nameOf('readWrite', 'kept'))).toHaveLength(1)
      expect(await client.findUser(locked)).toMatchObject({ locked: true, engineRoles: [role] })
      await run({ kind: 'drop-user', key: locked, onOwned: 'refuse' })
      expect(await rolesNamed(nameOf('readWrite', 'kept'))).toEqual([])
    })

    test('of one collection that somebody got at the last moment are not dropped from under it', async () => {
      const role = narrow('read', 'late')
      const going = await made('going', [role])
      const { steps } = await planned(engine, client, { kind: 'drop-user', key: going, onOwned: 'refuse' }, aMark())
      await made('coming', [role])
      for (const step of steps) await client.run(step)
      expect(await rolesNamed(nameOf('read', 'late'))).toHaveLength(1)
      expect(await rolesOf('coming')).toEqual([role])
    })

    describe('that people define', () => {
      const definition = (name: string, more: Partial<RoleDefinition> = {}): RoleDefinition => ({
        name: prefix + name,
        privileges: [{ resource: { db: database, collection: 'orders' }, actions: ['find', 'insert'] }],
        roles: [`${database}.read`],
        ...more,
      })

      test('are made, changed and dropped', async () => {
        const role = definition('ledger')
        await run({ kind: 'create-role', role })
        expect((await rolesNamed(role.name))[0]).toMatchObject({
          privileges: role.privileges,
          roles: [{ role: 'read', db: database }],
        })
        await run({ kind: 'set-role', role: definition('ledger', { privileges: [], roles: ['admin.backup'] }) })
        expect((await rolesNamed(role.name))[0]).toMatchObject({ roles: [{ role: 'backup', db: 'admin' }] })
        await run({ kind: 'drop-role', name: role.name })
        expect(await rolesNamed(role.name)).toEqual([])
        expect((await planned(engine, client, { kind: 'drop-role', name: role.name }, aMark())).steps).toEqual([])
      })

      test('are taken for what is there already where that allows the same, and refused where it does not', async () => {
        const role = definition('same')
        await run({ kind: 'create-role', role })
        expect((await run({ kind: 'create-role', role })).steps).toEqual([])
        const other: Change = { kind: 'create-role', role: definition('same', { roles: [] }) }
        expect((await planned(engine, client, other, aMark())).refusals).toMatchObject([{ code: 'exists' }])
      })

      test('become what they are to be where they are as they were to be before', async () => {
        const [over, role] = [definition('before'), definition('before', { roles: [] })]
        await run({ kind: 'create-role', role: over })
        await run({ kind: 'create-role', role, over: [over] })
        expect((await rolesNamed(role.name))[0]).toMatchObject({ roles: [] })
        const another: Change = { kind: 'create-role', role: definition('before', { privileges: [] }), over: [over] }
        expect((await planned(engine, client, another, aMark())).refusals).toMatchObject([{ code: 'exists' }])
      })

      test('are taken back only where this very change made them', async () => {
        const role = definition('undone')
        const change: Change = { kind: 'create-role', role }
        const before = await client.facts(change, aMark())
        await run(change)
        const after = await client.facts(change, aMark())
        expect(engine.undo(change, after)).toBeUndefined()
        await run(engine.undo(change, before)!)
        expect(await rolesNamed(role.name)).toEqual([])
      })

      test('are put back as they were', async () => {
        const role = definition('as_before')
        await run({ kind: 'create-role', role })
        const changed = definition('as_before', { privileges: [], roles: ['admin.backup'] })
        const change: Change = { kind: 'set-role', role: changed }
        const before = await client.facts(change, aMark())
        await run(change)
        await run(engine.undo(change, before)!)
        expect((await planned(engine, client, { kind: 'create-role', role }, aMark())).steps).toEqual([])
      })

      test('are made by a change that may make them, and go again when that is taken back', async () => {
        const role = definition('or_create')
        const change: Change = { kind: 'set-role', role, orCreate: true }
        expect((await planned(engine, client, { kind: 'set-role', role }, aMark())).refusals).toMatchObject([
          { code: 'not_found' },
        ])
        const before = await client.facts(change, aMark())
        await run(change)
        expect(await rolesNamed(role.name)).toHaveLength(1)
        await run(engine.undo(change, before)!)
        expect(await rolesNamed(role.name)).toEqual([])
      })

      test('hand on no role that is not there', async () => {
        const change: Change = { kind: 'create-role', role: definition('missing', { roles: ['admin.nobody_made_it'] }) }
        expect((await planned(engine, client, change, aMark())).refusals).toMatchObject([
          { code: 'not_found', subject: 'role' },
        ])
      })
    })
  })
