import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../../../src/domain/secret.ts'
import { aConnection, anInstance } from '../../../store/builders.ts'
import { logsIn } from '../../../support/logins.ts'
import { type RunningInstance, startInstance } from '../../../support/mariadb/instance.ts'
import { mysqlClient } from '../../../support/mariadb/logins.ts'
import { mysqlServers, ownMariadb, serverOfInstance, type TestServer } from '../../../support/servers.ts'
import { usersAsJson, usersAsXml } from '../canonical.ts'
import { aTrove, type Trove, XML } from '../trove.ts'

const NS = 'http://docs.openstack.org/database/api/v1.0'
const PASSWORD = 's3cret-word'
const inDatabases = (...names: string[]) => names.map(name => ({ name }))
const user = (name: string, host: string, ...databases: string[]) => ({
  name,
  host,
  databases: inDatabases(...databases),
})
const wanted = (name: string, host: string, ...databases: string[]) => ({
  ...user(name, host, ...databases),
  password: PASSWORD,
})
const message = ({ body }: { body: Record<string, { message: string }> }) => Object.values(body)[0]!.message

describe.skipIf(mysqlServers().length === 0)('on a MariaDB of its own', () => {
  let instance: RunningInstance
  let server: TestServer

  beforeAll(async () => {
    instance = await startInstance(await ownMariadb())
    server = serverOfInstance(instance)
  }, 300_000)
  afterAll(() => instance?.[Symbol.asyncDispose]())

  async function sql(...statements: string[]): Promise<void> {
    const client = await mysqlClient(server)
    for (const statement of statements) await client.query(statement)
    await client.end()
  }

  describe('the published pages', () => {
    const FOUR = [
      user('dbuser1', '%'),
      user('dbuser2', '10.0.0.1', 'databaseB', 'databaseC'),
      user('dbuser3', '%'),
      user('demouser', '%', 'sampledb'),
    ]
    const BASE = 'https://ord.databases.api.rackspacecloud.com'

    /** A Rolecall that is reached there, with that account and that instance. */
    async function published(id: string): Promise<Trove> {
      const trove = await aTrove({ flags: { '--public-url': BASE } })
      const { store } = trove.running.app
      const project = (await store.read.projects.find(trove.running.project))!
      const made = anInstance(project.id, { id, engine: 'mysql', name: 'published' })
      const { host, port, username, password } = server
      await store.transaction(async tables => {
        await tables.projects.save({ ...project, alias: '1234' })
        await tables.instances.add(made)
        const credential = { kind: 'sealed', secret: new Secret(password) } as const
        await tables.connections.add(
          aConnection(made, { engine: 'mysql', host, port, database: '', username, credential }),
        )
      })
      return trove
    }

    test('are the same bytes', async () => {
      const [xmlId, jsonId] = ['9cccb45e-e15d-4bcc-aedc-61a4bf3e4ad9', 'dcc5c518-73c7-4471-83e1-15fae67a98eb']
      await using first = await published(xmlId)
      const at = `/v1.0/1234/instances/${xmlId}/users`
      const users = FOUR.map(({ name, host, databases }) => ({ ...wanted(name, host), databases }))
      expect((await first.ask('POST', at, { body: { users } })).status).toBe(202)

      const xml = await first.ask('GET', at, { headers: XML })
      expect([Buffer.byteLength(xml.text), xml.headers['content-length'], xml.text]).toEqual([
        511,
        '511',
        usersAsXml(FOUR),
      ])
      const json = await first.ask('GET', at)
      expect([Buffer.byteLength(json.text), json.text]).toEqual([287, usersAsJson(FOUR)])

      const xmlPage = await first.ask('GET', `${at}?limit=2`, { headers: XML })
      expect(Buffer.byteLength(xmlPage.text)).toBe(519)
      const href = `${BASE}/v1.0/1234/instances/${xmlId}/users?marker=dbuser2%4010.0.0.1&limit=2`
      expect(xmlPage.text).toContain(`        <link href="${href.replace('&', '&amp;')}" rel="next"/>\n`)
      const { pathname, search } = new URL(href)
      expect((await first.ask('GET', pathname + search)).text).toBe(usersAsJson(FOUR.slice(2)))

      await using second = await published(jsonId)
      const jsonPage = await second.ask('GET', `/v1.0/1234/instances/${jsonId}/users?limit=2`)
      expect(Buffer.byteLength(jsonPage.text)).toBe(345)
      expect(jsonPage.body.links).toEqual([{ href: href.replace(xmlId, jsonId), rel: 'next' }])
      for (const { name, host } of FOUR)
        await second.ask('DELETE', `/v1.0/1234/instances/${jsonId}/users/${name}@${host}`)
    })
  })

  describe('logins by name and host', () => {
    let trove: Trove
    let at: string
    const users = (rest = '') => `${at}/users${rest}`
    const create = (...all: object[]) => trove.api('POST', users(), { body: { users: all } })
    const list = async () => (await trove.api('GET', users())).body.users

    beforeAll(async () => {
      trove = await aTrove()
      at = await trove.manage(server, { engine: 'mysql', instanceName: 'shop' })
    })
    afterAll(() => trove?.[Symbol.asyncDispose]())
    beforeEach(async () => {
      for (const { name, host } of await list())
        await trove.api('DELETE', users(`/${encodeURIComponent(`${name}@${host}`)}`))
    })

    test('are told apart, and sorted as one text', async () => {
      expect(
        (await create(wanted('a', '%'), wanted('a.b', '%'), wanted('a', '10.%'), wanted('a', '10.1.2.3'))).status,
      ).toBe(202)
      expect(await list()).toEqual([user('a.b', '%'), user('a', '%'), user('a', '10.%'), user('a', '10.1.2.3')])
      expect((await trove.api('GET', users('/a@10.%25'))).body.user).toEqual(user('a', '10.%'))
      expect((await trove.api('DELETE', users('/a'))).status).toBe(202)
      expect(await list()).toEqual([user('a.b', '%'), user('a', '10.%'), user('a', '10.1.2.3')])
      const missing = await trove.api('GET', users('/a@10.9.9.9'))
      expect([missing.status, message(missing)]).toEqual([404, 'User a@10.9.9.9 cannot be found on the instance.'])
    })

    test('may have a sign in their name that addresses use', async () => {
      const names = ['user@name', 'f&x', 'm%20n', 'a+b', 'p?q#r', 'é ü1']
      expect((await create(...names.map(name => wanted(name, '%')))).status).toBe(202)
      const seen: string[] = []
      for (let path = `/v1.0/${trove.running.project}${users('?limit=1')}`; path; ) {
        const { body } = await trove.ask('GET', path)
        seen.push(...body.users.map(({ name }: { name: string }) => name))
        const next = body.links?.[0].href
        path = next ? new URL(next).pathname + new URL(next).search : ''
      }
      expect(seen.toSorted()).toEqual(names.toSorted())
      for (const name of names) {
        const answer = await trove.api('GET', users(`/${encodeURIComponent(`${name}@%`)}`))
        expect(answer.body.user).toEqual(user(name, '%'))
      }
    })

    test('may be granted what is not there yet, and everything in it', async () => {
      expect((await create(wanted('ada', '%', 'later'))).status).toBe(202)
      expect((await trove.api('GET', users('/ada/databases'))).body).toEqual({ databases: inDatabases('later') })
      await trove.api('POST', `${at}/databases`, {
        body: { databases: [{ name: 'later', character_set: 'utf8', collate: 'utf8_general_ci' }] },
      })
      const client = await mysqlClient({ ...server, username: 'ada', password: PASSWORD })
      await client.query('create table later.t (a int)')
      await client.end()
      expect((await trove.api('DELETE', users('/ada/databases/later'))).status).toBe(202)
      expect((await trove.api('GET', users('/ada/databases'))).body).toEqual({ databases: [] })
      expect((await trove.api('DELETE', `${at}/databases/later`)).status).toBe(202)
    })

    test('move to another host and name, and keep what they may do', async () => {
      await create(wanted('ada', '10.%', 'ledger'), wanted('bob', '%'))
      expect(
        (
          await trove.api('PUT', users('/ada@10.%25'), {
            body: { user: { host: '%', name: 'eve', password: 'an0ther-word' } },
          })
        ).status,
      ).toBe(202)
      expect((await trove.api('GET', users('/eve'))).body.user).toEqual(user('eve', '%', 'ledger'))
      expect(await logsIn(server, 'eve', 'an0ther-word')).toBe(true)
      const taken = await trove.api('PUT', users('/eve'), { body: { user: { name: 'bob' } } })
      expect([taken.status, message(taken)]).toEqual([400, 'A user with the name "bob" already exists.'])
    })

    test.each([
      [{ host: 'db.example.net' }, 'A host is %,'],
      [{ host: '10.0.0.0/255.0.0.0' }, 'A host is %,'],
      [{ host: '300.%' }, 'A host is %,'],
      [{ name: 'semi;colon' }, 'User names have none of'],
      [{ name: ' padded' }, 'User names do not begin or end'],
      [{ password: 'quo"te-word' }, 'Passwords have none of'],
      [{ name: 'root' }, 'User create error: User name "root" is on the reserved list'],
      [{ name: 'mariadb.sys' }, 'is on the reserved list'],
      [{ name: 'dba' }, 'is on the reserved list'],
      [{ databases: inDatabases('mysql') }, 'Database name "mysql" is on the reserved list'],
    ])('are refused with %j', async (own, words) => {
      const answer = await create({ ...wanted('ada', '%'), ...own })
      expect([answer.status, message(answer)]).toEqual([400, expect.stringContaining(words)])
      expect(await list()).toEqual([])
    })

    test('that others made elsewhere are listed whatever their host, and system users never', async () => {
      await sql("create user elsewhere@'db.example.net'", 'create user here@localhost')
      expect(await list()).toEqual([user('elsewhere', 'db.example.net'), user('here', 'localhost')])
      expect((await trove.api('DELETE', users('/elsewhere@db%2eexample%2enet'))).status).toBe(202)
      expect((await trove.api('DELETE', users('/here@localhost'))).status).toBe(202)
    })

    test('of one name with that of Rolecall itself are nobody’s but their own', async () => {
      await sql("create user dba@'10.%'")
      expect(await list()).toEqual([user('dba', '10.%')])
      expect((await trove.api('DELETE', users('/dba@%25'))).status).toBe(400)
      expect((await trove.api('DELETE', users('/dba@10.%25'))).status).toBe(202)
    })

    test('root is what its own calls are about', async () => {
      const root = (method: string) => trove.api(method, `${at}/root`)
      // The server would take us for these, which are nearer.
      await sql("drop user if exists root@'127.0.0.1', root@localhost, root@'::1'")
      expect((await root('GET')).body).toEqual({ rootEnabled: false })
      const never = await root('DELETE')
      expect([never.status, message(never)]).toEqual([404, 'Root user has never been enabled on the instance.'])
      const enabled = await root('POST')
      expect([enabled.status, enabled.body.user.name]).toEqual([200, 'root'])
      const client = await mysqlClient({ ...server, username: 'root', password: enabled.body.user.password })
      await client.query("create user made_by_root@'%'")
      await client.query("drop user made_by_root@'%'")
      await client.end()
      expect((await root('GET')).body).toEqual({ rootEnabled: true })
      expect(await list()).toEqual([user('root', '%')])
      expect((await root('DELETE')).status).toBe(204)
      expect((await root('GET')).body).toEqual({ rootEnabled: false })
      expect(await list()).toEqual([])
      expect(await logsIn(server, 'root', enabled.body.user.password)).toBe(false)
      const again = await root('POST')
      expect(await logsIn(server, 'root', again.body.user.password)).toBe(true)
      expect((await root('DELETE')).status).toBe(204)
    })

    test('have databases that are made together, with the characters that are asked for', async () => {
      const make = (...databases: object[]) => trove.api('POST', `${at}/databases`, { body: { databases } })
      const latin = { name: 'b-1', character_set: 'latin1', collate: 'latin1_general_ci' }
      expect((await make({ name: 'a 1' }, latin)).status).toBe(202)
      expect((await trove.api('GET', `${at}/databases`)).body).toEqual({ databases: inDatabases('a 1', 'b-1') })
      for (const wrong of [{ character_set: 'martian' }, { character_set: 'latin1', collate: 'utf8_general_ci' }]) {
        const refused = await make({ name: 'c' }, { name: 'd', ...wrong })
        expect([refused.status, message(refused)]).toEqual([400, expect.stringContaining('not a valid character set.')])
      }
      for (const name of ['mysql', 'lost+found', 'information_schema']) expect((await make({ name })).status).toBe(400)
      const names = (await trove.api('GET', `${at}/databases`)).body.databases.map(({ name }: { name: string }) => name)
      expect(names).toEqual(['a 1', 'b-1'])
      for (const name of names)
        expect((await trove.api('DELETE', `${at}/databases/${encodeURIComponent(name)}`)).status).toBe(202)
    })

    test('are on an instance of their own kind', async () => {
      const { body } = await trove.api('GET', at)
      expect(body.instance).toMatchObject({ name: 'shop', status: 'ACTIVE', datastore: { type: 'mariadb' } })
      expect((await trove.api('GET', '/datastores/mariadb/versions')).body.versions.length).toBe(1)
      const listed = await trove.api('GET', users(), { headers: XML })
      expect(listed.text).toBe(`<users xmlns="${NS}"/>\n`)
    })
  })
})
