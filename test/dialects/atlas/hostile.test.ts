import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileText } from '../../hostile/ground.ts'
import { seedOf } from '../../support/random.ts'
import { aDatabase } from '../../support/store-database.ts'
import { type Atlas, anAtlas } from './atlas.ts'
import { authorizationOf, challengeIn } from './digest-client.ts'

const CASES = 150

const STORES: readonly [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ '--store': await aDatabase() })],
]

const shape = fc.jsonValue({ maxDepth: 3 })
const right = fc.constantFrom<readonly [string, Record<string, unknown>]>(
  ['POST /groups', { name: 'x', orgId: 'ORG' }],
  ['PATCH /groups/G', { name: 'x' }],
  ['POST /groups/G/apiKeys', { desc: 'x', roles: ['GROUP_READ_ONLY'] }],
  ['POST /orgs/ORG/apiKeys', { desc: 'x', roles: ['ORG_MEMBER'] }],
  ['PATCH /groups/G/apiKeys/KEY', { desc: 'x' }],
  [
    'POST /groups/G/serviceAccounts',
    { name: 'x', description: 'x', roles: ['GROUP_READ_ONLY'], secretExpiresAfterHours: 8 },
  ],
  [
    'POST /groups/G/databaseUsers',
    {
      username: 'x',
      password: 'teal-Harbor-91',
      roles: [{ databaseName: 'admin', roleName: 'read' }],
      labels: [],
      scopes: [],
    },
  ],
  ['POST /groups/G/customDBRoles/roles', { roleName: 'x', actions: [], inheritedRoles: [] }],
)
/** Right bodies with one thing wrong, or one thing too many. */
const wrong = fc
  .tuple(right, fc.nat(), fc.oneof(shape, hostileText), fc.oneof(fc.constant(''), hostileText))
  .map(([[route, body], at, value, name]): [string, unknown] => {
    const names = Object.keys(body)
    return [route, { ...body, [name || names[at % names.length]!]: value }]
  })
const entries = fc.tuple(hostileText, hostileText, shape).map(([cidrBlock, comment, more]): [string, unknown] => {
  return [
    'POST /groups/G/accessList',
    [
      { cidrBlock, comment },
      { ipAddress: '192.0.2.1', deleteAfterDate: more },
    ],
  ]
})

describe.each(STORES)('whatever is sent to the Atlas API, with its store on %s', (store, flags) => {
  let atlas: Atlas
  beforeAll(async () => {
    atlas = await anAtlas({ flags: { '--limits-rate-per-minute': '0', ...(await flags()) } })
  }, 60_000)
  afterAll(() => atlas?.[Symbol.asyncDispose]())

  const named = (path: string) =>
    path
      .replace('/G', `/${atlas.running.project}`)
      .replace('/ORG', `/${atlas.org}`)
      .replace('/KEY', `/${'0'.repeat(24)}`)
  const bearer = () => `Bearer ${atlas.running.key.privateKey}`

  /** Throws where an answer has not the manners of this API; 5xx but for clusters is a fault of ours. */
  async function ask(route: string, payload: string, headers = {}): Promise<number> {
    const [method = '', path = ''] = route.split(' ')
    const accept = 'application/vnd.atlas.2024-08-05+json'
    const whole = { authorization: bearer(), accept, ...headers }
    const { status, text, body } = await atlas.ask(method, `/api/atlas/v2${named(path)}`, {
      as: null,
      payload,
      headers: whole,
    })
    if (body?.privateKey || body?.secrets)
      atlas.running.heard({ password: body.privateKey, secret: body.secrets?.[0]?.secret }, '')
    expect(status, `${route} ${payload}: ${text}`).toBeLessThan(500)
    return status
  }

  const forAll = <T>(what: string, values: fc.Arbitrary<T>, holds: (value: T) => Promise<unknown>) =>
    fc.assert(
      fc.asyncProperty(values, async value => void (await holds(value))),
      {
        numRuns: CASES,
        seed: seedOf(`atlas ${what} ${store}`),
      },
    )

  test('bodies of every shape are taken or refused', { timeout: 120_000 }, () =>
    forAll(
      'bodies',
      fc.oneof(
        wrong,
        entries,
        fc.tuple(right, shape).map(([[route], body]): [string, unknown] => [route, body]),
      ),
      ([route, body]) => ask(route, JSON.stringify(body).replaceAll('"ORG"', `"${atlas.org}"`)),
    ),
  )

  test('bytes that are no JSON are refused', { timeout: 120_000 }, () =>
    forAll('bytes', fc.tuple(right, hostileText), async ([[route], text]) => {
      await ask(route, text)
    }),
  )

  test('names of every kind stand in paths', { timeout: 120_000 }, () =>
    forAll(
      'paths',
      fc.tuple(
        fc.constantFrom(
          'clusters',
          'accessList',
          'apiKeys',
          'serviceAccounts',
          'databaseUsers/admin',
          'customDBRoles/roles',
          '../byName',
        ),
        hostileText,
        fc.constantFrom('GET', 'DELETE'),
      ),
      async ([kind, name, method]) => {
        const place = kind === '../byName' ? '/groups/byName' : `/groups/G/${kind}`
        await ask(`${method} ${place}/${encodeURIComponent(name.toWellFormed()).replaceAll('.', '%2E')}`, '')
      },
    ),
  )

  test('queries of every kind are heeded, ignored or refused', { timeout: 120_000 }, () =>
    forAll(
      'queries',
      fc.tuple(fc.constantFrom('pageNum', 'itemsPerPage', 'pretty', 'includeCount', 'x'), hostileText),
      async ([name, value]) => {
        const query = `${name}=${encodeURIComponent(value.toWellFormed())}`
        expect([200, 400]).toContain(await ask(`GET /groups/G/apiKeys?${query}`, ''))
      },
    ),
  )

  test('headers of every kind that bring no credentials open nothing', { timeout: 120_000 }, async () => {
    const uri = `/api/atlas/v2/groups/${atlas.running.project}`
    const { nonce } = challengeIn((await atlas.ask('GET', uri, { as: null })).headers['www-authenticate'])
    const fields = ['username', 'realm', 'nonce', 'uri', 'response', 'cnonce', 'nc', 'qop']
    const header = (text: string) =>
      Buffer.from(text)
        .toString('latin1')
        .replaceAll(/[^\x20-\x7e\x80-\xff]/g, '')
    const altered = fc.tuple(fc.constantFrom(...fields), hostileText).map(([name, value]) => {
      const quoted = `"${value.replaceAll(/["\\]/g, '\\$&')}"`
      return authorizationOf(
        atlas.running.key,
        { method: 'GET', uri, nonce, nc: 'ffffffff' },
        { set: { [name]: quoted } },
      )
    })
    await forAll(
      'headers',
      fc.oneof(
        hostileText,
        altered,
        hostileText.map(text => `Digest ${text}`),
        hostileText.map(text => `Bearer ${text}`),
      ),
      async text => {
        const authorization = header(text)
        expect(await ask('GET /groups/G', '', { authorization }), authorization).toBe(401)
      },
    )
  })
})
