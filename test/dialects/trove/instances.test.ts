import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient, logsIn } from '../../support/logins.ts'
import { aPerson } from '../../support/people.ts'
import { type RunningCluster, startCluster } from '../../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../../support/servers.ts'
import { aTrove, type Trove, XML } from './trove.ts'

/** On a server of its own, and not managed by its `postgres`: that is what root calls are about. */
let cluster: RunningCluster
let server: TestServer
let trove: Trove
let at: string
let id: string

const NS = 'http://docs.openstack.org/database/api/v1.0'
const MANAGER = { username: 'manager', password: 'password-of-the-manager' }
const message = ({ body }: { body: Record<string, { message: string }> }) => Object.values(body)[0]!.message

/** Without a word in the server's log: there is a password in it. */
async function makeManager(): Promise<void> {
  const client = await engineClient(serverOf(cluster))
  await client.query("set log_statement = 'none'")
  await client.query(`create role manager superuser login password '${MANAGER.password}'`)
  await client.end()
}

beforeAll(async () => {
  cluster = await startCluster(await ownPostgresql())
  await makeManager()
  server = { ...serverOf(cluster), ...MANAGER }
  trove = await aTrove()
  at = await trove.manage(server, { instanceName: 'orders-1' })
  id = at.split('/').at(-1)!
})
afterAll(async () => {
  await trove?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})

