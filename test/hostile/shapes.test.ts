import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aGround, type Ground, hostileText } from './ground.ts'

const LONG = 3_600_000

let ground: Ground
let native: string
let wiremock: string

beforeAll(async () => {
  ground = await aGround()
  native = `/rolecall/v1/projects/${ground.project}/connections`
  wiremock = `/v1/users/${ground.operator}/database-connections`
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const port = fc.oneof(fc.integer(), fc.constantFrom(0, 1, 5432, 65_535, 65_536, 1.5), hostileText)
const host = fc.oneof(
  hostileText,
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '127.0.0.1',
    '0.0.0.0',
    '[::1]',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    '0x7f.1',
    '2130706433',
    'a b',
    'xn--a',
  ),
  fc.domain(),
)

test(
  'a connection to whatever host is stored as it was given, or refused, in both APIs',
  () =>
    ground.forAll(
      'hosts',
      0.15,
      fc.tuple(host, port, hostileText, hostileText),
      async ([host, port, name, database]) => {
        const body = { name, engine: 'postgresql', host, port, database, username: name, password: 'hostile' }
        const made = await ground.ask('POST', native, body)
        if (made.status === 201) {
          expect(made.body.name).toBe(name.trim())
          expect((await ground.ask('GET', `/rolecall/v1/connections/${made.body.id}`)).status).toBe(200)
          expect((await ground.ask('DELETE', `/rolecall/v1/connections/${made.body.id}`)).status).toBe(204)
        } else expect([400, 409, 422], made.text).toContain(made.status)
        const connection = { connectionName: name, databaseType: 'POSTGRESQL', host, port, databaseName: database }
        const other = await ground.ask('POST', wiremock, {
          databaseConnection: { ...connection, username: name, password: 'hostile' },
        })
        if (other.status !== 201) return expect([400, 409, 422], other.text).toContain(other.status)
        const { id } = other.body.databaseConnection
        expect((await ground.ask('DELETE', `/v1/database-connections/${encodeURIComponent(id)}`)).status).toBeLessThan(
          300,
        )
      },
    ),
  LONG,
)

/** JSON of every shape, and right bodies with one thing wrong. */
const shape = fc.jsonValue({ maxDepth: 4 })
const right = fc.constantFrom<Record<string, unknown>>(
  { name: 'pg_shape', grants: [{ role: 'read', database: 'postgres' }], settings: { connectionLimit: 3 } },
  {
    name: 'shape',
    engine: 'postgresql',
    host: 'shape.test',
    port: 1,
    database: 'x',
    username: 'x',
    password: 'xxxxxxxx',
  },
  {
    databaseConnection: {
      connectionName: 'x',
      databaseType: 'POSTGRESQL',
      host: 'x',
      port: 1,
      databaseName: 'x',
      username: 'x',
    },
  },
  { add: [{ role: 'read', database: 'x' }], remove: [] },
  { mode: 'observe', policy: { minPasswordLength: 20 }, tags: ['x'] },
)
const wrong = fc.tuple(right, fc.nat(), shape, fc.boolean()).map(([body, at, value, isNew]) => ({
  ...body,
  [isNew ? `x${at}` : Object.keys(body)[at % Object.keys(body).length]!]: value,
}))

const ROUTES = [
  ...[
    'POST I/users',
    'PATCH I/users/NAME',
    'POST I/users/NAME/reset',
    'POST I/users/NAME/lock',
    'PATCH I/users/NAME/grants',
  ],
  ...['DELETE I/users/NAME', 'POST I/databases', 'DELETE I/databases/NAME', 'PATCH /rolecall/v1/connections/NAME'],
  ...[
    'POST P/connections',
    'POST P/connections/test',
    'PATCH P',
    'PUT P/members/NAME',
    'POST P/keys',
    'POST /rolecall/v1/projects',
  ],
  ...[
    'GET I/users?limit=NAME',
    'GET I/users?q=NAME',
    'GET I/users?after=NAME',
    'GET P/operations?state=NAME',
    'GET P/connections?NAME',
  ],
  ...[
    'POST W',
    'POST W/test',
    'GET W?page=NAME',
    'GET W?query=NAME',
    'PUT /v1/database-connections/NAME',
    'GET /v1/NAME',
    'GET /NAME',
  ],
  ...[
    'PATCH /v1/database-connections/NAME',
    'POST /v1/database-connections/NAME/test',
    'DELETE /v1/database-connections/NAME',
  ],
]

test(
  'a body of whatever shape on whatever path is right, or refused in the words of its API',
  () =>
    ground.forAll(
      'shapes',
      0.25,
      fc.tuple(fc.constantFrom(...ROUTES), fc.oneof(shape, wrong), hostileText, fc.boolean()),
      async ([route, body, text, isRaw]) => {
        const [method, path] = route.split(/ (.*)/s) as [string, string]
        const name = isRaw ? text.replace(/[^\x21-\x7e]/g, '%') : encodeURIComponent(text.toWellFormed())
        const url = path.replace('NAME', () => name)
        const [from, to] = expand(url)
        const answer = await ground.ask(method, url.replace(from, to), method === 'GET' ? undefined : body)
        if (answer.status === 201) await takeBack(answer.body)
      },
    ),
  LONG,
)

/** Short for the paths that are long. */
function expand(url: string): readonly [string | RegExp, string] {
  if (url.startsWith('I/')) return [/^I/, `/rolecall/v1/instances/${ground.instance}`]
  if (url === 'P' || url.startsWith('P/')) return [/^P/, `/rolecall/v1/projects/${ground.project}`]
  return [/^W/, wiremock]
}

/** What a shape happened to make is removed, so that the next finds things as they were. */
async function takeBack(made: Readonly<Record<string, unknown>>): Promise<void> {
  const { instance, name, id, private: isKey, members } = made
  if (isKey !== undefined || members !== undefined) return
  if (typeof instance === 'string' && id === undefined)
    await ground.ask('DELETE', `/rolecall/v1/instances/${instance}/users/${encodeURIComponent(String(name))}`)
  else if (made.encoding !== undefined)
    await ground.ask(
      'DELETE',
      `/rolecall/v1/instances/${ground.instance}/databases/${encodeURIComponent(String(name))}`,
    )
  else if (typeof id === 'string' && instance !== undefined)
    await ground.ask('DELETE', `/rolecall/v1/connections/${id}`)
}
