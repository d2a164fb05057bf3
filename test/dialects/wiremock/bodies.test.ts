import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../../support/app.ts'
import { aConnection, aName, aWiremock, detailsOf, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const create = (own: object) =>
  wiremock.ask('POST', wiremock.home, {
    body: { databaseConnection: aConnection({ connectionName: aName(), ...own }) },
  })
const send = (payload: string | Buffer, type = 'application/json') =>
  wiremock.ask('POST', wiremock.home, { payload, headers: { 'content-type': type } })
const items = ({ status, body }: Answer) => [status, body]
const invalidJson = (...details: string[]) => ({
  errors: details.map(detail => ({ title: 'Invalid JSON', detail, source: {} })),
})
const pointer = (field: string) => `json pointer /databaseConnection/${field}`

const FIELDS = {
  connectionName: 'string',
  databaseType: 'string',
  host: 'string',
  port: 'number',
  databaseName: 'string',
  username: 'string',
  password: 'string',
}

describe('the shape of a body', () => {
  test.each(Object.entries(FIELDS))('%s has to be there', async (field, type) => {
    const answer = await create({ [field]: undefined })
    const detail = `${pointer(field)} not present; it is required and must have json type ${type}`
    expect(items(answer)).toEqual([422, invalidJson(detail)])
  })
  test.each(Object.entries(FIELDS))('%s may not be null, nor anything else', async (field, type) => {
    const others = Object.entries({ null: null, object: {}, array: [], boolean: true, string: '5', number: 5 })
    for (const [name, value] of others.filter(([other]) => other !== type)) {
      const answer = await create({ [field]: value })
      const detail = `${pointer(field)} has json type ${name}; it must have json type ${type}`
      expect(items(answer)).toEqual([422, invalidJson(detail)])
    }
  })
  test('everything that is missing is told at once, in schema order', async () => {
    const answer = await wiremock.ask('POST', wiremock.home, { body: { databaseConnection: { host: 1 } } })
    expect(detailsOf(answer).map(detail => detail.split(' ')[2]?.split('/')[2])).toEqual(Object.keys(FIELDS))
  })
  test('the envelope has to be there', async () => {
    const detail = 'json pointer /databaseConnection not present; it is required and must have json type object'
    expect(items(await wiremock.ask('POST', wiremock.home, { body: {} }))).toEqual([422, invalidJson(detail)])
    expect(items(await wiremock.ask('POST', wiremock.home, { body: aConnection() }))).toEqual([
      422,
      invalidJson(detail),
    ])
  })
  test.each([
    ['[]', 'array'],
    ['"x"', 'string'],
    ['5', 'number'],
    ['null', 'null'],
    ['true', 'boolean'],
  ])('%s is no object', async (payload, type) => {
    const detail = `json document has json type ${type}; it must have json type object`
    expect(items(await send(payload))).toEqual([422, invalidJson(detail)])
  })
  test('shape comes before values', async () => {
    const answer = await create({ port: 0, databaseType: 'SQLITE', username: undefined })
    expect(detailsOf(answer)).toHaveLength(1)
    expect(detailsOf(answer)[0]).toContain('/databaseConnection/username not present')
  })
})

describe('values', () => {
  test('of a type that is not known', async () => {
    const detail = `${pointer('databaseType')} has value "SQLITE"; it must be one of POSTGRESQL, MYSQL, SQLSERVER, ORACLE, MARIADB, MONGODB, KAFKA, REDIS, VALKEY`
    expect(items(await create({ databaseType: 'SQLITE' }))).toEqual([422, invalidJson(detail)])
    expect((await create({ databaseType: 'postgresql' })).status).toBe(422)
  })
  test.each([0, -1, 65_536, 5432.5, 1e300])('port %s', async port => {
    const detail = `${pointer('port')} has value ${port}; it must be an integer between 1 and 65535`
    expect(items(await create({ port }))).toEqual([422, invalidJson(detail)])
  })
  test('port 5432.0 is 5432', async () => {
    const text = JSON.stringify({ databaseConnection: aConnection({ connectionName: aName() }) })
    const answer = await send(text.replace('5432', '5432.0'))
    expect([answer.status, answer.body.databaseConnection.port]).toEqual([201, 5432])
  })

  const HOSTS = [
    ...['', ' ', 'http://db.example', 'user@db.example', 'db.example/path', 'db.example?x', 'db.example#x'],
    ...[
      'db example',
      'a,b',
      'fe80::1%eth0',
      '[fe80::1%eth0]',
      '/var/run/postgresql',
      '0177.1',
      '2130706433',
      '0x7f000001',
    ],
    ...[
      '127.1',
      '1.2.3',
      '[db.example]',
      '[::1',
      'db..example',
      '-db.example',
      'a'.repeat(254),
      'db.example\u0000',
      '::1:::',
    ],
  ]
  test.each(HOSTS)('host %j is none', async host => {
    const detail = `${pointer('host')} has a value that is not acceptable; it must be a DNS name, an IPv4 address or an IPv6 address, and nothing else`
    expect(items(await create({ host }))).toEqual([422, invalidJson(detail)])
  })
  test.each([
    ['db.example', 'db.example'],
    ['10.1.2.3', '10.1.2.3'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::2]', '2001:db8::2'],
    ['db_1.example.', 'db_1.example.'],
  ])('host %s is kept as %s', async (host, kept) => {
    const answer = await create({ host })
    expect([answer.status, answer.body.databaseConnection.host]).toEqual([201, kept])
  })
  const BLOCKED = ['169.254.169.254', '[fe80::1]', '0.0.0.0', '::ffff:169.254.169.254', 'fd00:ec2::254', '::a9fe:a9fe']
  test.each([...BLOCKED, '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::', '224.0.0.1', '255.255.255.255'])(
    'host %s is blocked',
    async host => {
      const answer = await create({ host })
      expect(answer.status).toBe(422)
      expect(detailsOf(answer)[0]).toMatch(
        /^json pointer \/databaseConnection\/host has a value that is not acceptable; it is blocked by this server's network policy/,
      )
    },
  )
  test.each(['databaseName', 'username'])('%s has 1 to 255 characters and no NUL', async field => {
    for (const value of ['', 'x'.repeat(256), 'a\u0000b']) {
      const answer = await create({ [field]: value })
      expect(answer.status).toBe(422)
      expect(detailsOf(answer)[0]).toContain(`${pointer(field)} has a value that is not acceptable; it must`)
    }
    expect((await create({ [field]: 'x'.repeat(255) })).status).toBe(201)
  })
  test.each(['MYSQL', 'SQLSERVER', 'ORACLE'])('nothing may be empty for %s', async databaseType => {
    expect(detailsOf(await create({ databaseType, databaseName: '', username: '' }))).toHaveLength(2)
  })
  test('a password may be empty, and has at most 1024 characters and no NUL', async () => {
    expect((await create({ password: '' })).status).toBe(201)
    expect((await create({ password: 'p'.repeat(1024) })).status).toBe(201)
    for (const password of ['p'.repeat(1025), 'hush\u0000hush']) {
      const answer = await create({ password })
      expect(answer.status).toBe(422)
      expect(answer.text).not.toContain('hush')
    }
  })
  test('a password in a host is not told back', async () => {
    const answer = await create({ host: 'postgres://alice:hush@db.example', databaseType: 'hush' })
    expect(detailsOf(answer)[1]).not.toContain('hush')
  })
  test('all are told at once, in schema order', async () => {
    const bad = { connectionName: '', databaseType: 'X', host: '/', port: 0, username: 'a\u0000', password: 'p\u0000' }
    const found = detailsOf(await create(bad)).map(detail => detail.split(' ')[2]?.split('/')[2])
    expect(found).toEqual(['connectionName', 'databaseType', 'host', 'port', 'username', 'password'])
  })
})

describe('names', () => {
  test('are trimmed', async () => {
    const name = aName()
    const answer = await create({ connectionName: `  ${name} \t` })
    expect(answer.body.databaseConnection.connectionName).toBe(name)
  })
  test.each(['', '   ', 'a\u0007b', 'a\nb', 'half a \ud83d', 'x'.repeat(256)])('%j is none', async connectionName => {
    const answer = await create({ connectionName })
    expect(answer.status).toBe(422)
    expect(detailsOf(answer)[0]).toContain(`${pointer('connectionName')} has a value that is not acceptable; it must`)
  })
  test('have up to 255 code points', async () => {
    expect((await create({ connectionName: '🐘'.repeat(255) })).status).toBe(201)
    expect((await create({ connectionName: '🐘'.repeat(256) })).status).toBe(422)
  })
  test('are unique once trimmed and composed', async () => {
    const taken = (name: string) => ({
      errors: [
        {
          title: 'Invalid database connection',
          detail: `Another database connection of the organisation is named ${JSON.stringify(name)}`,
          source: { pointer: '/databaseConnection/connectionName' },
        },
      ],
    })
    await wiremock.create({ connectionName: 'Café' })
    expect(items(await create({ connectionName: ' Café ' }))).toEqual([422, taken('Café')])
    expect(items(await create({ connectionName: 'Cafe\u0301' }))).toEqual([422, taken('Cafe\u0301')])
    expect((await create({ connectionName: 'CAFÉ' })).status).toBe(201)
  })
  test('go to one of two creates at once', async () => {
    const connectionName = aName()
    const answers = await Promise.all([1, 2, 3, 4].map(() => create({ connectionName })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422])
  })
})

describe('bytes', () => {
  const place = (line: number, column: number) => `json document does not parse at line ${line} column ${column}`
  test.each([
    ['nothing', '', 1, 1],
    ['a word', 'abc', 1, 1],
    ['an open object', '{"a":1', 1, 7],
    ['a comma too many', '{"a":1,}', 1, 8],
    ['no comma', '{"a":1 "b":2}', 1, 8],
    ['single quotes', "{\n  'a': 1}", 2, 3],
    ['text after the end', '{}\r\n{}', 2, 1],
    ['a bad number', '{"a":01}', 1, 6],
    ['a bad escape', '{"a":"\\x"}', 1, 6],
    ['a wrong bracket', '[1}', 1, 3],
    ['a comment', '{} // x', 1, 4],
  ])('%s', async (_what, payload, line, column) => {
    expect(items(await send(payload))).toEqual([400, invalidJson(place(line, column))])
  })
  test('a password in a broken body is not told back', async () => {
    const answer = await send('{"databaseConnection":{"password":"hush" "x"}}')
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('hush')
  })
  test('ten thousand brackets are only brackets', async () => {
    expect((await send('['.repeat(60_000))).status).toBe(400)
    expect((await send(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)).status).toBe(422)
  })
  test('what is not UTF-8', async () => {
    expect((await send(Buffer.from('{"a":"\xff"}', 'latin1'))).status).toBe(400)
  })
  test.each(['text/plain', 'application/xml', 'application/jsonp', 'application/x-www-form-urlencoded', 'nonsense'])(
    '%s is another media type',
    async type => {
      const answer = await send('{}', type)
      expect([answer.status, answer.text]).toEqual([415, '{"code":415,"message":"HTTP 415 Unsupported Media Type"}'])
    },
  )
  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;x=y'])(
    '%s is JSON',
    async type => {
      expect((await send('{}', type)).status).toBe(422)
    },
  )
  test('a body without a type', async () => {
    expect((await wiremock.ask('POST', wiremock.home, { payload: '{}' })).status).toBe(415)
  })
  test('more than 64 KiB', async () => {
    const answer = await send(`"${'x'.repeat(65_536)}"`)
    expect([answer.status, answer.text]).toEqual([413, '{"code":413,"message":"HTTP 413 Request Entity Too Large"}'])
    expect((await send('x'.repeat(70_000), 'text/csv')).status).toBe(415)
  })
  test('a byte order mark, twice the same key, keys that mean something elsewhere', async () => {
    const name = aName()
    const text = JSON.stringify({ databaseConnection: aConnection({ connectionName: name }) })
    const twice = text.replace('"port":5432', '"port":"no","port":1,"__proto__":{"host":"evil"},"constructor":{"a":1}')
    const answer = await send(`\uFEFF${twice}`)
    expect([answer.status, answer.body.databaseConnection.port]).toEqual([201, 1])
    const inherited = await send('{"__proto__":{"databaseConnection":{}}}')
    expect(detailsOf(inherited)[0]).toContain('/databaseConnection not present')
  })
  test('what is not known is ignored and not kept', async () => {
    const answer = await create({ id: 'mine1', links: { self: 'x' }, colour: 'red' })
    expect(answer.body.databaseConnection).not.toHaveProperty('colour')
    expect(answer.body.databaseConnection.id).not.toBe('mine1')
  })
})

