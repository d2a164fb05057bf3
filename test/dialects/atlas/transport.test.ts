import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Atlas, anAtlas, askRaw, V2 } from './atlas.ts'

let atlas: Atlas
let group: string

beforeAll(async () => {
  atlas = await anAtlas()
  group = atlas.running.project
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

const typeOf = async (accept: string | undefined, below = '') => {
  const { status, headers, body } = await atlas.ask('GET', `/api/atlas/v2/groups/${group}${below}`, {
    headers: accept === undefined ? {} : { accept },
  })
  return [status, headers['content-type'], body.errorCode]
}
const vendor = (date: string) => `application/vnd.atlas.${date}+json`
const json = (date: string) => [200, `application/vnd.atlas.${date}+json;charset=utf-8`, undefined]
const noVersion = [406, 'application/json', 'INVALID_VERSION_DATE']

describe('versions by media type', () => {
  test('the newest of the resource that is not later than the date is served, and named', async () => {
    expect(await typeOf(vendor('2023-01-01'))).toEqual(json('2023-01-01'))
    expect(await typeOf(vendor('2025-03-12'))).toEqual(json('2023-01-01'))
    for (const [asked, served] of [
      ['2023-01-01', '2023-01-01'],
      ['2023-02-01', '2023-02-01'],
      ['2024-05-30', '2023-02-01'],
      ['2024-08-05', '2024-08-05'],
      ['2025-03-12', '2024-08-05'],
    ])
      expect(await typeOf(vendor(asked!), '/clusters')).toEqual(json(served!))
  })

  test.each([
    vendor('2022-12-31'),
    vendor('2023-01-02'),
    vendor('2023-13-01'),
    vendor('tomorrow'),
    'application/vnd.atlas.preview+json',
    'application/vnd.atlas.2023-01-01+xml',
    'application/json',
    '*/*',
    undefined,
  ])('%s is none', async accept => {
    expect(await typeOf(accept)).toEqual(noVersion)
  })

  test('a date before the first version of a resource is none', async () => {
    expect(await typeOf(vendor('2024-05-30'), '/serviceAccounts')).toEqual(noVersion)
    expect(await typeOf(vendor('2024-08-05'), '/serviceAccounts')).toEqual(json('2024-08-05'))
  })

  test('of several types the first of the vendor’s counts, in any case', async () => {
    const accept = `application/json, ${vendor('2023-01-01').toUpperCase()};q=0.5, ${vendor('preview')}`
    expect(await typeOf(accept)).toEqual(json('2023-01-01'))
  })

  test('an older version is told to be deprecated, with dates', async () => {
    const ask = (date: string) => atlas.v2('GET', '/clusters', { headers: { accept: vendor(date) } })
    const { headers } = await ask('2023-02-01')
    expect(headers.deprecation).toBe('Mon, 05 Aug 2024 00:00:00 GMT')
    expect(Date.parse(headers.sunset!)).toBeGreaterThan(Date.now())
    expect((await ask('2024-08-05')).headers.deprecation).toBeUndefined()
  })

  test('by settings: without a version the first is served, and a withdrawn one is gone', async () => {
    const flags = { '--atlas-accept-unversioned': 'true', '--atlas-withdrawn-versions': '2023-02-01' }
    await using other = await anAtlas({ flags })
    const at = `/api/atlas/v2/groups/${other.running.project}`
    const plain = await other.ask('GET', at, { headers: { accept: '*/*' } })
    expect([plain.status, plain.headers['content-type']]).toEqual([200, json('2023-01-01')[1]])
    const gone = await other.ask('GET', `${at}/clusters`, { headers: { accept: vendor('2024-05-30') } })
    expect([gone.status, gone.body.errorCode]).toEqual([410, 'VERSION_GONE'])
    const preview = await other.ask('GET', at, { headers: { accept: vendor('preview') } })
    expect(preview.status).toBe(406)
  })
})

describe('the legacy generations', () => {
  test.each(['*/*', 'text/html', vendor('2025-03-12')])('answer plain JSON to %s', async accept => {
    const { status, headers } = await atlas.v1('GET', '', { headers: { accept } })
    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
  })

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'nonsense', 'application/vnd.atlas.2023-01-01+json'])(
    'read a body as JSON that is sent as %s',
    async type => {
      const payload = JSON.stringify({ name: `as-${type.replaceAll(/[^a-z]/g, '-').slice(0, 40)}` })
      const { status } = await atlas.v1('PATCH', '', { payload, headers: { 'content-type': type } })
      expect(status).toBe(200)
    },
  )

  test('v1.5 has clusters alone', async () => {
    expect((await atlas.ask('GET', `/api/atlas/v1.5/groups/${group}/clusters`)).status).toBe(200)
    expect((await atlas.ask('GET', `/api/atlas/v1.5/groups/${group}`)).body.errorCode).toBe('RESOURCE_NOT_FOUND')
  })
})

