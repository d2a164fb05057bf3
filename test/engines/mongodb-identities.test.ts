import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AdminClient, IdentityPage } from '../../src/engines/engine.ts'
import { mongodb } from '../../src/engines/mongodb/index.ts'
import { dialWithMongodb } from '../../src/engines/mongodb/link/dial.ts'
import type { MongoSession } from '../../src/engines/mongodb/link/session.ts'
import { aCreate, aMark, apply, INSTALLATION } from '../support/changes.ts'
import { clearMongodb, mongodbClient } from '../support/mongodb/logins.ts'
import { mongodbServers, type TestServer, targetOf } from '../support/servers.ts'

const PASSWORD = { password: 'a-password-of-this-test' }

if (mongodbServers().length === 0) test.skip('MongoDB is left out: ENGINES says so')

for (const { name: title, start } of mongodbServers())
  describe(`who there is on ${title}`, () => {
    const prefix = `i${process.pid}_`
    const others = `${prefix}shop`
    const mark = aMark()
    const asked: Readonly<Record<string, unknown>>[] = []
    let server: TestServer
    let client: AdminClient
    /** Is the catalogue of logins kept from our login. */
    let hidden = false

    const watched = (real: MongoSession): MongoSession => ({
      get broken() {
        return real.broken
      },
      close: () => real.close(),
      command: async (database, command) => {
        asked.push(command)
        if (hidden && command.find === 'system.users')
          throw Object.assign(new Error('not authorized on admin to execute command'), { code: 13 })
        return real.command(database, command)
      },
    })
    const engine = mongodb(async (config, until) => watched(await dialWithMongodb(config, until)))

    const page = async (wanted: Partial<IdentityPage>) => {
      const all = { authDatabase: 'admin', after: prefix, limit: 10, ...wanted }
      const { items, next } = await client.listIdentities!(all)
      return { items: items.filter(({ name }) => name.startsWith(prefix)), next }
    }
    const names = ({ items }: Awaited<ReturnType<typeof page>>) => items.map(({ name }) => name.slice(prefix.length))

    beforeAll(async () => {
      server = await start()
      const session = { installation: INSTALLATION, operation: `op_WHO${process.pid}`, attempt: 1 }
      client = await engine.open(targetOf(server), session, AbortSignal.timeout(120_000))
      for (const name of ['b', 'a', 'B', '🐘']) await apply(engine, client, aCreate(prefix + name, PASSWORD), mark)
      await apply(engine, client, aCreate(`${prefix}elsewhere`, { authDatabase: others, ...PASSWORD }), mark)
      await using admin = mongodbClient(server)
      await admin.db('admin').command({ createUser: `${prefix}foreign`, pwd: 'made-by-others', roles: [] })
    })
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]()
      await clearMongodb(server, prefix)
    })

    test('comes in the order of names, of one database alone, cut by the server', async () => {
      const first = await page({ limit: 2 })
      expect([names(first), first.next]).toEqual([['B', 'a'], `${prefix}a`])
      const rest = await page({ after: first.next!, limit: 500 })
      expect([names(rest), rest.next]).toEqual([['b', 'foreign', '🐘'], undefined])
      expect(names(await page({ authDatabase: others }))).toEqual(['elsewhere'])
      const { limit, filter } = asked.findLast(({ find }) => find === 'system.users') as Record<string, unknown>
      expect([limit, filter]).toMatchObject([11, { db: others }])
    })

    test('is told with what tells a login from the next of its name, and nothing else', async () => {
      for (const { items } of [await page({}), await page({ authDatabase: others })])
        for (const one of items) {
          const whole = await client.findUser(one)
          const { name, authDatabase, incarnation } = whole!
          expect(one).toEqual({ name, authDatabase, incarnation })
          if (name !== `${prefix}foreign`) expect(incarnation).toEqual(expect.any(String))
        }
    })

    test('is the same where our login may not read the catalogue, all at once', async () => {
      const [first, all] = [await page({ limit: 100 }), await page({ after: `${prefix}a`, limit: 100 })]
      hidden = true
      try {
        expect(await page({ limit: 1 })).toEqual({ ...first, next: undefined })
        expect(await page({ after: `${prefix}a`, limit: 1 })).toEqual({ ...all, next: undefined })
      } finally {
        hidden = false
      }
    })

    test('is found by a part of a name as long as names get; by a longer text nobody is, whatever servers say of it', async () => {
      const long = `${prefix}${'.'.repeat(255 - prefix.length)}`
      await apply(engine, client, aCreate(long, PASSWORD), mark)
      const found = async (q: string) => (await client.listUsers({ limit: 5, q })).items.map(({ name }) => name)
      expect(await found(long.toUpperCase())).toEqual([long])
      for (const n of [256, 501, 1_001, 40_000]) expect(await found('.'.repeat(n)), `${n}`).toEqual([])
    })

    test('is looked at closely in one question, whoever of them is there', async () => {
      const keys = ['a', 'nobody', 'foreign'].map(name => ({ name: prefix + name, authDatabase: 'admin' }))
      const elsewhere = { name: `${prefix}elsewhere`, authDatabase: others }
      const impossible = { name: 'a\0b', authDatabase: 'admin' }
      asked.length = 0
      const found = await client.findUsers!([...keys, elsewhere, impossible])
      expect(asked).toHaveLength(1)
      const each = await Promise.all([...keys, elsewhere].map(key => client.findUser(key)))
      const order = (users: typeof each) =>
        users.filter(one => one !== undefined).toSorted((a, b) => (a.name < b.name ? -1 : 1))
      expect(order([...found])).toEqual(order(each))
      expect(found).toHaveLength(3)
      expect(await client.findUsers!([impossible])).toEqual([])
    })
  })
