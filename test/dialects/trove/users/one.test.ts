import { beforeEach, describe, expect, test } from 'vitest'
import { logsIn } from '../../../support/logins.ts'
import { XML } from '../trove.ts'
import { message, NS, PASSWORD, user, usersGround, wanted } from './ground.ts'

const on = usersGround()
const { users, get, create, drop } = on

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
      const answer = await on.trove.api(method, users(rest), { body })
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
      const answer = await on.trove.api(method, users('/os_admin'), { body })
      expect([answer.status, message(answer)]).toEqual([
        400,
        `User ${verb} error: User name "os_admin" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].`,
      ])
    }
  })

  test('is renamed, and keeps its password and what it may use', async () => {
    const changed = await on.trove.api('PUT', users('/ada'), { body: { user: { name: 'ada2', host: '%' } } })
    expect([changed.status, changed.text]).toEqual([202, ''])
    expect((await get('/ada')).status).toBe(404)
    expect((await get('/ada2')).body.user).toEqual(user('ada2', 'ledger', 'stock'))
    expect(await logsIn(on.server, 'ada2', PASSWORD)).toBe(true)
  })

  test('gets another name and password in one call, and from XML', async () => {
    const payload = `<user xmlns="${NS}" name="ada3" password="an0ther-word"/>`
    const headers = { 'content-type': 'application/xml' }
    expect((await on.trove.api('PUT', users('/ada'), { payload, headers })).status).toBe(202)
    expect([await logsIn(on.server, 'ada3', 'an0ther-word'), await logsIn(on.server, 'ada3', PASSWORD)]).toEqual([
      true,
      false,
    ])
  })

  test('gets another password alone', async () => {
    await on.trove.api('PUT', users('/ada'), { body: { user: { password: 'an0ther-word' } } })
    expect(await logsIn(on.server, 'ada', 'an0ther-word')).toBe(true)
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
    const answer = await on.trove.api('PUT', users('/ada'), { body })
    expect([answer.status, message(answer)]).toEqual([400, words])
  })

  test('is dropped', async () => {
    const dropped = await drop('ada')
    expect([dropped.status, dropped.text, dropped.headers['content-type']]).toEqual([202, '', 'application/json'])
    expect(await logsIn(on.server, 'ada', PASSWORD)).toBe(false)
  })

  test('has passwords changed together with others, or not at all', async () => {
    const change = (...all: object[]) => on.trove.api('PUT', users(), { body: { users: all } })
    const missing = await change({ name: 'ada', password: 'n3w-words' }, { name: 'carol', password: 'n3w-words' })
    expect([missing.status, message(missing)]).toEqual([404, 'User carol@% cannot be found on the instance.'])
    expect(await logsIn(on.server, 'ada', PASSWORD)).toBe(true)
    expect(
      (await change({ name: 'ada', password: 'n3w-words' }, { name: 'bob', host: '%', password: 'n3w-words' })).status,
    ).toBe(202)
    expect([await logsIn(on.server, 'ada', 'n3w-words'), await logsIn(on.server, 'bob', 'n3w-words')]).toEqual([
      true,
      true,
    ])
    expect((await change()).status).toBe(202)
    expect((await change({ name: 'postgres', password: 'n3w-words' })).status).toBe(400)
    expect((await change({ name: 'ada' })).status).toBe(400)
    expect((await on.trove.api('PUT', users(), {})).status).toBe(400)
  })
})
