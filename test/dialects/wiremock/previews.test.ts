import { MongoClient } from 'mongodb'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysqlClient } from '../../support/mariadb/logins.ts'
import { mariadbServer, mongodbServers, mysqlServers, type TestServer } from '../../support/servers.ts'
import { aWiremock, detailsOf, type Wiremock } from './wiremock.ts'

/** What is behind a connection, as one looks into it; on PostgreSQL: `data-sources.test.ts`. */
let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock?.[Symbol.asyncDispose]())

async function preview(connection: string, tableName: string) {
  const body = {
    dataSource: { name: tableName.slice(0, 50), type: 'DATABASE', databaseConnection: connection, tableName },
  }
  const made = await wiremock.ask('POST', '/v1/users/self/data-sources', { body })
  return wiremock.ask('GET', `/v1/data-sources/${made.body.dataSource.id}?data-view=preview`)
}

const columnsOf = ({ body }: Awaited<ReturnType<typeof preview>>) =>
  body.dataSource.columnsMetadata.map(({ name }: { name: string }) => name)

describe.skipIf(mysqlServers().length === 0)('a table of MariaDB', () => {
  const DATABASE = 'wiremock_previews'
  let server: TestServer
  let engine: Connection

  beforeAll(async () => {
    server = await mariadbServer()
    engine = await mysqlClient(server)
    await clear()
    await engine.query(`create database ${DATABASE}`)
    await engine.query(
      `create table ${DATABASE}.products (id bigint primary key, price decimal(8,2), at datetime, bytes blob, \`odd \`\`name\` json)`,
    )
    for (let id = 1; id <= 12; id += 1)
      await engine.query(`insert into ${DATABASE}.products values (?, ?, '2026-01-02 03:04:05', x'00ff', null)`, [
        id === 1 ? '9007199254740993' : id,
        id / 4,
      ])
  })
  afterAll(async () => {
    await clear()
    await engine?.end()
  })

  async function clear(): Promise<void> {
    await engine.query(`drop database if exists ${DATABASE}`)
    await engine.query("drop user if exists 'wm_reader'@'%'")
  }
  const connect = (own: object = {}) => {
    const { host, port, username, password } = server
    return wiremock.create({ databaseType: 'MYSQL', host, port, databaseName: DATABASE, username, password, ...own })
  }

  test('shows its columns and its first ten rows as texts', async () => {
    const answer = await preview(await connect(), 'products')
    expect([answer.status, columnsOf(answer)]).toEqual([200, ['id', 'price', 'at', 'bytes', 'odd `name']])
    const { rowsPreview } = answer.body.dataSource
    expect(rowsPreview).toHaveLength(10)
    expect(rowsPreview[0].slice(0, 3)).toEqual(['2', '0.50', '2026-01-02 03:04:05'])
    for (const row of rowsPreview) for (const cell of row) expect(typeof cell).toBe('string')
  })

  test('is a view, too, and one of another database by both names', async () => {
    await engine.query(`create view ${DATABASE}.cheap as select id from ${DATABASE}.products where price < 1`)
    const { dataSource } = (await preview(await connect(), 'cheap')).body
    // A number that no JavaScript number could hold.
    expect(dataSource.rowsPreview).toEqual([['2'], ['3'], ['9007199254740993']])
    const elsewhere = await connect({ databaseName: 'mysql' })
    expect(columnsOf(await preview(elsewhere, `${DATABASE}.cheap`))).toEqual(['id'])
  })

  test('that is not there, or whose name is a statement, is 422, and nothing happens', async () => {
    const connection = await connect()
    for (const name of ['nowhere', 'products`; drop table products; -- ', `${DATABASE}.nowhere`, "products' or '1"]) {
      const answer = await preview(connection, name)
      expect([name, answer.status, answer.body.errors[0].title]).toEqual([name, 422, 'Invalid data source'])
    }
    const [rows] = await engine.query(`select count(*) as n from ${DATABASE}.products`)
    expect(rows).toEqual([{ n: 12 }])
  })

  test('is none of the server’s own, where password hashes are', async () => {
    const inOwn = await connect({ databaseName: 'mysql' })
    for (const [connection, name] of [
      [await connect(), 'mysql.user'],
      [await connect(), 'mysql.global_priv'],
      [inOwn, 'user'],
      [inOwn, 'global_priv'],
      [await connect(), 'information_schema.TABLES'],
    ] as const)
      expect([name, (await preview(connection, name)).status]).toEqual([name, 422])
  })

  test('changes nothing, whatever a view calls', async () => {
    await engine.query(`create table ${DATABASE}.trace (a int)`)
    await engine.query(`create function ${DATABASE}.f() returns int modifies sql data
      begin insert into ${DATABASE}.trace values (1); return 1; end`)
    await engine.query(`create view ${DATABASE}.evil as select ${DATABASE}.f() as gone`)
    const answer = await preview(await connect(), 'evil')
    expect([403, 422]).toContain(answer.status)
    const [rows] = await engine.query(`select count(*) as n from ${DATABASE}.trace`)
    expect(rows).toEqual([{ n: 0 }])
  })

  test('is read with the rights of its connection’s login, and no more', async () => {
    await engine.query("create user 'wm_reader'@'%' identified by 'reading-is-all'")
    const weak = await connect({
      username: 'wm_reader',
      password: 'reading-is-all',
      databaseName: 'information_schema',
    })
    const refused = await preview(weak, `${DATABASE}.products`)
    expect([refused.status, detailsOf(refused)[0]]).toEqual([422, expect.any(String)])
    await engine.query(`grant select on ${DATABASE}.products to 'wm_reader'@'%'`)
    expect((await preview(weak, `${DATABASE}.products`)).status).toBe(200)
  })
})

describe.skipIf(mongodbServers().length === 0)('a collection of MongoDB', () => {
  const DATABASE = 'wiremock_previews'

  let server: TestServer
  beforeAll(async () => {
    server = await mongodbServers()[0]!.start()
  })

  test('shows the fields of its first ten documents as columns', async () => {
    const { host, port, username, password } = server
    const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
    const client = new MongoClient(`mongodb://${user}@${host}:${port}/?directConnection=true&authSource=admin`)
    try {
      const products = client.db(DATABASE).collection<{ _id: number; sku?: string; price?: number }>('products')
      await products.deleteMany({})
      await products.insertMany([
        { _id: 1, sku: 'a' },
        { _id: 2, price: 0.5 },
      ])
      // Where WireMock has no word for it, a login is kept in its own database.
      const login = { username: 'wm_reader', password: 'reading-is-all' }
      await client
        .db(DATABASE)
        .command({ dropUser: login.username })
        .catch(() => undefined)
      await client.db(DATABASE).command({ createUser: login.username, pwd: login.password, roles: ['read'] })
      const connection = await wiremock.create({
        databaseType: 'MONGODB',
        host,
        port,
        databaseName: DATABASE,
        ...login,
      })
      const answer = await preview(connection, 'products')
      expect([answer.status, columnsOf(answer)]).toEqual([200, ['_id', 'sku', 'price']])
      expect(answer.body.dataSource.rowsPreview).toEqual([
        ['1', 'a', ''],
        ['2', '', '0.5'],
      ])
      expect((await preview(connection, 'nowhere')).status).toBe(422)
      const admin = await wiremock.create({
        databaseType: 'MONGODB',
        host,
        port,
        databaseName: 'admin',
        username,
        password,
      })
      expect((await preview(admin, 'system.users')).status).toBe(422)
    } finally {
      await client.close()
    }
  })
})