describe('addresses', () => {
  test('slashes of a base that ends in one are nothing', async () => {
    for (const path of [`//api/atlas/v1.0/groups/${group}`, `///api/atlas/v1.0/groups/${group}`])
      expect([path, (await askRaw(atlas, 'GET', path)).status]).toEqual([path, 200])
  })

  test('the absolute form of a target is as good as its path', async () => {
    const { status, text } = await askRaw(
      atlas,
      'GET',
      `http://roll.example/api/atlas/v1.0/groups/${group}?pretty=true`,
    )
    expect([status, JSON.parse(text).id]).toEqual([200, group])
    expect((await askRaw(atlas, 'GET', 'http://roll.example/api/atlas/v1.0/nothing')).status).toBe(404)
  })

  test.each(['/accessList/', '//accessList', '/accessList//', '/./accessList', '/../x', '/%2e%2e/x', '/accessList/.'])(
    'groups/ID%s leads nowhere (trap 5)',
    async below => {
      for (const method of ['GET', 'DELETE', 'POST']) {
        const { status, text } = await askRaw(atlas, method, `/api/atlas/v1.0/groups/${group}${below}`)
        expect([method, status, JSON.parse(text).errorCode]).toEqual([method, 404, 'RESOURCE_NOT_FOUND'])
      }
    },
  )

  test('a segment is decoded exactly once, and escapes of no character are refused (trap 8)', async () => {
    const refusal = async (below: string) => (await atlas.v1('GET', `/clusters/${below}`)).body
    expect(await refusal('a%252Fb')).toMatchObject({ errorCode: 'CLUSTER_NOT_FOUND', parameters: ['a%2Fb', group] })
    expect(await refusal('a%2Fb')).toMatchObject({ errorCode: 'CLUSTER_NOT_FOUND', parameters: ['a/b', group] })
    expect(await refusal('$&+=:@')).toMatchObject({ errorCode: 'CLUSTER_NOT_FOUND', parameters: ['$&+=:@', group] })
    expect(await refusal('%24%26%2B')).toMatchObject({ errorCode: 'CLUSTER_NOT_FOUND', parameters: ['$&+', group] })
    for (const bad of ['%ff', 'a%', '%zz', '%C3'])
      expect(await refusal(bad)).toMatchObject({
        error: 400,
        errorCode: 'INVALID_PATH_PARAMETER',
        parameters: ['clusterName'],
      })
  })

  test('links begin with what the setting publicUrl says', async () => {
    await using other = await anAtlas({ flags: { '--public-url': 'https://roll.example/' } })
    const { body } = await other.v1('GET', '')
    expect(body.links.at(-1)).toEqual({
      href: `https://roll.example/api/atlas/v1.0/groups/${other.running.project}`,
      rel: 'self',
    })
  })

  test('links begin with what a proxy says that is trusted', async () => {
    await using other = await anAtlas({ flags: { '--trust-proxy': '127.0.0.1/32' } })
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'front.example' }
    const { body, headers: answered } = await other.v1('GET', '', { headers })
    expect(body.links.at(-1).href).toMatch(/^https:\/\/front\.example\/api\/atlas\/v1\.0\//)
    expect(answered['strict-transport-security']).toMatch(/max-age=\d+/)
  })

  test('HEAD is answered wherever GET is, without a body', async () => {
    const { status, text, headers } = await atlas.v1('HEAD', '')
    expect([status, text, headers['content-type']]).toEqual([200, '', 'application/json'])
  })

  test('a method that a path has not is told which there are', async () => {
    const { status, headers, body } = await atlas.v1('PUT', '/accessList')
    expect([status, headers.allow, body.errorCode]).toEqual([405, 'GET, HEAD, POST', 'METHOD_NOT_ALLOWED'])
    expect((await atlas.v2('DELETE', '/clusters')).headers.allow).toBe('GET, HEAD')
  })
})