describe('an instance', () => {
  test('is listed with everything that clients read, and is active once its server was reached', async () => {
    const { body } = await trove.api('GET', '/instances')
    const base = 'http://localhost:80'
    const linksTo = (kind: string, one: string) => [
      { href: `${base}/v1.0/${trove.running.project}/${kind}/${one}`, rel: 'self' },
      { href: `${base}/${kind}/${one}`, rel: 'bookmark' },
    ]
    expect(body).toEqual({
      instances: [
        {
          id,
          name: 'orders-1',
          status: 'ACTIVE',
          operating_status: 'HEALTHY',
          links: linksTo('instances', id),
          flavor: { id: '1', links: linksTo('flavors', '1') },
          datastore: { type: 'postgresql', version: expect.stringMatching(/^\d+\.\d+/) },
          volume: { size: 1 },
          region: 'RegionOne',
          access: {},
          hostname: '127.0.0.1',
        },
      ],
    })
    const detail = (await trove.api('GET', '/instances/detail')).body.instances[0]
    expect(detail).toEqual({
      ...body.instances[0],
      datastore: { ...body.instances[0].datastore, version_number: body.instances[0].datastore.version },
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      updated: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
    })
    expect((await trove.api('GET', at)).body).toEqual({ instance: detail })
  })

  test('is shown in XML: attributes, then links, volume and flavor, then the rest', async () => {
    const { text } = await trove.api('GET', at, { headers: XML })
    expect(text).toMatch(
      new RegExp(
        `^<instance created="[^"]+" hostname="127.0.0.1" id="${id}" name="orders-1" status="ACTIVE" updated="[^"]+" xmlns="${NS}">\n    <links>\n        <link href="`,
      ),
    )
    const children = [...text.matchAll(/^ {4}<(\w+)/gm)].map(([, name]) => name)
    expect(children).toEqual(['links', 'volume', 'flavor', 'access', 'datastore', 'operating_status', 'region'])
    expect(text).toContain('    <volume size="1"/>\n    <flavor id="1">\n')
    expect((await trove.api('GET', `${at}.xml`)).text).toBe(text)
  })

  test('goes by its name as well as by its id, in every path', async () => {
    for (const rest of ['', '/users', '/databases', '/root']) {
      const [byId, byName] = [await trove.api('GET', at + rest), await trove.api('GET', `/instances/orders-1${rest}`)]
      expect([byName.status, byName.body]).toEqual([200, byId.body])
    }
    for (const nobody of ['Orders-1', 'orders', 'x', '0'.repeat(36), `${id.slice(0, -1)}x`]) {
      const answer = await trove.api('GET', `/instances/${nobody}`)
      expect([answer.status, message(answer)]).toEqual([404, `Resource ${nobody} cannot be found.`])
    }
  })

  test('is renamed for this API alone', async () => {
    const headers = { 'content-type': 'application/xml' }
    const payload = `<instance xmlns="${NS}" name="sales"/>`
    expect((await trove.api('PUT', at, { payload, headers })).status).toBe(202)
    expect((await trove.api('GET', '/instances/sales')).body.instance.id).toBe(id)
    expect((await trove.running.native('GET', at)).body.name).toBe('orders-1')
    expect((await trove.api('PATCH', at, { body: { instance: { name: 'orders-1' } } })).status).toBe(202)
    for (const [instance, status] of [
      [{}, 400],
      [{ name: 'detail' }, 400],
      [{ name: 'x', configuration: 'abc' }, 501],
      [{ replica_of: 'abc' }, 501],
    ] as const)
      expect((await trove.api('PUT', at, { body: { instance } })).status).toBe(status)
  })

  test('that can not be reached is not ready for anything', async () => {
    const dead = { ...server, port: 9 }
    const { instance, connection } = await trove.running.connect(dead, { instanceName: 'dead' })
    const seen = (await trove.api('GET', '/instances/dead')).body.instance
    expect([seen.status, seen.operating_status, seen.fault.message]).toEqual([
      'SHUTDOWN',
      '',
      'The server can not be reached.',
    ])
    const users = await trove.api('GET', '/instances/dead/users')
    expect([users.status, users.body]).toEqual([
      422,
      { unprocessableEntity: { code: 422, message: `Instance ${instance} is not ready, status: SHUTDOWN.` } },
    ])
    const bad = await trove.api('POST', '/instances/dead/users', { body: {} })
    expect(bad.status).toBe(400)
    await trove.running.native('DELETE', `/connections/${connection}`)
  })

  const ACTIONS: readonly (readonly [unknown, number])[] = [
    [{ reset_status: {} }, 202],
    [{ restart: {} }, 422],
    [{ resize: { volume: { size: 2 } } }, 501],
    [{ resize: { flavorRef: '1' } }, 501],
    [{ explode: {} }, 400],
    [{}, 400],
    [{ restart: {}, resize: {} }, 400],
    [undefined, 400],
  ]
  test.each(ACTIONS)('asked to %j answers %i', async (body, status) => {
    const answer = await trove.api('POST', `${at}/action`, { body })
    expect([answer.status, answer.text === '']).toEqual([status, status === 202])
  })

  test('takes actions in XML', async () => {
    const act = (payload: string) =>
      trove.api('POST', `${at}/action`, { payload, headers: { 'content-type': 'application/xml', ...XML } })
    expect((await act(`<reset_status xmlns="${NS}"/>`)).status).toBe(202)
    const restart = await act(`<restart xmlns="${NS}"/>`)
    expect(restart.text).toBe(
      `<unprocessableEntity code="422" xmlns="${NS}">\n    <message>Operation not supported for datastore postgresql.</message>\n</unprocessableEntity>\n`,
    )
  })
})

