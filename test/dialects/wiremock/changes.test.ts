import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aConnection, aName, aWiremock, detailsOf, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const get = (id: string, query = '') => wiremock.ask('GET', `/v1/data-connections/${id}${query}`)
const patch = (id: string, own: object, query = '') =>
  wiremock.ask('PATCH', `/v1/database-connections/${id}${query}`, {
    body: { databaseConnection: aConnection({ connectionName: id, password: undefined, ...own }) },
  })
const remove = (id: string) => wiremock.ask('DELETE', `/v1/database-connections/${id}`)
const stored = async (id: string) => (await wiremock.running.app.store.read.connections.find(id))!
const passwordOf = async (id: string) => {
  const { credential } = await stored(id)
  return credential?.kind === 'sealed' ? credential.secret.reveal() : credential?.kind
}

describe('reading one', () => {
  test('shows what the list shows, under both names', async () => {
    const id = await wiremock.create()
    const listed = (await wiremock.ask('GET', `${wiremock.home}?limit=1000`)).body.databaseConnections
    const row = listed.find((one: { id: string }) => one.id === id)
    for (const prefix of ['database-connections', 'data-connections']) {
      expect((await wiremock.ask('GET', `/v1/${prefix}/${id}`)).body).toEqual({ databaseConnection: row })
    }
  })
  test('HEAD says what GET says', async () => {
    const path = `/v1/data-connections/${await wiremock.create()}`
    const [got, head] = [await wiremock.ask('GET', path), await wiremock.ask('HEAD', path)]
    expect([head.status, head.headers['content-length']]).toEqual([200, got.headers['content-length']])
  })
})

describe('changing one', () => {
  test('answers with the new representation', async () => {
    const id = await wiremock.create()
    const own = { connectionName: aName(), databaseType: 'MYSQL', host: 'b.example', port: 3306, username: 'bob' }
    const answer = await patch(id, own)
    expect([answer.status, answer.body.databaseConnection]).toEqual([
      200,
      { id, ...own, databaseName: 'my-test-data', links: { self: `/v1/data-connections/${id}` } },
    ])
    expect((await get(id)).body).toEqual(answer.body)
    expect(Object.keys(answer.body.databaseConnection)).toEqual(Object.keys((await get(id)).body.databaseConnection))
  })
  test('keeps the password that is left out, takes one that is empty, refuses null', async () => {
    const id = await wiremock.create({ password: 'first one' })
    await patch(id, { username: 'carol' })
    expect(await passwordOf(id)).toBe('first one')
    expect((await patch(id, { password: null })).status).toBe(422)
    expect(await passwordOf(id)).toBe('first one')
    await patch(id, { password: '' })
    expect(await passwordOf(id)).toBe('')
  })
  test.each(['connectionName', 'databaseType', 'host', 'port', 'databaseName', 'username'])(
    'wants %s all the same',
    async field => {
      const answer = await patch(await wiremock.create(), { [field]: undefined })
      expect(answer.status).toBe(422)
      expect(detailsOf(answer)[0]).toContain(`json pointer /databaseConnection/${field} not present`)
    },
  )
  test("may keep its own name, and not take another's", async () => {
    const [one, other] = [aName(), aName()]
    const id = await wiremock.create({ connectionName: one })
    await wiremock.create({ connectionName: other })
    expect((await patch(id, { connectionName: one })).status).toBe(200)
    const clash = await patch(id, { connectionName: ` ${other} ` })
    expect([clash.status, clash.body.errors[0].source]).toEqual([
      422,
      { pointer: '/databaseConnection/connectionName' },
    ])
  })
  test('finds what may not be changed before it reads the body', async () => {
    const id = await wiremock.create()
    const { key } = await wiremock.aMember('viewer')
    const bad = { payload: '{', headers: { 'content-type': 'text/plain' } }
    expect((await wiremock.ask('PATCH', `/v1/data-connections/${id}`, { ...bad, key })).status).toBe(403)
    expect((await wiremock.ask('PATCH', '/v1/data-connections/nothere', bad)).status).toBe(404)
    expect((await wiremock.ask('PATCH', `/v1/data-connections/${id}`, bad)).status).toBe(415)
  })
  test('that leads it to another server wants the password again where the policy says so', async () => {
    const id = await wiremock.create({ host: 'here.example', port: 5432, password: 'typed once' })
    const own = { host: 'there.example', port: 5432 }
    expect((await patch(id, { host: 'before.example' })).status).toBe(200)
    const lines = await wiremock.running.app.store.read.audit.list(wiremock.running.project, { limit: 1 })
    expect(lines.items[0]?.action).toBe('connection.move-with-stored-secret')
    const policy = (requirePasswordOnMove: boolean) =>
      wiremock.running.native('PATCH', `/projects/${wiremock.running.project}`, {
        body: { policy: { requirePasswordOnMove } },
      })
    expect((await policy(true)).status).toBe(200)
    for (const moved of [own, { host: 'before.example', port: 1 }, { databaseType: 'MYSQL', host: 'before.example' }]) {
      const answer = await patch(id, moved)
      expect([answer.status, detailsOf(answer).join()]).toEqual([
        422,
        expect.stringContaining(
          'json pointer /databaseConnection/password has a value that is not acceptable; it is needed',
        ),
      ])
    }
    expect((await patch(id, { host: 'BEFORE.example', username: 'carol' })).status).toBe(200)
    expect((await patch(id, { ...own, password: 'typed again' })).status).toBe(200)
    await policy(false)
  })
  test('PATCH and DELETE at once leave nothing behind', async () => {
    const id = await wiremock.create()
    const answers = await Promise.all([patch(id, {}), remove(id), patch(id, {}), remove(id)])
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect((await get(id)).status).toBe(404)
  })
})