describe('paths', () => {
  test.each(['/v1', '/v1/', '/v1/nothing', '/v1/database-connections', '/v1/database-connections/a/b'])(
    '%s is nobody',
    async path => {
      const answer = await wiremock.ask('GET', path)
      expect([answer.status, answer.text]).toEqual([404, '{"code":404,"message":"HTTP 404 Not Found"}'])
    },
  )
  test("DigitalOcean's, which is in between, is answered before this dialect's 401", async () => {
    const answer = await wiremock.running.ask('GET', '/v1/oauth/token/info', { key: null })
    expect([answer.status, answer.body?.id]).toEqual([401, 'unauthorized'])
    expect(answer.text).not.toContain('Credentials are required')
  })
  test('a slash at the end makes another path', async () => {
    expect((await wiremock.ask('GET', `${wiremock.home}/`)).status).toBe(404)
    expect((await wiremock.ask('GET', `/v1/data-connections/${await wiremock.create()}/`)).status).toBe(404)
  })
  test.each([
    ['PUT', 'GET, PATCH, DELETE, HEAD, OPTIONS'],
    ['POST', 'GET, PATCH, DELETE, HEAD, OPTIONS'],
  ])('%s is no method of a connection', async (method, allow) => {
    for (const prefix of ['database-connections', 'data-connections']) {
      const answer = await wiremock.ask(method, `/v1/${prefix}/nothere`, { payload: 'x' })
      expect([answer.status, answer.text]).toEqual([405, '{"code":405,"message":"HTTP 405 Method Not Allowed"}'])
      expect(answer.headers.allow).toBe(allow)
    }
  })
  test('OPTIONS says what a path takes', async () => {
    const answer = await wiremock.ask('OPTIONS', wiremock.home)
    expect([answer.status, answer.headers.allow]).toEqual([204, 'GET, POST, HEAD, OPTIONS'])
  })
})