describe('adopting', () => {
  const adopt = (instance: object) => trove.api('POST', '/instances', { body: { instance } })

  test('brings back what was let go, under the name that is asked for, with databases and users', async () => {
    const none = await adopt({ name: 'fresh' })
    expect([none.status, Object.keys(none.body)]).toEqual([413, ['overLimit']])
    const gone = await trove.api('DELETE', at)
    expect([gone.status, gone.text]).toEqual([202, ''])
    expect((await trove.api('GET', '/instances')).body).toEqual({ instances: [] })
    expect((await trove.api('GET', at)).status).toBe(404)
    expect((await trove.running.native('GET', at)).status).toBe(200)

    expect((await adopt({ name: 'fresh', datastore: { type: 'mysql' } })).status).toBe(413)
    const made = await adopt({
      name: 'fresh',
      flavorRef: 'http://localhost/v1.0/1/flavors/1',
      volume: { size: 7, type: null },
      datastore: { type: 'postgresql' },
      databases: [{ name: 'shop' }],
      users: [{ name: 'keeper', password: 's3cret-word', databases: [{ name: 'shop' }] }],
      nics: [],
      access: { is_public: false },
    })
    expect([made.status, made.body.instance.name, made.body.instance.volume]).toEqual([200, 'fresh', { size: 7 }])
    expect((await trove.api('GET', '/instances/fresh/users/keeper')).body.user).toEqual({
      name: 'keeper',
      host: '%',
      databases: [{ name: 'shop' }],
    })
    expect(await logsIn(server, 'keeper', 's3cret-word', 'shop')).toBe(true)
    await trove.api('DELETE', '/instances/fresh/users/keeper')
    await trove.api('DELETE', '/instances/fresh/databases/shop')
  })

  test('takes everything back when a user can not be made', async () => {
    await trove.api('DELETE', '/instances/fresh')
    const failed = await adopt({
      name: 'half',
      databases: [{ name: 'shop' }],
      users: [{ name: 'manager', password: 's3cret-word' }],
    })
    expect(failed.status).toBe(400)
    expect((await trove.api('GET', '/instances')).body).toEqual({ instances: [] })
    expect((await adopt({ name: 'orders-1' })).body.instance.id).toBe(id)
    expect((await trove.api('GET', `${at}/databases`)).body).toEqual({ databases: [] })
  })

  test('makes the connection first, where one is given', async () => {
    const { host, port, database } = serverOf(cluster)
    const connection = {
      engine: 'postgresql',
      host,
      port,
      database,
      username: 'postgres',
      password: serverOf(cluster).password,
    }
    const made = await adopt({ name: 'again', rolecall: { connection } })
    expect([made.status, message(made)]).toEqual([400, expect.stringContaining('another name')])
    const other = await adopt({ name: 'elsewhere', rolecall: { connection: { ...connection, port: 9 } } })
    expect([other.status, other.body.instance.name]).toEqual([200, 'elsewhere'])
    expect(other.text).not.toContain(connection.password)
    expect((await trove.api('DELETE', '/instances/elsewhere')).status).toBe(202)
    const typo = await adopt({ name: 'typo', rolecall: { connection: { ...connection, prot: 9 } } })
    expect(typo.status).toBe(400)
  })

  test.each([
    [{}, 400],
    [{ name: '' }, 400],
    [{ name: 'detail' }, 400],
    [{ name: 'x', volume: { size: 0 } }, 400],
    [{ name: 'x', flavorRef: '77' }, 404],
    [{ name: 'x', replica_of: 'y' }, 501],
    [{ name: 'x', nics: [{ 'net-id': 'y' }] }, 501],
    [{ name: 'x', access: { is_public: true } }, 501],
    [{ name: 'x', users: [{ name: 'u', password: 's3cret-word', databases: [{ name: 'not-here' }] }] }, 400],
  ])('is refused with %j: %i', async (instance, status) => {
    expect((await adopt(instance)).status).toBe(status)
  })

  test('is for admins', async () => {
    const key = await trove.aKey('editor')
    const refused = await trove.api('POST', '/instances', { key, body: { instance: { name: 'x' } } })
    expect([refused.status, Object.keys(refused.body)]).toEqual([403, ['forbidden']])
    expect((await trove.api('DELETE', at, { key })).status).toBe(403)
    expect((await trove.api('GET', '/instances')).body.instances.length).toBe(1)
  })
})