describe('the order of checks', () => {
  test('what comes first is told first', async () => {
    const bad = { payload: '{', headers: V2 }
    const ask = async (method: string, path: string, more: object = {}) =>
      (await atlas.ask(method, path, { ...bad, ...more })).body.errorCode
    const v2 = `/api/atlas/v2/groups/${group}`
    const viewer = await atlas.aKey('viewer')
    expect(await ask('POST', `${v2}/nothing?pretty=x`, { as: null })).toBe('UNEXPECTED_ERROR')
    expect(await ask('POST', `${v2}/nothing?pretty=x`, { headers: {} })).toBe('RESOURCE_NOT_FOUND')
    expect(await ask('PUT', `${v2}/accessList?pretty=x`, { headers: {} })).toBe('METHOD_NOT_ALLOWED')
    expect(await ask('POST', '/api/atlas/v2/groups/nonsense/accessList?pretty=x', { headers: {} })).toBe(
      'INVALID_VERSION_DATE',
    )
    expect(await ask('DELETE', '/api/atlas/v2/groups/nonsense/accessList/%ff?pretty=x')).toBe('INVALID_PATH_PARAMETER')
    expect(await ask('POST', '/api/atlas/v2/groups/nonsense/accessList?pretty=x')).toBe('INVALID_GROUP_ID')
    expect(await ask('POST', `/api/atlas/v2/groups/${'0'.repeat(24)}/accessList?pretty=x`)).toBe('GROUP_NOT_FOUND')
    expect(await ask('POST', `${v2}/accessList?pretty=x`, { as: viewer })).toBe('USER_UNAUTHORIZED')
    expect(await ask('POST', `${v2}/accessList?pretty=x`)).toBe('INVALID_QUERY_PARAMETER')
    expect(await ask('POST', `${v2}/accessList`)).toBe('MALFORMED_JSON')
    expect(await ask('POST', `${v2}/accessList`, { payload: '' })).toBe('INVALID_JSON')
    expect(await ask('POST', `${v2}/accessList`, { payload: '{}' })).toBe('INVALID_JSON')
  })
})

describe('a body that is no object where one is needed', () => {
  test.each(['[]', '[1]', '[{"name":"x"}]', '"x"', '7', 'null'])(
    '%s is told as such, and changes nothing',
    async payload => {
      const asked: readonly (readonly [string, string])[] = [
        ['PATCH', ''],
        ['POST', '/databaseUsers'],
        ['PATCH', '/databaseUsers/admin/nobody'],
        ['POST', '/customDBRoles/roles'],
        ['PATCH', '/customDBRoles/roles/nobody'],
        ['POST', '/apiKeys'],
      ]
      for (const [method, below] of asked) {
        const { status, body } = await atlas.v1(method, below, { payload })
        expect([method, below, status, body.errorCode]).toEqual([method, below, 400, 'INVALID_JSON'])
      }
      const made = await atlas.ask('POST', '/api/atlas/v1.0/groups', { payload })
      expect([made.status, made.body.errorCode]).toEqual([400, 'INVALID_JSON'])
    },
  )
})

describe('how answers are written', () => {
  const page = (query: string, generation = 'v1.0') =>
    atlas.ask('GET', `/api/atlas/${generation}/groups/${group}/accessList${query}`, { headers: V2 })

  beforeAll(async () => {
    const body = [1, 2, 3].map(n => ({ ipAddress: `192.0.2.${n}` }))
    await atlas.v1('POST', '/accessList', { body })
  })

  test('compact, names in alphabetical order', async () => {
    const { text } = await atlas.v1('GET', '/accessList/192.0.2.1')
    expect(text).toBe(
      `{"cidrBlock":"192.0.2.1/32","comment":"","groupId":"${group}","ipAddress":"192.0.2.1","links":[{"href":"http://localhost:80/api/atlas/v1.0/groups/${group}/accessList/192.0.2.1%2F32","rel":"self"}]}`,
    )
  })

  test('pretty, with a space on both sides of each colon', async () => {
    const { text } = await page('?pretty=TRUE&itemsPerPage=2')
    const self = `http://localhost:80/api/atlas/v1.0/groups/${group}/accessList`
    const item = (n: number) => `{
    "cidrBlock" : "192.0.2.${n}/32",
    "comment" : "",
    "groupId" : "${group}",
    "ipAddress" : "192.0.2.${n}",
    "links" : [ {
      "href" : "${self}/192.0.2.${n}%2F32",
      "rel" : "self"
    } ]
  }`
    expect(text).toBe(`{
  "links" : [ {
    "href" : "${self}?includeCount=true&pageNum=1&itemsPerPage=2&pretty=true",
    "rel" : "self"
  }, {
    "href" : "${self}?includeCount=true&itemsPerPage=2&pageNum=2&pretty=true",
    "rel" : "next"
  } ],
  "results" : [ ${item(1)}, ${item(2)} ],
  "totalCount" : 3
}`)
  })

  test('empty arrays and objects have a space in them', async () => {
    const { text } = await page('?pretty=true&pageNum=9')
    expect(text).toContain('"results" : [ ],')
    const { text: gone } = await atlas.ask(
      'DELETE',
      `/api/atlas/v1.0/groups/${group}/accessList/192.0.2.3?pretty=true&envelope=true`,
    )
    expect(gone).toBe('{\n  "content" : { },\n  "status" : 204\n}')
  })

  test('refusals are pretty, too, where that is asked for', async () => {
    const { text } = await atlas.v1('GET', '/nothing?pretty=true')
    expect(text).toBe(`{
  "detail" : "Cannot find resource /api/atlas/v1.0/groups/${group}/nothing.",
  "error" : 404,
  "errorCode" : "RESOURCE_NOT_FOUND",
  "parameters" : [ "/api/atlas/v1.0/groups/${group}/nothing" ],
  "reason" : "Not Found"
}`)
  })

  test('in an envelope: one thing, a list of either generation, nothing, a refusal', async () => {
    const one = await atlas.v1('GET', '?envelope=true')
    expect(one.body).toMatchObject({ status: 200, content: { id: group } })
    expect(Object.keys((await page('?envelope=true')).body)).toEqual(['content', 'status'])
    expect((await page('?envelope=true')).body.content.results).toHaveLength(2)
    const flat = await page('?envelope=true', 'v2')
    expect([Object.keys(flat.body), flat.body.status]).toEqual([['links', 'results', 'status', 'totalCount'], 200])
    const bare = await atlas.v2('GET', '/limits?envelope=true')
    expect(bare.body).toEqual({ content: [], status: 200 })
    const refused = await atlas.v1('GET', '/nothing?envelope=True')
    expect([refused.status, refused.body.status, refused.body.content.errorCode]).toEqual([
      404,
      404,
      'RESOURCE_NOT_FOUND',
    ])
  })

  test('lists go where the setting envelopeLists says', async () => {
    await using other = await anAtlas({ flags: { '--atlas-envelope-lists': 'flat' } })
    const { body } = await other.v1('GET', '/accessList?envelope=true')
    expect(Object.keys(body)).toEqual(['links', 'results', 'status', 'totalCount'])
  })

  test('a 204 has a type, and no body', async () => {
    const { status, text, headers } = await atlas.v1('DELETE', '/accessList/192.0.2.2')
    expect([status, text, headers['content-type']]).toEqual([204, '', 'application/json'])
    await atlas.v1('POST', '/accessList', { body: [{ ipAddress: '192.0.2.2' }] })
    const current = await atlas.v2('DELETE', '/accessList/192.0.2.2')
    expect([current.status, current.headers['content-type']]).toEqual([204, json('2023-01-01')[1]])
  })
})

