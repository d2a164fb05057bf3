import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RunningCluster, startCluster } from '../../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf } from '../../support/servers.ts'
import { aTrove, type Trove, XML } from './trove.ts'

let cluster: RunningCluster
let trove: Trove
let at: string

const NS = 'http://docs.openstack.org/database/api/v1.0'
const databases = (rest = '') => `${at}/databases${rest}`
const create = (...all: object[]) => trove.api('POST', databases(), { body: { databases: all } })
const names = async () => (await trove.api('GET', databases())).body.databases.map(({ name }: { name: string }) => name)
const message = ({ body }: { body: Record<string, { message: string }> }) => Object.values(body)[0]!.message

beforeAll(async () => {
  cluster = await startCluster(await ownPostgresql())
  trove = await aTrove()
  at = await trove.manage(serverOf(cluster))
})
afterAll(async () => {
  await trove?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const name of await names()) await trove.api('DELETE', databases(`/${encodeURIComponent(name)}`))
})

test('databases are made, listed and dropped, in JSON', async () => {
  const made = await create({ name: 'stock' }, { name: 'ledger' })
  expect([made.status, made.text]).toEqual([202, ''])
  expect((await trove.api('GET', databases())).text).toBe('{"databases": [{"name": "ledger"}, {"name": "stock"}]}')
  const dropped = await trove.api('DELETE', databases('/stock'))
  expect([dropped.status, dropped.text]).toEqual([202, ''])
  expect(await names()).toEqual(['ledger'])
})

test('and in XML, with pages', async () => {
  const payload = `<databases xmlns="${NS}"><database name="ledger"/><database name="stock"/></databases>`
  const headers = { 'content-type': 'application/xml', ...XML }
  expect((await trove.api('POST', databases(), { payload, headers })).status).toBe(202)
  const href = `http://localhost:80/v1.0/${trove.running.project}${databases()}?marker=ledger&amp;limit=1`
  expect((await trove.api('GET', databases('?limit=1'), { headers: XML })).text).toBe(`<databases xmlns="${NS}">
    <database name="ledger"/>
    <links>
        <link href="${href}" rel="next"/>
    </links>
</databases>
`)
  expect((await trove.api('GET', databases('?limit=1&marker=ledger'))).text).toBe('{"databases": [{"name": "stock"}]}')
})

test('a character set may be said, and is what the database then has', async () => {
  expect((await create({ name: 'latin', character_set: 'LATIN1', collate: 'C' })).status).toBe(202)
  const { body } = await trove.running.native('GET', `${at}/databases/latin`)
  expect([body.encoding, body.collation]).toEqual(['LATIN1', 'C'])
})

describe('nothing is made', () => {
  const RESERVED = "['postgres', 'template0', 'template1', 'os_admin']"
  const BAD: readonly (readonly [object, string])[] = [
    [{}, "Validation error: 'databases' is a required property"],
    [{ databases: [{}] }, "Validation error: databases[0] 'name' is a required property"],
    [{ databases: [{ name: '' }] }, 'Validation error: databases[0].name'],
    [{ databases: [{ name: 'x'.repeat(64) }] }, 'Database names end at 63 bytes here.'],
    [{ databases: [{ name: 'x ' }] }, 'Database names do not end in whitespace here.'],
    [
      { databases: [{ name: 'fine' }, { name: 'postgres' }] },
      `Database name "postgres" is on the reserved list: ${RESERVED}.`,
    ],
    [
      { databases: [{ name: 'fine' }, { name: 'fine' }] },
      'Two or more databases share the same name in the initial databases list.',
    ],
    [{ databases: [{ name: 'fine', character_set: 'martian' }] }, "'martian' not a valid character set."],
    [{ databases: [{ name: 'fine', collate: 'utf8_general_ci' }] }, "'utf8_general_ci' not a valid character set."],
  ]
  test.each(BAD)('with %j', async (body, words) => {
    const answer = await trove.api('POST', databases(), { body })
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['badRequest']])
    expect(message(answer)).toContain(words)
    expect(await names()).toEqual([])
  })

  test('when one is there already', async () => {
    await create({ name: 'taken' })
    const again = await create({ name: 'new1' }, { name: 'taken' })
    expect([again.status, message(again)]).toEqual([400, 'A database with the name "taken" already exists.'])
    expect(await names()).toEqual(['taken'])
  })

  test('of an empty list', async () => {
    expect((await create()).status).toBe(202)
    expect(await names()).toEqual([])
  })
})

test('what is missing, reserved or in use stays', async () => {
  const missing = await trove.api('DELETE', databases('/nowhere'))
  expect([missing.status, message(missing)]).toEqual([404, 'Database nowhere cannot be found on the instance.'])
  expect((await trove.api('DELETE', databases('/postgres'))).status).toBe(400)
  expect((await trove.api('DELETE', databases('/template1'))).status).toBe(400)
})

test('names have any character, and are addressed in every reading', async () => {
  for (const name of ['a.xml', 'a b&c', 'ä/b', 'x%41y']) {
    expect((await create({ name })).status).toBe(202)
    expect(await names()).toEqual([name])
    expect((await trove.api('DELETE', databases(`/${encodeURIComponent(name)}`))).status).toBe(202)
  }
  await create({ name: 'dot.ted' })
  expect((await trove.api('DELETE', databases('/dot%252eted'))).status).toBe(202)
})

test('one alone is not offered', async () => {
  await create({ name: 'ledger' })
  const one = await trove.ask('GET', `/v1.0/${trove.running.project}${databases('/ledger')}`)
  expect([one.status, Object.keys(one.body)]).toEqual([501, ['notImplemented']])
})
