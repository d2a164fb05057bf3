import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import type { Connection } from '../../../src/domain/servers/connection.ts'
import { userKeyText } from '../../../src/domain/users/user.ts'
import { aConnection, aManagedServer, anInstance, aProject, aUserRecord, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

export function managed(opened: Opened): void {
  instances(opened)
  connections(opened)
  userRecords(opened)
}

/** Secrets compare equal whatever they hold; this shows what they hold. */
function revealed(connection: Connection | undefined) {
  const { credential, tls, ...rest } = connection!
  const secret = credential?.kind === 'sealed' ? credential.secret.reveal() : undefined
  return { ...rest, credential: credential?.kind, secret, clientKey: tls?.clientKey?.reveal() }
}

function instances(opened: Opened): void {
  describe('instances', () => {
    it('are found as they were added', async () => {
      const { store } = opened
      const { project } = await aManagedServer(store)
      const instance = anInstance(project.id, {
        versionSlug: '16',
        mode: 'observe',
        policy: { onOwned: 'reassign:dba', minPasswordLength: 10 },
        tags: ['eu', 'prod'],
        advertise: { host: 'db.example.test', port: 6432 },
        accountHost: '%',
        defaultDatabase: 'orders',
        server: { version: '16.4', variant: 'x', readOnly: true, fingerprint: '7', seenAt: NOON },
        changedServer: { fingerprint: '8', since: NOON },
        leaving: true,
      })
      await store.transaction(tables => tables.instances.add(instance))
      expect(await store.read.instances.find(instance.id)).toStrictEqual(instance)
    })

    it('have names and slugs of their own in their project', async () => {
      const { store } = opened
      const { project, instance } = await aManagedServer(store)
      const { instances } = store.read
      expect(await instances.isTaken(project.id, { name: instance.name })).toBe(true)
      expect(await instances.isTaken(project.id, { slug: instance.slug })).toBe(true)
      expect(await instances.isTaken(project.id, { name: instance.name }, instance.id)).toBe(false)
      expect(await instances.isTaken(project.id, { name: 'free', slug: 'free' })).toBe(false)
      expect(await instances.isTaken(aProject().id, { name: instance.name })).toBe(false)
      expect(await instances.findNamed(project.id, { name: instance.name })).toStrictEqual(instance)
      expect(await instances.findNamed(project.id, { slug: instance.slug })).toStrictEqual(instance)
      expect(await instances.findNamed(aProject().id, { slug: instance.slug })).toBeUndefined()
      const twin = anInstance(project.id, { name: instance.name })
      const adding = store.transaction(tables => tables.instances.add(twin))
      await expect(adding).rejects.toMatchObject({ code: 'exists', subject: 'instance' })
    })

    it('keep what the server said when a change is saved that began before', async () => {
      const { store } = opened
      const { instance, connection } = await aManagedServer(store)
      const server = { version: '16.4', readOnly: false, fingerprint: 'one', seenAt: NOON }
      const seen = { server, managingConnectionId: connection.id, trust: true }
      await store.transaction(tables => tables.instances.see(instance.id, seen))
      const saved = await store.transaction(tables => tables.instances.save({ ...instance, mode: 'observe' }))
      expect(saved.version).toBe(2)
      const found = await store.read.instances.find(instance.id)
      expect(found).toMatchObject({ mode: 'observe', version: 2, server, managingConnectionId: connection.id })
      const late = store.transaction(tables => tables.instances.save(instance))
      await expect(late).rejects.toMatchObject({ code: 'precondition_failed', subject: 'instance' })
    })

    it('know the connections of others to the same server, once these have logged in', async () => {
      const { store } = opened
      const [one, other] = [await aManagedServer(store), await aManagedServer(store)]
      const elsewhere = async (by: 'fingerprint' | 'port', username?: string) =>
        (await store.read.connections.elsewhere(one.instance.id, by, username)).map(({ id }) => id)
      expect(await elsewhere('port')).not.toContain(other.connection.id)
      await store.transaction(tables =>
        tables.connections.setProof(other.connection.id, { at: NOON, missingRights: [] }),
      )
      expect(await elsewhere('port')).toContain(other.connection.id)
      expect(await elsewhere('port', 'nobody')).toEqual([])
      const server = { version: '16.4', readOnly: false, fingerprint: `of ${one.instance.id}`, seenAt: NOON }
      for (const { instance } of [one, other])
        await store.transaction(tables => tables.instances.see(instance.id, { server, trust: true }))
      expect(await elsewhere('fingerprint')).toEqual([other.connection.id])
      expect(await elsewhere('fingerprint', 'nobody')).toEqual([])
      expect(await elsewhere('port')).not.toContain(other.connection.id)
    })

    it('gather the fingerprints that were trusted', async () => {
      const { store } = opened
      const { instance } = await aManagedServer(store)
      const see = (fingerprint: string, trust: boolean, seenAt: number) =>
        store.transaction(tables =>
          tables.instances.see(instance.id, { server: { version: '16', readOnly: false, fingerprint, seenAt }, trust }),
        )
      await see('one', true, NOON)
      await see('two', true, NOON + 1)
      await see('one', true, NOON + 2)
      await see('three', false, NOON + 3)
      expect(await store.read.instances.fingerprints(instance.id)).toEqual(['one', 'two'])
    })

    it('remember a changed server until it is accepted', async () => {
      const { store } = opened
      const { instance } = await aManagedServer(store)
      const changed = { fingerprint: 'other', since: NOON }
      await store.transaction(tables => tables.instances.setChangedServer(instance.id, changed))
      expect((await store.read.instances.find(instance.id))?.changedServer).toEqual(changed)
      await store.transaction(tables => tables.instances.setChangedServer(instance.id, undefined))
      expect(await store.read.instances.find(instance.id)).not.toHaveProperty('changedServer')
    })

    it('go only without connections', async () => {
      const { store } = opened
      const { project, instance, connection } = await aManagedServer(store)
      const removal = store.transaction(tables => tables.instances.remove(instance.id))
      await expect(removal).rejects.toMatchObject({ code: 'in_use', subject: 'instance' })
      await store.transaction(async tables => {
        await tables.connections.remove(connection.id)
        await tables.instances.remove(instance.id)
      })
      expect(await store.read.instances.find(instance.id)).toBeUndefined()
      expect(await store.read.instances.count(project.id)).toBe(0)
    })

    it('take no name that another one goes by in a dialect', async () => {
      const { store } = opened
      const { project, instance } = await aManagedServer(store)
      const claimed = { state: 'claimed', alias: 'orders', details: {} } as const
      await store.transaction(tables => tables.instances.setView(instance.id, 'trove', claimed))
      expect(await store.read.instances.isTaken(project.id, { name: 'orders' })).toBe(true)
      expect(await store.read.instances.isTaken(project.id, { name: 'orders' }, instance.id)).toBe(false)
      expect(await store.read.instances.isTaken(project.id, { slug: 'orders' })).toBe(false)
    })

    it('are seen by each dialect in its own way, under an alias that is unique there', async () => {
      const { store } = opened
      const { project, instance } = await aManagedServer(store)
      const other = anInstance(project.id)
      const claimed = { state: 'claimed', alias: 'orders', details: { window: { day: 'monday' } } } as const
      expect(await store.read.instances.view(instance.id, 'digitalocean')).toBeUndefined()
      await store.transaction(async tables => {
        await tables.instances.add(other)
        await tables.instances.setView(instance.id, 'digitalocean', claimed)
        await tables.instances.setView(other.id, 'trove', claimed)
      })
      expect(await store.read.instances.view(instance.id, 'digitalocean')).toStrictEqual(claimed)
      expect(await store.read.instances.views(project.id, 'trove')).toStrictEqual(new Map([[other.id, claimed]]))
      expect(await store.read.instances.viewsOf(other.id)).toStrictEqual(new Map([['trove', claimed]]))
      const second = store.transaction(tables => tables.instances.setView(other.id, 'digitalocean', claimed))
      await expect(second).rejects.toMatchObject({ code: 'exists', subject: 'instance' })
      const released = { state: 'released', details: {} } as const
      await store.transaction(async tables => {
        await tables.instances.setView(instance.id, 'digitalocean', released)
        await tables.instances.setView(other.id, 'digitalocean', claimed)
      })
      expect(await store.read.instances.view(instance.id, 'digitalocean')).toStrictEqual(released)
    })
  })
}

function connections(opened: Opened): void {
  describe('connections', () => {
    it('are found as they were added, secrets included', async () => {
      const { store } = opened
      const tls = { mode: 'verify-full', ca: 'PEM', serverName: 'db', clientCertificate: 'PEM' } as const
      const { connection } = await aManagedServer(store, {
        hosts: [{ host: 'b.example.test', port: 5433 }],
        authDatabase: 'admin',
        mechanism: 'SCRAM-SHA-256',
        tls: { ...tls, clientKey: new Secret('the client key') },
        options: { connectTimeoutMs: 1_000, poolMax: 3 },
        provedAt: NOON,
        account: { name: 'dba', host: '10.%', authDatabase: undefined },
        missingRights: ['CREATEROLE'],
        lastTest: { outcome: 'FAILURE', detail: 'refused', at: NOON },
      })
      const found = await store.read.connections.find(connection.id)
      expect(revealed(found)).toStrictEqual(revealed(connection))
      expect({ ...found?.tls, clientKey: undefined }).toStrictEqual({ ...tls, clientKey: undefined })
    })

    it('keep references to secrets as they are', async () => {
      const { store } = opened
      for (const credential of [
        { kind: 'env', name: 'PGPASS' },
        { kind: 'file', path: '/run/secrets/pg' },
      ] as const) {
        const { connection } = await aManagedServer(store, { credential })
        expect((await store.read.connections.find(connection.id))?.credential).toStrictEqual(credential)
      }
      const { connection } = await aManagedServer(store, { credential: undefined })
      expect(await store.read.connections.find(connection.id)).not.toHaveProperty('credential')
    })

    it('have names of their own, after trimming and in one normal form', async () => {
      const { store } = opened
      const { instance } = await aManagedServer(store, { name: 'Caf\u00e9' })
      const twin = aConnection(instance, { name: ' Cafe\u0301 ' })
      const adding = store.transaction(tables => tables.connections.add(twin))
      await expect(adding).rejects.toMatchObject({ code: 'exists', subject: 'connection' })
      await store.transaction(tables => tables.connections.add(aConnection(instance, { name: 'CAFÉ' })))
    })

    it('keep, change or lose their credential on save, as asked', async () => {
      const { store } = opened
      const { connection } = await aManagedServer(store)
      const save = (given: Connection, credential?: Parameters<typeof store.read.connections.save>[1]) =>
        store.transaction(tables => tables.connections.save(given, credential))
      const renamed = await save({ ...connection, name: 'Renamed', credential: undefined })
      expect(revealed(renamed)).toMatchObject({ name: 'Renamed', secret: 'the managing password', version: 2 })
      const changed = await save(renamed, { kind: 'sealed', secret: new Secret('another') })
      expect(revealed(await store.read.connections.find(connection.id))).toMatchObject({ secret: 'another' })
      const without = await save(changed, null)
      expect(without).not.toHaveProperty('credential')
      await expect(save(changed)).rejects.toMatchObject({ code: 'precondition_failed', subject: 'connection' })
    })

    it('lead to their instance by every address, in any case, until they are moved or removed', async () => {
      const { store } = opened
      const { project, instance, connection } = await aManagedServer(store, {
        host: 'A.Example.test',
        hosts: [{ host: 'b.example.test', port: 5433 }],
      })
      const find = async (host: string, port: number, engine = 'postgresql') =>
        (
          await store.read.instances.findByAddress(project.id, engine, [
            { host: 'x', port: 1 },
            { host, port },
          ])
        )?.id
      expect(await find('a.example.TEST', 5432)).toBe(instance.id)
      expect(await find('B.example.test', 5433)).toBe(instance.id)
      expect(await find('b.example.test', 5432)).toBeUndefined()
      expect(await find('a.example.test', 5432, 'mysql')).toBeUndefined()
      const moved = { ...connection, host: 'c.example.test', hosts: [] }
      await store.transaction(tables => tables.connections.save(moved))
      expect(await find('a.example.test', 5432)).toBeUndefined()
      expect(await find('c.example.test', 5432)).toBe(instance.id)
      expect(await store.transaction(tables => tables.connections.remove(connection.id))).toBe(true)
      expect(await find('c.example.test', 5432)).toBeUndefined()
      expect(await store.transaction(tables => tables.connections.remove(connection.id))).toBe(false)
    })

    it('tell which instances of other projects lead to the same server, by an address or by what it says of itself', async () => {
      const { store } = opened
      const here = await aManagedServer(store, { host: 'twin.example.test', port: 6001 })
      const there = await aManagedServer(store, { host: 'TWIN.example.test', port: 6001 })
      const moved = await aManagedServer(store, { host: 'other.example.test', port: 6002 })
      const apart = await aManagedServer(store, { host: 'twin.example.test', port: 6003 })
      const twins = ({ id }: { id: string }, project: { id: string }) => store.read.instances.twins(id, project.id)
      expect(await twins(here.instance, there.project)).toEqual([there.instance.id])
      expect(await twins(there.instance, here.project)).toEqual([here.instance.id])
      expect(await twins(here.instance, moved.project)).toEqual([])
      const server = { version: '17.2', readOnly: false, seenAt: NOON, fingerprint: 'one and the same' }
      for (const { instance } of [here, there, moved])
        await store.transaction(tables => tables.instances.see(instance.id, { server, trust: true }))
      expect(await twins(here.instance, there.project)).toEqual([there.instance.id])
      expect(await twins(here.instance, moved.project)).toEqual([moved.instance.id])
      expect(await twins(here.instance, apart.project)).toEqual([])
    })

    it('lose their proof with their login, and only then', async () => {
      const { store } = opened
      const { connection } = await aManagedServer(store)
      const proof = { at: NOON, missingRights: ['CREATEROLE'], account: { name: 'dba', host: '%' } }
      await store.transaction(tables => tables.connections.setProof(connection.id, proof))
      const renamed = await store.transaction(tables => tables.connections.save({ ...connection, name: 'New name' }))
      expect(renamed).toMatchObject({ provedAt: NOON, missingRights: ['CREATEROLE'], account: proof.account })
      const other = await store.transaction(tables => tables.connections.save({ ...renamed, username: 'other' }))
      expect(other).not.toHaveProperty('provedAt')
      expect(await store.read.connections.find(connection.id)).not.toHaveProperty('missingRights')
      expect(other).not.toHaveProperty('account')
    })

    it('stop managing when they are removed or moved to another instance', async () => {
      const { store } = opened
      const { project, instance, connection } = await aManagedServer(store)
      const server = { version: '16', readOnly: false, seenAt: NOON }
      const manages = { server, managingConnectionId: connection.id, trust: false }
      const other = anInstance(project.id)
      await store.transaction(async tables => {
        await tables.instances.add(other)
        await tables.instances.see(instance.id, manages)
        await tables.connections.save({ ...connection, instanceId: other.id })
        await tables.instances.see(other.id, manages)
      })
      expect(await store.read.instances.find(instance.id)).not.toHaveProperty('managingConnectionId')
      await store.transaction(tables => tables.connections.remove(connection.id))
      expect(await store.read.instances.find(other.id)).not.toHaveProperty('managingConnectionId')
    })

    it('remember their last test', async () => {
      const { store } = opened
      const { connection } = await aManagedServer(store)
      const test = { outcome: 'SUCCESS', at: NOON } as const
      await store.transaction(tables => tables.connections.setLastTest(connection.id, test))
      expect((await store.read.connections.find(connection.id))?.lastTest).toStrictEqual(test)
    })
  })
}

function userRecords(opened: Opened): void {
  describe('user records', () => {
    it('are put, replaced, found together, counted and removed', async () => {
      const { store } = opened
      const { instance } = await aManagedServer(store)
      const madeBy = {
        operationId: 'op_1',
        operatorId: 'ada',
        username: 'a@b.test',
        dialect: 'native',
        at: NOON,
      } as const
      const full = aUserRecord(instance.id, {
        incarnation: '16384',
        madeBy,
        passwordChangedAt: NOON,
        labels: { team: 'checkout' },
        description: 'orders',
        validUntil: NOON + 1,
        asked: { atlas: { roles: [] } },
        password: new Secret('recalled'),
      })
      await store.transaction(tables => tables.users.put(full))
      const found = await store.read.users.find(instance.id, full.key)
      expect(found?.password?.reveal()).toBe('recalled')
      expect({ ...found, password: undefined }).toStrictEqual({ ...full, password: undefined })
      const plain = aUserRecord(instance.id, { labels: { team: 'billing' } })
      const other = aUserRecord(instance.id, { key: userKeyText({ name: 'bob', host: '%' }) })
      await store.transaction(async tables => {
        await tables.users.put(plain)
        await tables.users.put(other)
      })
      expect(await store.read.users.find(instance.id, plain.key)).toStrictEqual(plain)
      const many = Array.from({ length: 2_500 }, (_, at) => userKeyText({ name: `user ${at}` }))
      const all = await store.read.users.findMany(instance.id, [...many, plain.key, other.key])
      expect(all).toStrictEqual(
        new Map([
          [plain.key, plain],
          [other.key, other],
        ]),
      )
      expect(await store.read.users.count(instance.id)).toBe(2)
      const changed = { ...plain, description: 'billing' }
      expect(await store.transaction(tables => tables.users.change(instance.id, plain.key, () => changed))).toBe(
        changed,
      )
      const seen: unknown[] = []
      const leave = (before: unknown) => void seen.push(before)
      await store.transaction(tables => tables.users.change(instance.id, plain.key, leave))
      await store.transaction(tables => tables.users.change(instance.id, 'nobody', leave))
      expect(seen).toStrictEqual([changed, undefined])
      await store.transaction(tables => tables.users.remove(instance.id, plain.key))
      expect(await store.read.users.find(instance.id, plain.key)).toBeUndefined()
    })
  })
}
