import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engineClient, logsIn } from '../../support/logins.ts'
import { type RunningCluster, startCluster } from '../../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../../support/servers.ts'
import { usersAsJson, usersAsXml } from './canonical.ts'
import { aTrove, type Trove, XML } from './trove.ts'

/** On a server of its own: whole lists are compared, byte for byte. */
let cluster: RunningCluster
let server: TestServer
let trove: Trove
let at: string

const PASSWORD = 's3cret-word'
const NS = 'http://docs.openstack.org/database/api/v1.0'
const inDatabases = (...names: string[]) => names.map(name => ({ name }))
const user = (name: string, ...databases: string[]) => ({ name, host: '%', databases: inDatabases(...databases) })
const wanted = (name: string, ...databases: string[]) => ({
  name,
  password: PASSWORD,
  databases: inDatabases(...databases),
})

const users = (rest = '') => `${at}/users${rest}`
const get = (rest: string, headers = {}) => trove.api('GET', users(rest), { headers })
const create = (...all: object[]) => trove.api('POST', users(), { body: { users: all } })
const drop = (name: string) => trove.api('DELETE', users(`/${encodeURIComponent(name)}`))
const message = ({ body }: { body: Record<string, { message: string }> }) => Object.values(body)[0]!.message

beforeAll(async () => {
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  trove = await aTrove()
  at = await trove.manage(server, { instanceName: 'orders-1' })
  await trove.api('POST', `${at}/databases`, { body: { databases: inDatabases('ledger', 'stock') } })
})
afterAll(async () => {
  await trove?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (;;) {
    const { body } = await get('')
    for (const { name } of body.users) await drop(`${name}@%`)
    if (body.users.length === 0) return
  }
})

describe('a list', () => {
  const FOUR = [user('dbuser1'), user('dbuser2', 'ledger', 'stock'), user('dbuser3'), user('demouser', 'stock')]

  beforeEach(async () => {
    const made = await create(...FOUR.map(({ name, databases }) => wanted(name, ...databases.map(one => one.name))))
    expect([made.status, made.text, made.headers['content-length']]).toEqual([202, '', '0'])
  })

  test('is the published bytes in JSON and in XML, whichever way the format is asked for', async () => {
    const [json, xml] = [usersAsJson(FOUR), usersAsXml(FOUR)]
    const ways: readonly (readonly [string, object, string])[] = [
      ['', {}, json],
      ['', { accept: '*/*' }, json],
      ['', { accept: 'text/html' }, json],
      ['', XML, xml],
      ['', { accept: 'application/vnd.openstack.trove+xml' }, xml],
      ['', { accept: 'application/vnd.openstack.trove+json;version=1.0' }, json],
      ['.json', XML, json],
      ['.xml', {}, xml],
    ]
    for (const [suffix, headers, text] of ways) {
      const answer = await get(suffix, headers)
      expect(answer.text).toBe(text)
      expect(answer.headers['content-type']).toBe(text === xml ? 'application/xml' : 'application/json')
      expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(text))
    }
  })

  test('has pages, each with a link to the next but the last', async () => {
    const base = `http://localhost:80/v1.0/${trove.running.project}${users()}`
    const first = await get('?limit=2')
    const href = `${base}?marker=dbuser2%40%25&limit=2`
    expect(first.text).toBe(`{"links": [{"href": "${href}", "rel": "next"}], ${usersAsJson(FOUR.slice(0, 2)).slice(1)}`)
    const paged = await get('?limit=2', XML)
    expect(paged.text).toBe(
      usersAsXml(FOUR.slice(0, 2)).replace(
        '</users>',
        `    <links>\n        <link href="${href.replace('&', '&amp;')}" rel="next"/>\n    </links>\n</users>`,
      ),
    )
    expect((await get('?marker=dbuser2%40%25&limit=2')).text).toBe(usersAsJson(FOUR.slice(2)))
    expect((await get('?marker=dbuser1')).body.users[0].name).toBe('dbuser2')
    expect((await get('?limit=3')).body.links[0].href).toBe(`${base}?marker=dbuser3%40%25&limit=3`)
    expect((await get('?limit=4')).body).not.toHaveProperty('links')
    expect((await get('?marker=demouser%40%25')).text).toBe('{"users": []}')
    expect((await get('?marker=demouser%40%25', XML)).text).toBe(`<users xmlns="${NS}"/>\n`)
  })

  test('goes on after a user that is gone', async () => {
    const { body } = await get('?limit=2')
    await drop('dbuser2')
    const { pathname, search } = new URL(body.links[0].href)
    expect((await trove.ask('GET', pathname + search)).text).toBe(usersAsJson(FOUR.slice(2)))
  })

  test('refuses a limit that is no number, or less than nothing', async () => {
    for (const limit of ['-1', 'x', '1.5', '2x', '%00']) {
      const answer = await get(`?limit=${limit}`)
      expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['badRequest']])
    }
  })

  test('is whole with no limit, none that counts, or one that is too high', async () => {
    for (const query of ['limit=', 'limit=0', 'limit=9999999', 'include_clustered=False&x', 'marker='])
      expect((await get(`?${query}`)).text).toBe(usersAsJson(FOUR))
  })

  test('has at most 20, in the order of their names’ bytes', async () => {
    const names = Array.from({ length: 22 }, (_one, at) => `many${String(at).padStart(2, '0')}`)
    await create(...[...names, 'Zed', 'éa'].map(name => wanted(name)))
    const all = ['Zed', ...FOUR.map(({ name }) => name), ...names]
    const { body } = await get('')
    expect(body.users.map(({ name }: { name: string }) => name)).toEqual(all.slice(0, 20))
    const { pathname, search } = new URL(body.links[0].href)
    expect(search).toBe('?marker=many14%40%25')
    const rest = await trove.ask('GET', pathname + search)
    expect(rest.body.users.map(({ name }: { name: string }) => name)).toEqual([...all.slice(20), 'éa'])
    expect(rest.text).toContain('\\u00e9a')
  })

  test('never has system users, nor the login of Rolecall itself, nor databases of the system', async () => {
    const seen = await get('')
    for (const name of ['postgres', 'pg_', server.username]) expect(seen.text).not.toContain(`"${name}`)
    expect((await trove.running.native('POST', `${at}/users/dbuser1/grants`, {})).status).toBe(405)
    const grant = { add: [{ role: 'read', database: 'postgres' }] }
    await trove.running.native('PATCH', `${at}/users/dbuser1/grants`, { body: grant })
    expect((await get('/dbuser1')).body).toEqual({ user: user('dbuser1') })
  })

  test('has its links under a name of their own for gophercloud, and for nobody else', async () => {
    const { body } = await get('?limit=1', { 'user-agent': 'gophercloud/2.0.0' })
    expect(body.users_links).toEqual(body.links)
    expect((await get('?limit=1')).body).not.toHaveProperty('users_links')
    expect((await get('', { 'user-agent': 'gophercloud/2.0.0' })).body).not.toHaveProperty('users_links')
  })
})