describe('root', () => {
  const root = (method: string, more = {}) => trove.api(method, `${at}/root`, more)

  test('is told of, enabled with a new password, listed while it is, and disabled', async () => {
    expect((await root('GET')).text).toBe('{"rootEnabled": true}')
    expect((await root('GET', { headers: XML })).text).toBe(`<rootEnabled xmlns="${NS}">True</rootEnabled>\n`)
    expect((await trove.api('GET', `${at}/users/postgres`)).status).toBe(200)
    const disabled = await root('DELETE')
    expect([disabled.status, disabled.text, disabled.headers['content-length']]).toEqual([204, '', '0'])
    expect((await root('DELETE')).status).toBe(204)
    expect((await root('GET')).text).toBe('{"rootEnabled": false}')
    expect((await trove.api('GET', `${at}/users`)).body).toEqual({ users: [] })
    expect((await trove.api('GET', `${at}/users/postgres`)).status).toBe(404)
    expect((await root('GET', { headers: XML })).text).toBe(`<rootEnabled xmlns="${NS}">False</rootEnabled>\n`)
    const enabled = await root('POST')
    expect([enabled.status, enabled.body]).toEqual([
      200,
      { user: { name: 'postgres', password: expect.stringMatching(/^[A-Za-z0-9]{36}$/) } },
    ])
    expect(await logsIn(server, 'postgres', enabled.body.user.password)).toBe(true)
    expect((await root('GET')).text).toBe('{"rootEnabled": true}')
    expect((await trove.api('GET', `${at}/users`)).body.users).toEqual([{ name: 'postgres', host: '%', databases: [] }])
  })

  test('is enabled and disabled by admins alone: it may do more than any key', async () => {
    const { running } = trove
    for (const role of ['editor', 'admin'] as const) {
      const { key } = await aPerson(running.app.store, running.project, role)
      for (const [method, status] of [
        ['DELETE', 204],
        ['POST', 200],
      ] as const)
        expect([role, (await root(method, { key })).status]).toEqual([role, role === 'admin' ? status : 403])
    }
  })

  test('gets the password that is asked for, in both formats', async () => {
    const password = 'a<password>&more'
    const json = await root('POST', { body: { password } })
    expect(json.body).toEqual({ user: { name: 'postgres', password } })
    const headers = { 'content-type': 'application/xml', ...XML }
    const payload = `<password xmlns="${NS}">a&lt;password&gt;&amp;more</password>`
    const xml = await root('POST', { payload, headers })
    expect(xml.text).toBe(`<user name="postgres" password="a&lt;password&gt;&amp;more" xmlns="${NS}"/>\n`)
    expect(await logsIn(server, 'postgres', password)).toBe(true)
    expect((await root('POST', { body: { password: '' } })).status).toBe(400)
  })

  test('is neither changed nor dropped as a user', async () => {
    for (const [method, body] of [['PUT', { user: { password: 's3cret-word' } }], ['DELETE']] as const)
      expect((await trove.api(method, `${at}/users/postgres`, { body })).status).toBe(400)
  })

  test('that Rolecall itself logs in as is left alone', async () => {
    const own = await aTrove()
    const there = await own.manage({ ...serverOf(cluster), password: 'a<password>&more' })
    expect((await own.api('GET', `${there}/root`)).body).toEqual({ rootEnabled: false })
    for (const method of ['POST', 'DELETE'])
      expect((await own.api(method, `${there}/root`)).body.forbidden.message).toContain('Rolecall itself')
    await own[Symbol.asyncDispose]()
  })
})

