import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { postgresqlServer } from '../../../support/servers.ts'
import { aTrove, type Trove, XML } from '../trove.ts'

const NS = 'http://docs.openstack.org/database/api/v1.0'
const LIMITS = { actions: 1, 'user-writes': 3, writes: 2, reads: 4 }

/** A key of its own for each test: with it, counts of its own. */
let trove: Trove
let at: string
let key: string

const flags = Object.fromEntries(Object.entries(LIMITS).map(([kind, value]) => [`--trove-rate-${kind}`, String(value)]))

beforeAll(async () => {
  trove = await aTrove({ flags })
  at = await trove.manage(await postgresqlServer(), { instanceName: 'limited' })
})
afterAll(() => trove?.[Symbol.asyncDispose]())
afterEach(() => {
  vi.restoreAllMocks()
})

async function statusesOf(method: string, path: string, times: number, body?: unknown): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let done = 0; done < times; done++) statuses.push((await trove.api(method, path, { key, body })).status)
  return statuses
}

describe('limits of single methods', () => {
  test('count each method on each kind of path for itself, and each key for itself', async () => {
    key = await trove.aKey('owner')
    expect(await statusesOf('GET', '/flavors', 5)).toEqual([200, 200, 200, 200, 413])
    expect(await statusesOf('POST', `${at}/users`, 4, { users: [] })).toEqual([202, 202, 202, 413])
    expect(await statusesOf('PUT', `${at}/users.xml`, 4, { users: [] })).toEqual([202, 202, 202, 413])
    expect(await statusesOf('DELETE', `${at}/users/nobody`, 3)).toEqual([404, 404, 404])
    // Root and access are changes of users.
    expect((await trove.api('DELETE', `${at}/root`, { key })).status).toBe(413)
    expect((await trove.api('POST', `${at}/root`, { key })).status).toBe(413)
    expect(await statusesOf('POST', `${at}/databases`, 2, { databases: [] })).toEqual([202, 202])
    expect(await statusesOf('POST', '/instances', 1, { instance: {} })).toEqual([413])
    expect(await statusesOf('POST', `${at}/action`, 2, { reset_status: {} })).toEqual([202, 413])

    key = await trove.aKey('owner')
    expect(await statusesOf('GET', '/flavors', 1)).toEqual([200])
  })

  test('count what is refused, too, and HEAD as GET', async () => {
    key = await trove.aKey('viewer')
    expect(await statusesOf('POST', `${at}/databases`, 3, { databases: [] })).toEqual([403, 403, 413])
    for (let done = 0; done < 4; done++) await trove.api('HEAD', '/flavors', { key })
    expect(await statusesOf('GET', '/flavors', 1)).toEqual([413])
  })

  test('are told when they are passed, with when to come again, in JSON and XML', async () => {
    key = await trove.aKey('viewer')
    await statusesOf('GET', '/flavors', 4)
    const json = await trove.api('GET', '/flavors', { key })
    const after = json.headers['retry-after']!
    expect(json.text).toBe(
      `{"overLimit": {"code": 413, "details": "Only 4 GET request(s) can be made to * every minute.", "message": "This request was rate-limited.", "retryAfter": "${after}"}}`,
    )
    expect(Number(after)).toBeGreaterThan(50)
    expect(Number(after)).toBeLessThanOrEqual(60)
    const xml = await trove.api('GET', '/flavors', { key, headers: XML })
    expect(xml.text).toBe(
      `<overLimit code="413" retryAfter="${xml.headers['retry-after']}" xmlns="${NS}">\n    <details>Only 4 GET request(s) can be made to * every minute.</details>\n    <message>This request was rate-limited.</message>\n</overLimit>\n`,
    )
  })

  test('are over with their minute', async () => {
    key = await trove.aKey('viewer')
    expect(await statusesOf('GET', '/flavors', 5)).toContain(413)
    const later = performance.now() + 60_001
    vi.spyOn(performance, 'now').mockReturnValue(later)
    expect(await statusesOf('GET', '/flavors', 1)).toEqual([200])
  })
})

describe('/limits', () => {
  test('lists them with what is left, and the limit of all requests last', async () => {
    key = await trove.aKey('owner')
    await trove.api('POST', `${at}/users`, { key, body: { users: [] } })
    const { body } = await trove.api('GET', '/limits', { key })
    const [absolute, ...rates] = body.limits
    expect(absolute).toEqual({ verb: 'ABSOLUTE', max_instances: 10_000, max_volumes: 10_000, max_backups: 0 })
    const told = rates.map(({ verb, value, remaining }: Record<string, unknown>) => [verb, value, remaining])
    expect(told).toEqual([
      ['POST', 1, 1],
      ['DELETE', 3, 3],
      ['POST', 3, 2],
      ['PUT', 3, 3],
      ['DELETE', 2, 2],
      ['PATCH', 2, 2],
      ['POST', 2, 2],
      ['PUT', 2, 2],
      ['GET', 4, 3],
      ...['DELETE', 'GET', 'POST', 'PUT'].map(verb => [verb, 6000, 5998]),
    ])
    const path = `${at}/users`
    const fitting = rates.filter(
      (one: { verb: string; regex: string }) => one.verb === 'POST' && new RegExp(one.regex).test(path),
    )
    expect(fitting.map(({ value }: { value: number }) => value)).toEqual([3, 6000])
    for (const one of rates) {
      expect([one.uri, one.unit]).toEqual(['*', 'MINUTE'])
      expect(one.nextAvailable).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    }
  })

  test('has none of them where no setting says so, and none at all where nothing limits', async () => {
    await using free = await aTrove({ flags: { '--limits-rate-per-minute': '0' } })
    expect((await free.api('GET', '/limits')).body.limits.length).toBe(1)
    await using usual = await aTrove()
    const { limits } = (await usual.api('GET', '/limits')).body
    expect(limits.map(({ verb }: { verb: string }) => verb)).toEqual(['ABSOLUTE', 'DELETE', 'GET', 'POST', 'PUT'])
  })
})