describe('deleting one', () => {
  test('has no body, also where one is announced, and the second time there is nothing', async () => {
    const id = await wiremock.create()
    const first = await wiremock.ask('DELETE', `/v1/data-connections/${id}`, {
      headers: { 'content-type': 'application/json' },
    })
    expect([first.status, first.text, first.headers['content-type']]).toEqual([204, '', undefined])
    const again = await remove(id)
    expect([again.status, again.text]).toEqual([404, '{"code":404,"message":"HTTP 404 Not Found"}'])
  })
  test('takes its instance along', async () => {
    const id = await wiremock.create({ host: 'alone.example' })
    const { instance } = (await get(id, '?view=rolecall')).body.databaseConnection.rolecall
    expect((await wiremock.running.native('GET', `/instances/${instance}`)).status).toBe(200)
    await remove(id)
    expect((await wiremock.running.native('GET', `/instances/${instance}`)).status).toBe(404)
  })
})

describe('types that the published API does not have', () => {
  const NEW = [
    ['MONGODB', 27_017],
    ['KAFKA', 9092],
    ['REDIS', 6379],
    ['VALKEY', 6379],
  ] as const

  test.each(NEW)('%s is answered as sent, then seen by those who ask for it', async (databaseType, port) => {
    const total = async (query: string) => (await wiremock.ask('GET', `${wiremock.home}${query}`)).body.meta.total
    const [plain, all] = [await total(''), await total('?view=rolecall')]
    const connection = aConnection({ connectionName: aName(), databaseType, port, databaseName: '', username: '' })
    const made = await wiremock.ask('POST', wiremock.home, { body: { databaseConnection: connection } })
    expect([made.status, made.body.databaseConnection.databaseType]).toEqual([201, databaseType])
    const { id } = made.body.databaseConnection
    expect([await total(''), await total('?view=rolecall')]).toEqual([plain, all + 1])
    expect((await get(id)).status).toBe(404)
    expect((await remove(id)).status).toBe(404)
    expect((await wiremock.ask('POST', `/v1/data-connections/${id}/test`, { body: {} })).status).toBe(404)
    expect((await get(id, '?view=rolecall')).body.databaseConnection.databaseType).toBe(databaseType)
    const full = { headers: { 'rolecall-view': 'full' } }
    expect((await wiremock.ask('GET', `/v1/data-connections/${id}`, full)).status).toBe(200)
  })
  test('MARIADB looks like MYSQL to everybody else, and stays what it is when they send that back', async () => {
    const id = await wiremock.create({ databaseType: 'MARIADB', port: 3306 })
    expect((await get(id)).body.databaseConnection.databaseType).toBe('MYSQL')
    expect((await get(id, '?view=rolecall')).body.databaseConnection.databaseType).toBe('MARIADB')
    expect((await patch(id, { databaseType: 'MYSQL' })).body.databaseConnection.databaseType).toBe('MYSQL')
    expect((await stored(id)).databaseType).toBe('MARIADB')
    await patch(id, { databaseType: 'MYSQL' }, '?view=rolecall')
    expect((await stored(id)).databaseType).toBe('MYSQL')
  })
  test('links of a list carry the view on', async () => {
    const { body } = await wiremock.ask('GET', `${wiremock.home}?limit=1&view=rolecall`)
    expect(body.links.next).toBe(`${wiremock.home}?page=2&limit=1&view=rolecall`)
  })
})