describe('pages', () => {
  beforeAll(async () => {
    const body = [1, 2, 3, 4, 5].map(n => ({ cidrBlock: `10.${n}.0.0/16` }))
    await atlas.v1('DELETE', '/accessList/192.0.2.1')
    await atlas.v1('POST', '/accessList', { body })
  })
  const page = async (query: string) => (await atlas.v1('GET', `/accessList${query}`)).body
  const rels = (body: { links: { rel: string; href: string }[] }) => body.links.map(({ rel }) => rel)

  test('lead to the one before and the one after', async () => {
    const body = await page('?pageNum=2&itemsPerPage=2&envelope=false')
    expect(body.results.map((one: { cidrBlock: string }) => one.cidrBlock)).toEqual(['10.3.0.0/16', '10.4.0.0/16'])
    expect(body.totalCount).toBe(5)
    const at = `http://localhost:80/api/atlas/v1.0/groups/${group}/accessList`
    expect(body.links).toEqual([
      { href: `${at}?includeCount=true&pageNum=2&itemsPerPage=2&envelope=false`, rel: 'self' },
      { href: `${at}?includeCount=true&itemsPerPage=2&pageNum=1&envelope=false`, rel: 'previous' },
      { href: `${at}?includeCount=true&itemsPerPage=2&pageNum=3&envelope=false`, rel: 'next' },
    ])
  })

  test('end', async () => {
    expect(rels(await page('?pageNum=3&itemsPerPage=2'))).toEqual(['self', 'previous'])
    expect(await page('?pageNum=9')).toMatchObject({ results: [], totalCount: 5 })
    expect(rels(await page(''))).toEqual(['self'])
  })

  test('have no count where none is wanted, and take any parameter that nobody knows', async () => {
    expect(await page('?includeCount=FALSE&foo=bar')).not.toHaveProperty('totalCount')
  })

  test('take the first of a parameter that comes twice', async () => {
    expect((await page('?itemsPerPage=1&itemsPerPage=3')).results).toHaveLength(1)
  })

  test.each([
    ['pageNum', '0'],
    ['pageNum', '-1'],
    ['pageNum', 'abc'],
    ['pageNum', '1.5'],
    ['pageNum', ''],
    ['itemsPerPage', '501'],
    ['itemsPerPage', '0'],
    ['includeCount', 'yes'],
    ['pretty', '1'],
    ['envelope', 'on'],
  ])('refuse %s=%s', async (name, value) => {
    expect(await page(`?${name}=${value}`)).toMatchObject({ errorCode: 'INVALID_QUERY_PARAMETER', parameters: [name] })
  })
})
