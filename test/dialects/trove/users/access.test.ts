import { beforeEach, describe, expect, test } from 'vitest'
import { engineClient } from '../../../support/logins.ts'
import { XML } from '../trove.ts'
import { inDatabases, message, NS, PASSWORD, usersGround, wanted } from './ground.ts'

const on = usersGround()
const { users, create } = on

describe('access', () => {
  const access = (rest = '') => users(`/ada/databases${rest}`)
  beforeEach(async () => {
    expect((await create(wanted('ada', 'ledger'))).status).toBe(202)
  })

  test('is listed in both formats', async () => {
    expect((await on.trove.api('GET', access())).text).toBe('{"databases": [{"name": "ledger"}]}')
    const xml = `<databases xmlns="${NS}">\n    <database name="ledger"/>\n</databases>\n`
    expect((await on.trove.api('GET', access(), { headers: XML })).text).toBe(xml)
    expect((await on.trove.api('GET', access('.xml'))).text).toBe(xml)
  })

  test('is given once or often, and taken away', async () => {
    const grant = (...names: string[]) => on.trove.api('PUT', access(), { body: { databases: inDatabases(...names) } })
    for (let times = 0; times < 2; times++) expect((await grant('stock', 'ledger')).status).toBe(202)
    expect((await grant()).status).toBe(202)
    expect((await on.trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger', 'stock') })
    const payload = `<databases xmlns="${NS}"><database name="stock"/></databases>`
    const headers = { 'content-type': 'application/xml' }
    expect((await on.trove.api('PUT', access(), { payload, headers })).status).toBe(202)
    expect((await on.trove.api('DELETE', access('/stock'))).status).toBe(202)
    expect((await on.trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger') })
    const again = await on.trove.api('DELETE', access('/stock'))
    expect([again.status, message(again)]).toEqual([404, 'Database stock cannot be found on the instance.'])
  })

  test('is everything in the database', async () => {
    const client = await engineClient({ ...on.server, username: 'ada', password: PASSWORD }, 'ledger')
    await client.query('create table t (a int); insert into t values (1); drop table t')
    await client.end()
  })

  test('may be less than everything', async () => {
    const grantsOn = async (database: string) => {
      const { body } = await on.trove.running.native('GET', `${on.at}/users/ada/grants`)
      return body.items
        .filter((one: { database: string }) => one.database === database)
        .map((one: { role: string }) => one.role)
    }
    const give = (...databases: object[]) => on.trove.api('PUT', access(), { body: { databases } })
    expect((await give({ name: 'stock', privileges: ['select'] })).status).toBe(202)
    expect(await grantsOn('stock')).toEqual(['read'])
    expect((await give({ name: 'stock', privileges: 'SELECT, INSERT, UPDATE, DELETE' })).status).toBe(202)
    expect(await grantsOn('stock')).toEqual(['read', 'readwrite'])
    for (const privileges of [['DROP'], ['INSERT'], 'SELECT;'])
      expect((await give({ name: 'ledger', privileges })).status).toBe(400)
    expect((await on.trove.api('DELETE', access('/stock'))).status).toBe(202)
    expect(await grantsOn('stock')).toEqual([])
    expect((await create({ ...wanted('safe'), ssl: 'none' })).status).toBe(202)
    expect((await create({ ...wanted('safer'), ssl: 'required' })).status).toBe(422)
  })

  test('to what others gave is listed, and taken away', async () => {
    const client = await engineClient(on.server)
    await client.query('grant connect on database stock to ada')
    await client.end()
    expect((await on.trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger', 'stock') })
    expect((await on.trove.api('DELETE', access('/stock'))).status).toBe(202)
    expect((await on.trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger') })
  })

  test.each([
    [{}, 400],
    [{ databases: [{}] }, 400],
    [{ databases: [{ name: 'postgres' }] }, 400],
    [{ databases: [{ name: 'stock' }, { name: 'nowhere' }] }, 404],
  ])('is refused with %j', async (body, status) => {
    expect((await on.trove.api('PUT', access(), { body })).status).toBe(status)
    expect((await on.trove.api('GET', access())).body).toEqual({ databases: inDatabases('ledger') })
  })
})