describe('making users', () => {
  test('from XML, with what they may use', async () => {
    const payload = `<?xml version="1.0" encoding="UTF-8"?>
<users xmlns="${NS}">
    <user name="ada" password="${PASSWORD}"/>
    <user host="%" name="bea" password="${PASSWORD}">
        <databases>
            <database name="ledger"/>
            <database name="stock"/>
        </databases>
    </user>
</users>`
    const headers = { 'content-type': 'application/xml; charset=utf-8', ...XML }
    const made = await trove.api('POST', users(), { payload, headers })
    expect([made.status, made.text, made.headers['content-type']]).toEqual([202, '', 'application/xml'])
    expect((await get('')).text).toBe(usersAsJson([user('ada'), user('bea', 'ledger', 'stock')]))
    expect(await logsIn(server, 'bea', PASSWORD, 'ledger')).toBe(true)
  })

  test('is all or nothing', async () => {
    await create(wanted('taken'))
    const again = await create(wanted('new1'), wanted('taken'), wanted('new2'))
    expect([again.status, message(again)]).toEqual([400, 'A user with the name "taken" already exists.'])
    const missing = await create(wanted('new1'), wanted('new2', 'nowhere'))
    expect([missing.status, message(missing)]).toEqual([404, 'Database nowhere cannot be found on the instance.'])
    expect((await get('')).text).toBe(usersAsJson([user('taken')]))
  })

  test('of one name at once makes one, and tells the others what is taken', async () => {
    const answers = await Promise.all(['x', 'y', 'z'].map(other => create(wanted('wished'), wanted(other))))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 400, 400])
    for (const answer of answers.filter(({ status }) => status === 400))
      expect(message(answer)).toBe('A user with the name "wished" already exists.')
    expect((await get('')).body.users.length).toBe(2)
  })

  test('with fewer connections than any', async () => {
    expect((await create({ ...wanted('few'), max_connections: 3 })).status).toBe(202)
    const { body } = await trove.running.native('GET', `${at}/users/few`)
    expect(body.settings.connectionLimit).toBe(3)
    expect((await create({ ...wanted('none'), max_connections: 0 })).status).toBe(400)
  })

  test('of none changes nothing', async () => {
    expect((await create()).status).toBe(202)
    const headers = { 'content-type': 'application/xml' }
    expect((await trove.api('POST', users(), { payload: `<users xmlns="${NS}"/>`, headers })).status).toBe(202)
  })

  test('ignores what it does not know, such as a database that is a text', async () => {
    expect((await create({ ...wanted('old'), database: 'ledger', shoe: 1 })).status).toBe(202)
    expect((await get('/old')).body.user.databases).toEqual([])
  })

  const BAD: readonly (readonly [unknown, string])[] = [
    [undefined, 'Validation error: the body must be object'],
    [{}, "Validation error: 'users' is a required property"],
    [{ user: {} }, "Validation error: 'users' is a required property"],
    [{ users: {} }, 'Validation error: users must be array'],
    [{ users: [{ name: 'a' }] }, "Validation error: users[0] 'password' is a required property"],
    [{ users: [{ password: PASSWORD }] }, "Validation error: users[0] 'name' is a required property"],
    [{ users: [wanted('a'), { ...wanted('b'), name: 1 }] }, 'Validation error: users[1].name must be string'],
    [{ users: [{ ...wanted('-_-') }] }, 'Validation error: users[0].name needs a letter or a digit'],
    [{ users: [{ ...wanted('a'), password: '---' }] }, 'Validation error: users[0].password needs a letter or a digit'],
    [{ users: [{ ...wanted('a'), databases: ['x'] }] }, 'Validation error: users[0].databases[0] must be object'],
    [{ users: [{ ...wanted('a', 'x', 'x') }] }, 'Validation error: users[0].databases must not have duplicate items'],
    [
      { users: [{ ...wanted('a'), host: '10.0.0.1' }] },
      'Hosts can not be told apart on this datastore; the host is %.',
    ],
    [{ users: [wanted(`${'é'.repeat(31)}ab`)] }, 'User names end at 63 bytes here.'],
    [{ users: [wanted('a\0b')] }, 'User names can not have a NUL character.'],
    [
      { users: [wanted('postgres')] },
      "User create error: User name \"postgres\" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].",
    ],
    [
      { users: [wanted('pg_mine')] },
      "User create error: User name \"pg_mine\" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].",
    ],
    [
      { users: [wanted('same'), { ...wanted('same'), host: '%' }] },
      'Two or more users share the same name and host in the initial users list. Please correct the names or hosts or remove the duplicate entries.',
    ],
    [
      { users: [wanted('a', 'postgres')] },
      "Database name \"postgres\" is on the reserved list: ['postgres', 'template0', 'template1', 'os_admin'].",
    ],
    [
      { users: [{ ...wanted('short'), password: 'abc1' }] },
      'The password is not acceptable: has 4 characters; policy wants at least 8',
    ],
  ]
  test.each(BAD)('is refused with %j', async (body, words) => {
    const answer = await trove.api('POST', users(), { body })
    expect([answer.status, answer.body]).toEqual([400, { badRequest: { code: 400, message: words } }])
    expect((await get('')).text).toBe('{"users": []}')
  })

  test.each(['"', '{"users": [}', '[', '\xff', ''])('is refused with the bytes %j', async payload => {
    const headers = { 'content-type': 'application/json' }
    const answer = await trove.api('POST', users(), { payload: Buffer.from(payload, 'latin1'), headers })
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['badRequest']])
  })
})