describe('what the published API has no words for', () => {
  const tls = { mode: 'verify-ca', ca: 'PEM', clientCertificate: 'PEM', clientKey: 'a private key' }
  const options = { connectTimeoutMs: 1000, poolMax: 2, authDatabase: 'admin', mechanism: 'SCRAM-SHA-256' }

  test('is taken from everybody, and shown to those who ask', async () => {
    const id = await wiremock.create({ host: 'tls.example', rolecall: { tls, options, colour: 'red' } })
    expect((await get(id)).body.databaseConnection).not.toHaveProperty('rolecall')
    const { body, text } = await get(id, '?view=rolecall')
    expect(text).not.toContain('private key')
    const { rolecall, links } = body.databaseConnection
    const self = `/v1/data-connections/${id}`
    const dataSources = `/v1/users/${wiremock.running.operator}/data-sources`
    expect(links).toEqual({ self, test: `${self}/test`, acl: `${self}/acl{?subjectId}`, dataSources })
    expect(rolecall).toMatchObject({
      organisation: wiremock.running.project,
      state: 'ENABLED',
      access: 'admin',
      version: 1,
      options,
      tls: { mode: 'verify-ca', hasClientKey: true },
    })
    expect(rolecall.tls.fingerprints).toHaveLength(2)
  })
  test('stays when it is left out, the private key beside its certificate too', async () => {
    const id = await wiremock.create({ host: 'tls2.example', rolecall: { tls, options } })
    await patch(id, { host: 'tls2.example' })
    expect((await stored(id)).tls?.mode).toBe('verify-ca')
    await patch(id, { host: 'tls2.example', rolecall: { tls: { ...tls, clientKey: undefined, mode: 'verify-full' } } })
    const after = await stored(id)
    expect([after.tls?.mode, after.tls?.clientKey?.reveal(), after.options.poolMax]).toEqual([
      'verify-full',
      'a private key',
      2,
    ])
    await patch(id, { host: 'tls2.example', rolecall: { tls: { mode: 'require' } } })
    expect((await stored(id)).tls?.clientKey).toBeUndefined()
  })
  test('is checked: options are closed, and every value has its rule', async () => {
    const bad = { tls: { mode: 'prefer' }, options: { connectTimeoutMs: 30_001, colour: 'red', slug: 'No Slug' } }
    const answer = await wiremock.ask('POST', wiremock.home, {
      body: { databaseConnection: aConnection({ connectionName: aName(), rolecall: bad }) },
    })
    expect(answer.status).toBe(422)
    const details = detailsOf(answer)
    expect(details[0]).toContain('/rolecall/tls/mode has value "prefer"; it must be one of disable, require, verify-ca')
    expect(details[1]).toContain('/rolecall/options/connectTimeoutMs has value 30001; it must be an integer between 1')
    expect(details[2]).toContain('/rolecall/options/colour is not known here; known are connectTimeoutMs, poolMax')
    expect(details[3]).toContain('/rolecall/options/slug has a value that is not acceptable; it must have 1 to 63')
  })
  test('has to agree with the instance that the address leads to', async () => {
    await wiremock.create({ host: 'shared.example', rolecall: { options: { slug: 'shared-one' } } })
    const answer = await wiremock.ask('POST', wiremock.home, {
      body: {
        databaseConnection: aConnection({
          connectionName: aName(),
          host: 'shared.example',
          rolecall: { options: { slug: 'another' } },
        }),
      },
    })
    expect(answer.status).toBe(422)
    expect(detailsOf(answer)[0]).toContain(
      '/databaseConnection/rolecall/options/slug has a value that is not acceptable; it contradicts',
    )
  })
})

test('a credential that leads nowhere any more keeps nothing else from working', async () => {
  const id = await wiremock.create()
  const { app } = wiremock.running
  const before = await stored(id)
  await app.store.transaction(async tables => {
    await tables.connections.save(before, { kind: 'env', name: 'NOT_THERE' })
  })
  expect((await get(id)).status).toBe(200)
  const tested = await wiremock.ask('POST', `/v1/data-connections/${id}/test`, { body: {} })
  expect(tested.body).toEqual({
    outcome: 'FAILURE',
    errors: [{ title: 'Could not connect to database.', detail: 'The stored password can no longer be read.' }],
  })
  expect((await remove(id)).status).toBe(204)
})

test('a change and its audit line say who, and never the password', async () => {
  const id = await wiremock.create()
  await patch(id, { password: 'another secret' })
  const { items } = await wiremock.running.app.store.read.audit.list(wiremock.running.project, { limit: 50 })
  const lines = items.filter(({ subject }) => subject === id)
  expect(lines.map(({ action, dialect }) => [action, dialect])).toEqual(
    expect.arrayContaining([
      ['connection.create', 'wiremock'],
      [expect.stringMatching(/^connection\./), 'wiremock'],
    ]),
  )
  expect(JSON.stringify(lines)).not.toMatch(/another secret|mysecretpassword/)
})
