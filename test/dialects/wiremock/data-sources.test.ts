import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsOfCsv } from '../../../src/dialects/wiremock/csv.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aName, aWiremock, detailsOf, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let server: TestServer
let client: pg.Client
/** Through which the table of this file is read. */
let connection: string
const table = `products_${process.pid}`

beforeAll(async () => {
  server = await postgresqlServer()
  wiremock = await aWiremock()
  client = await engineClient(server)
  await client.query(`create table ${table} (sku text, price numeric, "odd ""name" jsonb)`)
  await client.query(`insert into ${table} select 'sku ' || n, n / 4.0, null from generate_series(1, 12) n order by n`)
  connection = await onServer()
})
afterAll(async () => {
  await client?.query(`drop table if exists ${table} cascade`)
  await client?.end()
  await wiremock?.[Symbol.asyncDispose]()
})

const onServer = (own: object = {}) => {
  const { host, port, database: databaseName, username, password } = server
  return wiremock.create({ host, port, databaseName, username, password, ...own })
}
const home = '/v1/users/self/data-sources'
const post = (dataSource: unknown, key?: string) => wiremock.ask('POST', home, { key, body: { dataSource } })
const ofTable = (own: object = {}) =>
  post({ name: aName(), type: 'DATABASE', databaseConnection: connection, tableName: table, ...own })
const preview = (id: string, key?: string) => wiremock.ask('GET', `/v1/data-sources/${id}?data-view=preview`, { key })
const idOf = ({ body }: { body: { dataSource: { id: string } } }) => body.dataSource.id

describe('a data source of a table', () => {
  test('shows columns and the first ten rows as texts, when asked for them', async () => {
    const made = await ofTable({ name: 'Products' })
    const id = idOf(made)
    expect([made.status, made.headers.location]).toEqual([201, `/v1/data-sources/${id}`])
    expect(made.body.dataSource).toMatchObject({
      ...{ id, name: 'Products', version: 1, type: 'DATABASE', state: 'ENABLED' },
      ...{ databaseConnection: connection, tableName: table },
      links: { self: `/v1/data-sources/${id}`, acl: `/v1/data-sources/${id}/acl{?subjectId}` },
    })
    const plain = await wiremock.ask('GET', `/v1/data-sources/${id}`)
    expect(Object.keys(plain.body.dataSource)).not.toContain('rowsPreview')
    const { dataSource } = (await preview(id)).body
    expect(dataSource.columnsMetadata).toEqual([{ name: 'sku' }, { name: 'price' }, { name: 'odd "name' }])
    expect(dataSource.rowsPreview).toHaveLength(10)
    expect(dataSource.rowsPreview[0]).toEqual(['sku 1', '0.25000000000000000000', ''])
  })
  test('reads views, and tables of other schemas by both names', async () => {
    await client.query(`create view ${table}_view as select sku from ${table} where price > 2`)
    await client.query(`create schema "s ${table}"; create table "s ${table}"."t.1" (a int)`)
    expect(
      (await preview(idOf(await ofTable({ tableName: `${table}_view` })))).body.dataSource.rowsPreview,
    ).toHaveLength(4)
    const { dataSource } = (await preview(idOf(await ofTable({ tableName: `s ${table}.t.1` })))).body
    expect([dataSource.columnsMetadata, dataSource.rowsPreview]).toEqual([[{ name: 'a' }], []])
    await client.query(`drop schema "s ${table}" cascade`)
  })
  test('says when looked at, and not on save, that the table is not there', async () => {
    for (const tableName of ['nowhere', `${table}"; drop table ${table}; --`, 'a'.repeat(255)]) {
      const answer = await preview(idOf(await ofTable({ tableName })))
      expect([answer.status, answer.body.errors[0].title]).toEqual([422, 'Invalid data source'])
    }
    expect((await preview(idOf(await ofTable()))).status).toBe(200)
  })
  test('changes nothing, whatever a view calls', async () => {
    await client.query(
      `create function ${table}_f() returns int volatile language sql as $$ delete from ${table} returning 1 $$`,
    )
    await client.query(`create view ${table}_evil as select ${table}_f() as gone`)
    const answer = await preview(idOf(await ofTable({ tableName: `${table}_evil` })))
    expect(answer.status).toBe(403)
    const { rows } = await client.query(`select count(*)::int as n from ${table}`)
    expect(rows).toEqual([{ n: 12 }])
    await client.query(`drop function ${table}_f cascade`)
  })
  test('is none of the server’s own, where password hashes are', async () => {
    for (const tableName of [
      'pg_authid',
      'pg_catalog.pg_authid',
      'pg_shadow',
      'pg_user_mapping',
      'pg_hba_file_rules',
    ]) {
      const answer = await preview(idOf(await ofTable({ tableName })))
      expect([tableName, answer.status, answer.body.errors?.[0].title]).toEqual([tableName, 422, 'Invalid data source'])
    }
    expect((await preview(idOf(await ofTable({ tableName: 'information_schema.tables' })))).status).toBe(422)
  })
  test('is read with the rights of its connection’s login, and no more', async () => {
    await client.query(`create role ${table}_reader login password 'reading-is-all'`)
    const weak = await onServer({ username: `${table}_reader`, password: 'reading-is-all' })
    const source = idOf(await ofTable({ databaseConnection: weak }))
    const refused = await preview(source)
    expect([refused.status, detailsOf(refused)[0]]).toEqual([422, expect.stringContaining('permission denied')])
    await client.query(`grant select on ${table} to ${table}_reader`)
    expect((await preview(source)).status).toBe(200)
    await client.query(`drop owned by ${table}_reader; drop role ${table}_reader`)
  })
  test('whose server is away is told so', async () => {
    const away = await wiremock.create({ host: '127.0.0.1', port: 9 })
    expect((await preview(idOf(await ofTable({ databaseConnection: away })))).status).toBe(503)
  })
  test('needs a connection that its maker sees', async () => {
    const { key } = await wiremock.aMember('editor')
    const hidden = await wiremock.create()
    await wiremock.ask('DELETE', `/v1/database-connections/${hidden}/acl/organisation/${wiremock.running.project}`)
    const wish = (databaseConnection: string) => ({ name: 'x', type: 'DATABASE', databaseConnection, tableName: 't' })
    const [there, missing] = [await post(wish(hidden), key), await post(wish('nobody12'), key)]
    expect([there.status, there.text]).toEqual([422, missing.text])
    expect(detailsOf(await post({ name: 'x', type: 'DATABASE' }, key))).toEqual([
      'json pointer /dataSource/databaseConnection not present; it is required and must have json type string',
      'json pointer /dataSource/tableName not present; it is required and must have json type string',
    ])
  })
})