describe('one user', () => {
  beforeEach(async () => {
    expect((await create(wanted('ada', 'stock', 'ledger'), wanted('bob'))).status).toBe(202)
  })

  test('is shown in both formats', async () => {
    const json = `{"user": {"databases": [{"name": "ledger"}, {"name": "stock"}], "host": "%", "name": "ada"}}`
    const xml = `<user host="%" name="ada" xmlns="${NS}">
    <databases>
        <database name="ledger"/>
        <database name="stock"/>
    </databases>
</user>
`
    for (const path of ['/ada', '/ada@%', '/ada@%25', '/ada%40%25', '/ada.json'])
      expect((await get(path)).text).toBe(json)
    expect((await get('/ada', XML)).text).toBe(xml)
    expect((await get('/ada.xml')).text).toBe(xml)
  })

  test('may have a name that ends like a format', async () => {
    await create(wanted('ada.json'), wanted('bob.xml'))
    expect((await get('/ada.json')).body.user.name).toBe('ada.json')
    const bob = await get('/bob.xml')
    expect([bob.headers['content-type'], bob.body.user.name]).toEqual(['application/json', 'bob.xml'])
    expect((await drop('bob.xml')).status).toBe(202)
    expect((await get('/bob.xml')).headers['content-type']).toBe('application/xml')
    expect((await get('/bob')).status).toBe(200)
  })

  test('that is not there is 404, by every call', async () => {
    for (const [method, rest, body] of [
      ['GET', '/carol'],
      ['GET', '/carol@%'],
      ['DELETE', '/carol'],
      ['PUT', '/carol', { user: { password: PASSWORD } }],
      ['GET', '/carol/databases'],
      ['PUT', '/carol/databases', { databases: [] }],
      ['DELETE', '/carol/databases/ledger'],
    ] as const) {
      const answer = await trove.api(method, users(rest), { body })
      expect([answer.status, message(answer)]).toEqual([404, 'User carol@% cannot be found on the instance.'])
    }
    expect((await get('/ada@10.0.0.1')).status).toBe(404)
    expect((await get('/ada@')).status).toBe(404)
  })

  test('that is reserved is 400, by every call', async () => {
    for (const [method, verb, body] of [
      ['GET', 'show'],
      ['DELETE', 'delete'],
      ['PUT', 'update', { user: { password: PASSWORD } }],
    ] as const) {
      const answer = await trove.api(method, users('/os_admin'), { body })
      expect([answer.status, message(answer)]).toEqual([
        400,
        `User ${verb} error: User name "os_admin" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].`,
      ])
    }
  })

  test('is renamed, and keeps its password and what it may use', async () => {
    const changed = await trove.api('PUT', users('/ada'), { body: { user: { name: 'ada2', host: '%' } } })
    expect([changed.status, changed.text]).toEqual([202, ''])
    expect((await get('/ada')).status).toBe(404)
    expect((await get('/ada2')).body.user).toEqual(user('ada2', 'ledger', 'stock'))
    expect(await logsIn(server, 'ada2', PASSWORD)).toBe(true)
  })

  test('gets another name and password in one call, and from XML', async () => {
    const payload = `<user xmlns="${NS}" name="ada3" password="an0ther-word"/>`
    const headers = { 'content-type': 'application/xml' }
    expect((await trove.api('PUT', users('/ada'), { payload, headers })).status).toBe(202)
    expect([await logsIn(server, 'ada3', 'an0ther-word'), await logsIn(server, 'ada3', PASSWORD)]).toEqual([
      true,
      false,
    ])
  })

  test('gets another password alone', async () => {
    await trove.api('PUT', users('/ada'), { body: { user: { password: 'an0ther-word' } } })
    expect(await logsIn(server, 'ada', 'an0ther-word')).toBe(true)
  })

  test.each([
    [{ user: { name: 'bob' } }, 'A user with the name "bob" already exists.'],
    [{ user: {} }, 'Validation error: user needs a name, a host or a password'],
    [{}, "Validation error: 'user' is a required property"],
    [{ user: { host: '10.%' } }, 'Hosts can not be told apart on this datastore; the host is %.'],
    [
      { user: { name: 'postgres' } },
      "User update error: User name \"postgres\" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].",
    ],
  ])('is not changed by %j', async (body, words) => {
    const answer = await trove.api('PUT', users('/ada'), { body })
    expect([answer.status, message(answer)]).toEqual([400, words])
  })

  test('is dropped', async () => {
    const dropped = await drop('ada')
    expect([dropped.status, dropped.text, dropped.headers['content-type']]).toEqual([202, '', 'application/json'])
    expect(await logsIn(server, 'ada', PASSWORD)).toBe(false)
  })

  test('has passwords changed together with others, or not at all', async () => {
    const change = (...all: object[]) => trove.api('PUT', users(), { body: { users: all } })
    const missing = await change({ name: 'ada', password: 'n3w-words' }, { name: 'carol', password: 'n3w-words' })
    expect([missing.status, message(missing)]).toEqual([404, 'User carol@% cannot be found on the instance.'])
    expect(await logsIn(server, 'ada', PASSWORD)).toBe(true)
    expect(
      (await change({ name: 'ada', password: 'n3w-words' }, { name: 'bob', host: '%', password: 'n3w-words' })).status,
    ).toBe(202)
    expect([await logsIn(server, 'ada', 'n3w-words'), await logsIn(server, 'bob', 'n3w-words')]).toEqual([true, true])
    expect((await change()).status).toBe(202)
    expect((await change({ name: 'postgres', password: 'n3w-words' })).status).toBe(400)
    expect((await change({ name: 'ada' })).status).toBe(400)
    expect((await trove.api('PUT', users(), {})).status).toBe(400)
  })
})

