import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GeneratedClient, generateClient } from '../../support/clients/generated.ts'
import { npmPackages } from '../../support/clients/npm.ts'
import { postgresqlServer } from '../../support/servers.ts'
import { aConnection, aName, aWiremock, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let client: GeneratedClient
beforeAll(async () => {
  // Fetching them stops this process for seconds, and a server in it would hang up on its clients.
  npmPackages('generators')
  wiremock = await aWiremock()
  const { body } = await wiremock.running.ask('GET', '/openapi/wiremock.json', { key: null })
  client = await generateClient(body)
  const { port } = wiremock.running.app.http.server.address() as { port: number }
  const authorization = `Token ${wiremock.running.key.privateKey}`
  client.configure({ baseUrl: `http://127.0.0.1:${port}`, headers: { authorization } })
}, 240_000)
afterAll(async () => {
  client?.[Symbol.dispose]()
  await wiremock[Symbol.asyncDispose]()
})

test('a client generated from our document creates, lists in pages, gets, patches, tests and deletes', async () => {
  const { operations } = client
  const { host, port, database: databaseName, username, password } = await postgresqlServer()
  const coordinates = { databaseType: 'POSTGRESQL', host, port, databaseName, username, password }
  const path = { userId: wiremock.running.operator }

  const ids: string[] = []
  for (let n = 1; n <= 5; n += 1) {
    const body = { databaseConnection: { ...coordinates, connectionName: aName() } }
    const { data, response } = await operations.createDatabaseConnection!({ path, body })
    expect(response.status).toBe(201)
    ids.push(data.databaseConnection.id)
  }

  const listed: string[] = []
  for (let page = 1; ; page += 1) {
    const { data } = await operations.getDatabaseConnectionsForUser!({ path, query: { limit: 2, page } })
    listed.push(...data.databaseConnections.map(({ id }: { id: string }) => id))
    if (!data.links.next) break
  }
  expect(listed).toEqual(ids)

  const one = { databaseConnectionId: ids[0]! }
  const got = await operations.getDatabaseConnectionById!({ path: one })
  const { id: _id, links: _links, ...base } = got.data.databaseConnection
  const renamed = await operations.updateDatabaseConnection!({
    path: one,
    body: { databaseConnection: { ...base, connectionName: 'Renamed by a client' } },
  })
  expect(renamed.data.databaseConnection.connectionName).toBe('Renamed by a client')

  expect((await operations.testDatabaseConnection!({ path, body: coordinates })).data).toEqual({ outcome: 'SUCCESS' })
  expect((await operations.testStoredDatabaseConnection!({ path: one, body: {} })).data).toEqual({ outcome: 'SUCCESS' })

  expect((await operations.deleteDatabaseConnection!({ path: one })).response.status).toBe(204)
  const gone = await operations.getDatabaseConnectionById!({ path: one })
  expect([gone.response.status, gone.error]).toEqual([404, { code: 404, message: 'HTTP 404 Not Found' }])
  const clash = await operations.createDatabaseConnection!({
    path,
    body: { databaseConnection: aConnection({ port: 0 }) },
  })
  expect(clash.response.status).toBe(422)
})
