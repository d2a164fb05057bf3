import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresqlServer } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

/** Whatever is sent is answered or refused in the form of the API, and never breaks anything. */
let trove: Trove
let at: string

beforeAll(async () => {
  trove = await aTrove({ flags: { '--limits-rate-per-minute': '1000000' } })
  at = await trove.manage(await postgresqlServer(), { instanceName: 'hostile' })
})
afterAll(() => trove?.[Symbol.asyncDispose]())

const RUNS = { numRuns: 150 }
const TAKES: readonly (readonly [string, string])[] = [
  ['POST', '/users'],
  ['PUT', '/users'],
  ['PUT', '/users/nobody'],
  ['PUT', '/users/nobody/databases'],
  ['POST', '/databases'],
  ['POST', '/root'],
  ['POST', '/action'],
  ['PUT', ''],
]
const aTarget = fc.constantFrom(...TAKES)

function checkAnswer({ status, text, headers }: Awaited<ReturnType<Trove['ask']>>): void {
  expect([status, text]).toEqual([expect.toSatisfy((code: number) => code < 500 || code === 501), text])
  if (status < 400) return
  if (headers['content-type'] === 'application/json') expect(Object.keys(JSON.parse(text)).length).toBe(1)
  else expect(text).toMatch(/^<[a-zA-Z]+ code="\d+" xmlns=/)
}

/** Values that come near to what is right, too. */
const aBody = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -1, 1e300, '', 'a', '%', 'x'.repeat(300), '\0', '\ud800', '__proto__'),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'users',
        'user',
        'databases',
        'name',
        'password',
        'host',
        'instance',
        'volume',
        'restart',
        '__proto__',
        'constructor',
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value

describe('a body', () => {
  test('of any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(aTarget, aBody, async ([method, path], body) => {
        const json = JSON.stringify(body) ?? ''
        // What would be done is tried elsewhere: here nobody has the names.
        fc.pre(!/"password":"[^"]*[0-9A-Za-z]/.test(json) || path !== '/users')
        const headers = { 'content-type': 'application/json' }
        checkAnswer(await trove.api(method, `/instances/nowhere${path}`, { payload: json, headers }))
        if (path !== '/root') checkAnswer(await trove.api(method, `${at}x${path}`, { payload: json, headers }))
      }),
      RUNS,
    )
  })

  test('of any bytes, under any type', async () => {
    const aType = fc.constantFrom(
      'application/json',
      'application/xml',
      'text/xml',
      '',
      '*/*',
      'application/json;;;',
      'a'.repeat(500),
    )
    const bytes = fc.uint8Array({ maxLength: 200 }).map(all => Buffer.from(all))
    const near = fc.string({ maxLength: 40 }).map(text => Buffer.from(`<users ${text}><user name="${text}"/></users>`))
    await fc.assert(
      fc.asyncProperty(aTarget, aType, fc.oneof(bytes, near), async ([method, path], type, payload) => {
        const headers = { 'content-type': type, accept: 'application/xml' }
        checkAnswer(await trove.api(method, `/instances/nowhere${path}`, { payload, headers }))
      }),
      RUNS,
    )
  })

  test('10,000 levels deep, in JSON', async () => {
    const deep = (open: string, close: string) => open.repeat(10_000) + close.repeat(10_000)
    for (const payload of [
      deep('[', ']'),
      `{"users": ${deep('[', ']')}}`,
      deep('{"users":', '}').replace(':}', ':1}'),
    ]) {
      const answer = await trove.api('POST', `${at}/users`, {
        payload,
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status).toBe(400)
    }
  })
})

describe('an address', () => {
  const piece = fc.oneof(
    fc
      .string({ unit: 'binary', maxLength: 12 })
      .map(text => encodeURIComponent(text.toWellFormed()))
      .filter(text => !/^(\.|%2e)*$/i.test(text)),
    fc.constantFrom('%', '%zz', '%ff', '%00', '', '%2F', 'a%2fb', 'users', 'detail', '%25%32%35', 'x'.repeat(5000)),
  )
  test('of any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'DELETE'),
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        async (method, pieces) => {
          const below = pieces.join('/').replace(/[\s<>"`{}|\\^]/g, '')
          checkAnswer(await trove.ask(method, `/v1.0/${trove.running.project}/instances/none/${below}`))
          checkAnswer(await trove.ask('GET', `/v1.0/${below}`))
        },
      ),
      RUNS,
    )
  })

  test('with any marker and limit', async () => {
    const aQuery = fc.oneof(
      piece,
      fc.constantFrom('+', '%2B', '1', '-1', '99999999999999999999', '%40', '&&', '=', 'a=b', '%252540'),
    )
    await fc.assert(
      fc.asyncProperty(aQuery, aQuery, async (marker, limit) => {
        const query = `marker=${marker}&limit=${limit}`.replace(/#/g, '%23')
        for (const path of ['/users', '/databases']) {
          const answer = await trove.api('GET', `${at}${path}?${query}`)
          expect([200, 400]).toContain(answer.status)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('that names a user in any way finds it or nobody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), async name => {
        const segment = encodeURIComponent(name.toWellFormed())
        const answer = await trove.api('GET', `${at}/users/${segment}`)
        expect([200, 400, 404]).toContain(answer.status)
      }),
      { numRuns: 60 },
    )
  })
})
