import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

/** What DigitalOcean's clients do that trips a server up. The number stands in the name of every test that fails where the trap springs. */
const TRAPS: Readonly<Record<number, string>> = {
  1: 'dot segments are resolved before they are sent, so that deleting a user called .. asks to delete the cluster',
  2: 'names are pasted into addresses as they are',
  3: 'a DELETE, or a GET, has a JSON type and no body',
  4: 'a null or a missing key, where an object is expected, ends the client',
  5: 'a second page is never asked for',
  6: 'a POST is repeated after a 5xx, a 429 or a broken connection',
  7: 'whatever carries Retry-After is repeated',
  8: 'an update has to be 201 and a reset 200',
  9: 'the body of a 404 is handed on as if it were the thing itself',
  10: 'what an add answers is kept, and compared with what was asked for',
  11: 'an update without settings says that there are to be none',
  12: 'settings are never read again, but by one reader that wants the truth',
  13: 'a 404 says that the thing is gone, whatever else may be the matter',
  14: 'a version, a region or an id unlike the asked one means to upgrade, to migrate or to destroy',
  15: 'a cluster is found by its name, and asked for its autoscale',
  16: 'a reset on MySQL reads the cluster first; on others, and by other clients, it sends an empty object',
  18: 'raw PEM, numbers in quotes and empty times break the whole answer',
  19: 'the same setting is looked for under two keys',
  20: 'a token is taken to another address to be checked',
  21: 'an answer that takes 15 seconds finds nobody',
  22: 'each says what it is, and wants nothing for it',
}

// Number 17, that doctl can not put a colon or a comma into the name of a topic, is out of a server's hands.

describe('each trap has a test', () => {
  const texts = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(join(import.meta.dirname, file), 'utf8'))
  const numbers = texts.flatMap(text =>
    [...text.matchAll(/'traps? ([\d, ]+): /g)].flatMap(([, all]) => all!.split(', ')),
  )

  test.each(Object.entries(TRAPS))('number %s: %s', number => expect(numbers).toContain(number))
})

let ocean: DigitalOcean
let server: TestServer
let cluster: string

beforeAll(async () => {
  ocean = await aDigitalOcean()
  server = await postgresqlServer()
  cluster = `/v2/databases/${(await ocean.running.connect(server)).instance}`
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

test('trap 12: a setting that was changed on the server itself shows in the user and in the list', async () => {
  const name = `do_trap_${process.pid}`
  await ocean.ask('POST', `${cluster}/users`, { body: { name, settings: { pg_allow_replication: false } } })
  const engine = await engineClient(server)
  await engine.query(`alter role ${name} replication`)
  const { user } = (await ocean.ask('GET', `${cluster}/users/${name}`)).body
  const { users } = (await ocean.ask('GET', `${cluster}/users`)).body
  await engine.query(`drop role ${name}`)
  await engine.end()
  expect(user.settings).toEqual({ pg_allow_replication: true })
  expect(users.find((one: typeof user) => one.name === name)).toEqual(user)
})

const PARTS = () => ['/users', `/users/${server.username}`, '/dbs', `/dbs/${server.database}`]

test('trap 13: what a token may not do is 403, whether it is there or not', async () => {
  const key = await ocean.aToken('viewer', ['tag:read'])
  for (const path of ['', '/users/nobody', ...PARTS()]) {
    const { status, body } = await ocean.ask('GET', cluster + path, { key })
    expect([path, status, body.id]).toEqual([path, 403, 'forbidden'])
  }
})

test.each([
  ['is away', { port: 9 }, 503],
  ['has no address', { host: 'nowhere.example.test' }, 503],
  ['does not let us in', { username: 'do_nobody' }, 422],
  ['has lost the database that we log in to', { database: 'do_nothing' }, 422],
])('trap 13: of a server that %s nothing is 404', async (_, own, wanted) => {
  await using other = await aDigitalOcean()
  const { instance } = await other.running.connect({ ...server, ...own })
  expect((await other.ask('GET', `/v2/databases/${instance}`)).status).toBe(200)
  for (const path of PARTS()) {
    const { status } = await other.ask('GET', `/v2/databases/${instance}${path}`)
    expect([path, status]).toEqual([path, wanted])
  }
})

test('trap 21: nobody who changed no setting waits for 13 seconds or more', () => {
  const { statementMs, requestMs } = ocean.running.settings.timeouts
  expect([statementMs, requestMs]).toEqual([10_000, 13_000])
})

describe('trap 22: who asks makes no difference', () => {
  const AGENTS = [
    'doctl/1.166.0 (linux amd64) godo/1.202.0',
    'Terraform/1.11.4 (+https://www.terraform.io) godo/1.202.0',
    'azsdk-python-pydo/0.39.0 Python/3.13.1 (Linux)',
    'axios/1.7.9',
  ]
  const asked = [
    ['GET', ''],
    ['GET', '/users/postgres'],
    ['GET', '/users/nobody'],
    ['GET', '/users?page=2&per_page=200'],
    ['POST', '/users', { name: '..' }],
    ['PUT', '/users/nobody', {}],
    ['POST', '/users/nobody/reset_auth', {}],
    ['DELETE', '/users/'],
    ['PATCH', '/config', {}],
  ] as const

  test.each(asked)('%s %s', async (method, path, body?: object) => {
    const seen = new Set<string>()
    for (const agent of [undefined, ...AGENTS]) {
      const headers = { 'content-type': 'application/json', ...(agent && { 'user-agent': agent }) }
      const answer = await ocean.ask(method, cluster + path, { body, headers })
      seen.add(JSON.stringify([answer.status, { ...answer.body, request_id: '', meta: '' }]))
    }
    expect([...seen]).toHaveLength(1)
  })
})
