import { afterAll, beforeAll, expect, test } from 'vitest'
import { aConnection, aWiremock, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
beforeAll(async () => {
  wiremock = await aWiremock()
})
afterAll(() => wiremock[Symbol.asyncDispose]())

/** The bytes of an answer, its ids named as the published examples name them. */
function masked(text: string, ids: Readonly<Record<string, string>>): string {
  return Object.entries(ids).reduce((whole, [id, name]) => whole.replaceAll(id, name), text)
}

const ROW_1 = {
  id: 'abc123',
  connectionName: 'My database connection',
  databaseType: 'POSTGRESQL',
  host: 'my-db.example.com',
  port: 5432,
  databaseName: 'my-test-data',
  username: 'alice',
  links: { self: '/v1/data-connections/abc123' },
}
const ROW_2 = {
  id: 'def456',
  connectionName: 'My other database connection',
  databaseType: 'MYSQL',
  host: 'my.sql.com',
  port: 3306,
  databaseName: 'my-sql-data',
  username: 'bob',
  links: { self: '/v1/data-connections/def456' },
}

test('the published examples of create and list come back byte for byte, apart from ids', async () => {
  const before = await wiremock.ask('GET', wiremock.home)
  expect(before.body).toEqual({
    databaseConnections: [],
    links: { self: `${wiremock.home}?page=1&limit=20` },
    meta: { start: 0, end: 0, total: 0, page: 1, totalPages: 0 },
  })

  for (let n = 1; n <= 20; n += 1) await wiremock.create({ connectionName: `before ${n}` })
  const first = await wiremock.ask('POST', wiremock.home, { body: { databaseConnection: aConnection() } })
  const { id } = first.body.databaseConnection
  expect(first.status).toBe(201)
  expect(first.headers.location).toBe(`/v1/database-connections/${id}`)
  expect(id).toMatch(/^[a-z0-9]{5,10}$/)
  expect(masked(first.text, { [id]: 'abc123' })).toBe(JSON.stringify({ databaseConnection: ROW_1 }))

  const { id: _id, links: _links, ...other } = ROW_2
  const second = await wiremock.create({ ...other })
  for (let n = 1; n <= 101; n += 1) await wiremock.create({ connectionName: `after ${n}` })
  const page = await wiremock.ask('GET', `${wiremock.home}?page=2&limit=20`)
  const text = masked(page.text, { [id]: 'abc123', [second]: 'def456', [wiremock.running.operator]: 'my-user' })
  const { databaseConnections, ...rest } = JSON.parse(text)
  expect(databaseConnections.length).toBe(20)
  expect(JSON.stringify(databaseConnections.slice(0, 2))).toBe(JSON.stringify([ROW_1, ROW_2]))
  expect(rest).toEqual({
    links: {
      self: '/v1/users/my-user/database-connections?page=2&limit=20',
      next: '/v1/users/my-user/database-connections?page=3&limit=20',
      previous: '/v1/users/my-user/database-connections?page=1&limit=20',
    },
    meta: { start: 21, end: 40, total: 123, page: 2, totalPages: 7 },
  })
})