describe('a data source of rows', () => {
  test('keeps what it was made with, until other rows come', async () => {
    const columnsMetadata = [{ name: 'fullname', type: { name: 'STRING' } }]
    const made = await post({ name: 'People', columnsMetadata, rows: [['Ada']] })
    const path = `/v1/data-sources/${idOf(made)}`
    expect((await preview(idOf(made))).body.dataSource).toMatchObject({
      type: 'CSV',
      columnsMetadata,
      rowsPreview: [['Ada']],
    })
    const put = (payload: string, type = 'text/csv') =>
      wiremock.ask('PUT', `${path}/data`, { payload, headers: { 'content-type': type } })
    const other = await put('a,b\r\n1,"two ""2"""\r\n')
    expect([other.status, other.body.dataSource.version]).toEqual([200, 2])
    expect((await preview(idOf(made))).body.dataSource.rowsPreview).toEqual([['1', 'two "2"']])
    const renamed = await wiremock.ask('PUT', path, { body: { dataSource: { name: 'Renamed' } } })
    expect(renamed.body.dataSource).toMatchObject({ name: 'Renamed', version: 3 })
    expect((await preview(idOf(made))).body.dataSource.rowsPreview).toEqual([['1', 'two "2"']])
    expect((await put('{}', 'application/json')).status).toBe(415)
    expect((await put('a,b\n1\n')).body.errors[0].detail).toBe('Row 2 has 1 cells; it must have 2')
    expect((await put('')).status).toBe(422)
  })
  test('takes no rows in place of a table', async () => {
    const path = `/v1/data-sources/${idOf(await ofTable())}/data`
    const answer = await wiremock.ask('PUT', path, { payload: 'a\n1\n', headers: { 'content-type': 'text/csv' } })
    expect(answer.status).toBe(422)
  })
})

describe('who sees data sources', () => {
  test('their maker and admins, until they are shared', async () => {
    const [maker, other] = [await wiremock.aMember('editor'), await wiremock.aMember('viewer')]
    const id = idOf(await post({ name: 'Mine' }, maker.key))
    const seenBy = async (key: string) => {
      const { body } = await wiremock.ask('GET', `${home}?q=mine`, { key })
      expect(body.meta.total).toBe(body.dataSources.length)
      return body.dataSources.map((one: { id: string }) => one.id)
    }
    expect([await seenBy(maker.key), await seenBy(other.key)]).toEqual([[id], []])
    expect((await preview(id, other.key)).status).toBe(404)
    const share = { key: maker.key, body: { grant: { role: 'data_source_user' } } }
    expect((await wiremock.ask('PUT', `/v1/data-sources/${id}/acl/user/${other.id}`, share)).status).toBe(200)
    expect(await seenBy(other.key)).toEqual([id])
    expect((await wiremock.ask('DELETE', `/v1/data-sources/${id}`, { key: other.key })).status).toBe(403)
    expect((await wiremock.ask('DELETE', `/v1/data-sources/${id}`, { key: maker.key })).status).toBe(204)
  })
  test('viewers make none', async () => {
    const { key } = await wiremock.aMember('viewer')
    expect((await post({ name: 'No' }, key)).status).toBe(403)
  })
})

describe('CSV', () => {
  test.each([
    ['a,b\n1,2', ['a', 'b'], [['1', '2']]],
    ['a\n""\n', ['a'], [['']]],
    ['a,b\n"x\ny",\n', ['a', 'b'], [['x\ny', '']]],
    ['\uFEFFa\n1\n', ['a'], [['1']]],
    ['a\n', ['a'], []],
  ])('%j is read', (text, columns, rows) => {
    expect(rowsOfCsv(text)).toEqual({ columns: columns.map(name => ({ name })), rows })
  })
  test.each(['', '\n', 'a,\n', 'a,a\n', 'a\n1,2\n', 'a\n"1\n', 'a\n1"2\n'])('%j is refused', text => {
    expect(() => rowsOfCsv(text)).toThrow()
  })
})
