import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase } from '../../support/store-database.ts'
import { aConnection, aName, aWiremock, type Wiremock } from './wiremock.ts'

const STORES: readonly [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ '--store': await aDatabase() })],
]

describe.each(STORES)('several requests at once, kept in %s', (_store, flags) => {
  let wiremock: Wiremock
  beforeAll(async () => {
    wiremock = await aWiremock({ flags: await flags() })
  })
  afterAll(() => wiremock[Symbol.asyncDispose]())

  const create = (own: object) =>
    wiremock.ask('POST', wiremock.home, { body: { databaseConnection: aConnection(own) } })
  const patch = (id: string, own: object) =>
    wiremock.ask('PATCH', `/v1/data-connections/${id}`, { body: { databaseConnection: aConnection(own) } })
  const remove = (id: string) => wiremock.ask('DELETE', `/v1/data-connections/${id}`)
  const statuses = async (asked: readonly Promise<{ status: number }>[]) =>
    (await Promise.all(asked)).map(({ status }) => status).sort()

  test('one name goes to one of them', async () => {
    for (let round = 0; round < 4; round += 1) {
      const connectionName = aName()
      expect(await statuses([1, 2, 3, 4].map(() => create({ connectionName })))).toEqual([201, 422, 422, 422])
    }
  })
  test('names that look alike in an address do not get in the way of one another', async () => {
    const names = ['a b', 'a-b', 'a_b', 'A  B']
    const asked = names.map((connectionName, at) => create({ connectionName, host: `alike-${at}.example` }))
    expect(await statuses(asked)).toEqual([201, 201, 201, 201])
  })
  test('the last change counts, and none is refused', async () => {
    const id = await wiremock.create()
    const asked = [1, 2, 3, 4, 5, 6].map(port => patch(id, { connectionName: id, port }))
    expect(await statuses(asked)).toEqual([200, 200, 200, 200, 200, 200])
  })
  test('one delete deletes, and no change brings back', async () => {
    const id = await wiremock.create()
    const own = { connectionName: id }
    const asked = await statuses([remove(id), patch(id, own), remove(id), patch(id, own), remove(id)])
    expect(asked.filter(status => status === 204)).toHaveLength(1)
    expect((await wiremock.ask('GET', `/v1/data-connections/${id}`)).status).toBe(404)
  })
  test('what no store can hold finds nothing', async () => {
    expect((await wiremock.ask('GET', `${wiremock.home}?q=%00`)).body.meta.total).toBe(0)
    expect((await wiremock.ask('GET', '/v1/data-connections/%00')).status).toBe(404)
  })
})