describe('the catalogue', () => {
  test('has a flavor, with a number and a link', async () => {
    const { body } = await trove.api('GET', '/flavors')
    expect(body.flavors).toMatchObject([{ id: 1, str_id: '1', name: 'as-is', links: [{ rel: 'self' }, {}] }])
    expect((await trove.api('GET', '/flavors/1')).body).toEqual({ flavor: body.flavors[0] })
    const none = await trove.api('GET', '/flavors/2')
    expect([none.status, message(none)]).toEqual([404, 'Resource 2 cannot be found.'])
    expect((await trove.api('GET', '/flavors.xml')).text).toContain('<flavor id="1" name="as-is" ram="0">')
  })

  test('has datastores, by id and by name, with the versions that there are', async () => {
    const { body } = await trove.api('GET', '/datastores')
    const all = body.datastores
    expect(all.map(({ name }: { name: string }) => name)).toEqual(['postgresql', 'mysql', 'mongodb', 'mariadb'])
    const [postgresql, mysql] = all
    expect(postgresql.versions.length).toBe(1)
    expect([postgresql.default_version, mysql.default_version]).toEqual([postgresql.versions[0].id, null])
    const [version] = postgresql.versions
    for (const one of [postgresql.id, 'postgresql']) {
      expect((await trove.api('GET', `/datastores/${one}`)).body).toEqual({ datastore: postgresql })
      expect((await trove.api('GET', `/datastores/${one}/versions`)).body).toEqual({ versions: [version] })
      for (const v of [version.id, version.name])
        expect((await trove.api('GET', `/datastores/${one}/versions/${v}`)).body).toEqual({ version })
    }
    expect((await trove.api('GET', `/datastores/versions/${version.id}`)).body).toEqual({ version })
    const below = `/datastores/postgresql/versions/${version.id}`
    expect((await trove.api('GET', `${below}/flavors`)).body.flavors.length).toBe(1)
    expect((await trove.api('GET', `${below}/volume-types`)).text).toBe('{"volume_types": []}')
    const none = await trove.api('GET', '/datastores/oracle')
    expect([none.status, message(none)]).toEqual([404, "Datastore 'oracle' cannot be found."])
    expect((await trove.api('GET', '/datastores/mysql/versions/9')).status).toBe(404)
  })

  test('has limits, and no clusters', async () => {
    const { body } = await trove.api('GET', '/limits')
    expect(body.limits[0]).toEqual({ verb: 'ABSOLUTE', max_instances: 10_000, max_volumes: 10_000, max_backups: 0 })
    expect(body.limits[1]).toMatchObject({ uri: '*', unit: 'MINUTE', nextAvailable: expect.stringMatching(/Z$/) })
    expect((await trove.api('GET', '/clusters')).text).toBe('{"clusters": []}')
    expect((await trove.api('GET', '/clusters/orders-1')).status).toBe(404)
  })

  test('says of what is published and not offered that it is', async () => {
    for (const path of [`${at}/backups`, `${at}/log`, '/backups', '/configurations', '/security-groups/x', '/modules'])
      expect([path, (await trove.api('GET', path)).status]).toEqual([path, 501])
    expect((await trove.api('GET', '/mgmt/instances')).status).toBe(501)
    expect((await trove.api('GET', '/mgmt/instances', { key: await trove.aKey('editor') })).status).toBe(403)
    expect((await trove.api('GET', '/instances/none/backups')).status).toBe(404)
    expect((await trove.api('GET', '/nothing')).status).toBe(404)
  })
})

describe('the versions', () => {
  const version = {
    id: 'v1.0',
    links: [{ href: 'http://localhost:80/v1.0/', rel: 'self' }],
    status: 'CURRENT',
    updated: '2012-08-01T00:00:00Z',
  }
  test('are told to everybody, in both formats, and to browsers as a page', async () => {
    const all = await trove.ask('GET', '/', { key: null })
    expect([all.status, all.body, all.headers['content-type']]).toEqual([
      200,
      { versions: [version] },
      'application/json',
    ])
    for (const path of ['/v1.0', '/v1.0/'])
      expect((await trove.ask('GET', path, { key: null })).body).toEqual({ version })
    expect((await trove.ask('GET', '/', { key: null, headers: XML })).text).toBe(`<versions xmlns="${NS}">
    <version id="v1.0" status="CURRENT" updated="2012-08-01T00:00:00Z">
        <links>
            <link href="http://localhost:80/v1.0/" rel="self"/>
        </links>
    </version>
</versions>
`)
    const page = await trove.running.ask('GET', '/', {
      key: null,
      headers: { accept: 'text/html,application/xml;q=0.9,*/*;q=0.8' },
    })
    expect(page.headers['content-type']).toContain('text/html')
    const health = await trove.running.ask('GET', '/healthcheck', { key: null })
    expect([health.status, health.text]).toEqual([200, 'OK'])
  })
})
