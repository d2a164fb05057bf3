import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { logsIn } from '../../../support/logins.ts'
import { type RunningCluster, startCluster } from '../../../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

/** A change reaches what its path names, and nothing else: not even where a reading of the same path would be kinder. */
let cluster: RunningCluster
let server: TestServer
let trove: Trove
let at: string

const PASSWORD = 's3cret-word'
const BYSTANDERS = ['a', 'b', 'A', 'a/b', 'json']

const users = (rest = '') => `${at}/users${rest}`
const namesIn = async (kind: 'users' | 'databases') =>
  (await trove.api('GET', `${at}/${kind}?limit=100`)).body[kind].map(({ name }: { name: string }) => name) as string[]
const make = (...names: string[]) =>
  trove.api('POST', users(), {
    body: { users: names.map(name => ({ name, password: PASSWORD, databases: [{ name: 'shop' }] })) },
  })

beforeAll(async () => {
  cluster = await startCluster(await ownPostgresql())
  server = serverOf(cluster)
  trove = await aTrove({ flags: { '--limits-rate-per-minute': '100000' } })
  at = await trove.manage(server, { instanceName: 'orders-1' })
  await trove.api('POST', `${at}/databases`, { body: { databases: ['shop', 'x', 'X'].map(name => ({ name })) } })
  await make(...BYSTANDERS)
})
afterAll(async () => {
  await trove?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})

/** How a caller spells a user that is not there, beside users whose names are like it. */
const SPELLED = ['a.json', 'a.xml', '%2541', '%2541.json', 'a%252Fb', 'A.json@%25', '%2561@%2525', 'a.json.xml']

describe.each(SPELLED)('a user that is not there, spelled %s', spelled => {
  const path = () => users(`/${spelled}`)

  test.each([
    ['dropped', () => trove.api('DELETE', path())],
    ['given a password', () => trove.api('PUT', path(), { body: { user: { password: 'an0ther-word' } } })],
    ['renamed', () => trove.api('PUT', path(), { body: { user: { name: 'taken' } } })],
    ['given access', () => trove.api('PUT', `${path()}/databases`, { body: { databases: [{ name: 'x' }] } })],
    ['deprived of access', () => trove.api('DELETE', `${path()}/databases/shop`)],
  ])('is not %s in another’s stead', async (_, change) => {
    expect((await change()).status).toBe(404)
    expect((await namesIn('users')).toSorted()).toEqual(BYSTANDERS.toSorted())
    for (const name of BYSTANDERS) expect(await logsIn(server, name, PASSWORD, 'shop')).toBe(true)
    for (const name of ['a', 'A']) {
      const { body } = await trove.api('GET', users(`/${name}/databases`))
      expect(body.databases).toEqual([{ name: 'shop' }])
    }
  })
})

test.each([
  ['a.json', 'a.json'],
  ['%41', '%2541'],
  ['a/b/c', 'a%2Fb%2Fc'],
  ['%2F', '%252F'],
  ['a.b', 'a%252eb'],
  ['c@d', 'c@d@%25'],
])('the user %s is dropped as %s, and asked for once more nobody goes', async (name, spelled) => {
  expect((await make(name)).status).toBe(202)
  expect((await trove.api('DELETE', users(`/${spelled}`))).status).toBe(202)
  expect((await trove.api('DELETE', users(`/${spelled}`))).status).toBe(404)
  expect((await namesIn('users')).toSorted()).toEqual(BYSTANDERS.toSorted())
})

describe('a database', () => {
  const DATABASES = ['X', 'shop', 'x']

  beforeEach(async () => expect((await namesIn('databases')).toSorted()).toEqual(DATABASES))

  test.each(['x.json', 'x.xml', '%2558', '%2578.json'])('is not dropped by the name %s of another', async spelled => {
    expect((await trove.api('DELETE', `${at}/databases/${spelled}`)).status).toBe(404)
    expect((await namesIn('databases')).toSorted()).toEqual(DATABASES)
    expect((await trove.api('DELETE', users(`/a/databases/${spelled}`))).status).toBe(404)
  })

  test('is not taken from a user by the name of another', async () => {
    for (const spelled of ['shop.json', '%2573hop'])
      expect((await trove.api('DELETE', users(`/a/databases/${spelled}`))).status).toBe(404)
    expect((await trove.api('GET', users('/a/databases'))).body.databases).toEqual([{ name: 'shop' }])
  })
})