describe('access', () => {
  const access = (rest = '') => users(`/ada/databases${rest}`)
  beforeEach(async () => {
    expect((await create(wanted('ada', 'ledger'))).status).toBe(202)
  })

  test('is listed in both formats', async () => {
    expect((await trove.api('GET', access())).text).toBe('{"databases": [{"name": "ledger"}]}')
    const xml = `<databases xmlns="${NS}">\n    <database name="ledger"/>\n</databases>\n`
    expect((await trove.api('GET', access(), { headers: XML })).text).toBe(xml)
    expect((await trove.api('GET', access('.xml'))).text).toBe(xml)
  })

  test('is given once or often, and taken away', async () => {
    const grant = (...names: string[]) => trove.api('PUT', access(), { body: { databases: inDatabases(...names) } })
    for (let times = 0; times < 2; times++) expect((await grant('stock', 'ledger')).status).toBe(202)
    expect((await grant()).status).toBe(202)
    expect((await trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger', 'stock') })
    const payload = `<databases xmlns="${NS}"><database name="stock"/></databases>`
    const headers = { 'content-type': 'application/xml' }
    expect((await trove.api('PUT', access(), { payload, headers })).status).toBe(202)
    expect((await trove.api('DELETE', access('/stock'))).status).toBe(202)
    expect((await trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger') })
    const again = await trove.api('DELETE', access('/stock'))
    expect([again.status, message(again)]).toEqual([404, 'Database stock cannot be found on the instance.'])
  })

  test('is everything in the database', async () => {
    const client = await engineClient({ ...server, username: 'ada', password: PASSWORD }, 'ledger')
    await client.query('create table t (a int); insert into t values (1); drop table t')
    await client.end()
  })

  test('may be less than everything', async () => {
    const grantsOn = async (database: string) => {
      const { body } = await trove.running.native('GET', `${at}/users/ada/grants`)
      return body.items
        .filter((one: { database: string }) => one.database === database)
        .map((one: { role: string }) => one.role)
    }
    const give = (...databases: object[]) => trove.api('PUT', access(), { body: { databases } })
    expect((await give({ name: 'stock', privileges: ['select'] })).status).toBe(202)
    expect(await grantsOn('stock')).toEqual(['read'])
    expect((await give({ name: 'stock', privileges: 'SELECT, INSERT, UPDATE, DELETE' })).status).toBe(202)
    expect(await grantsOn('stock')).toEqual(['read', 'readwrite'])
    for (const privileges of [['DROP'], ['INSERT'], 'SELECT;'])
      expect((await give({ name: 'ledger', privileges })).status).toBe(400)
    expect((await trove.api('DELETE', access('/stock'))).status).toBe(202)
    expect(await grantsOn('stock')).toEqual([])
    expect((await create({ ...wanted('safe'), ssl: 'none' })).status).toBe(202)
    expect((await create({ ...wanted('safer'), ssl: 'required' })).status).toBe(422)
  })

  test('to what others gave is listed, and taken away', async () => {
    const client = await engineClient(server)
    await client.query('grant connect on database stock to ada')
    await client.end()
    expect((await trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger', 'stock') })
    expect((await trove.api('DELETE', access('/stock'))).status).toBe(202)
    expect((await trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger') })
  })

  test.each([
    [{}, 400],
    [{ databases: [{}] }, 400],
    [{ databases: [{ name: 'postgres' }] }, 400],
    [{ databases: [{ name: 'stock' }, { name: 'nowhere' }] }, 404],
  ])('is refused with %j', async (body, status) => {
    expect((await trove.api('PUT', access(), { body })).status).toBe(status)
    expect((await trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger') })
  })
})
