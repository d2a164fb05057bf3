import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paginationOf } from '../../../src/dialects/wiremock/pagination.ts'
import { aWiremock, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let page3: unknown
beforeAll(async () => {
  wiremock = await aWiremock()
  for (let n = 1; n <= 45; n += 1) await wiremock.create({ connectionName: `Server ${n}`, port: n })
  page3 = (await list('?page=3&limit=20')).body
})
afterAll(() => wiremock[Symbol.asyncDispose]())

const list = (query = '') => wiremock.ask('GET', `${wiremock.home}${query}`)
const ids = (body: { databaseConnections: { id: string }[] }) => body.databaseConnections.map(({ id }) => id)

test('45 connections: next leads to the end, previous back, and each is seen once', async () => {
  const there: string[] = []
  const back: string[] = []
  let path: string | undefined = wiremock.home
  let last = ''
  while (path) {
    const { body } = await wiremock.ask('GET', path)
    there.push(...ids(body))
    last = body.links.self
    path = body.links.next
  }
  for (path = last; path; ) {
    const { body } = await wiremock.ask('GET', path)
    back.unshift(...ids(body))
    path = body.links.previous
  }
  expect(new Set(there).size).toBe(45)
  expect(back).toEqual(there)
})

test('the oldest comes first', async () => {
  const { body } = await list('?limit=1000')
  expect(body.databaseConnections.map((one: { port: number }) => one.port)).toEqual(
    Array.from({ length: 45 }, (_one, at) => at + 1),
  )
})

test('the last page tells where it is, and leaves out what leads nowhere', () => {
  expect(page3).toMatchObject({ meta: { start: 41, end: 45, total: 45, page: 3, totalPages: 3 } })
  const { links } = page3 as { links: object }
  expect(links).toEqual({
    self: `${wiremock.home}?page=3&limit=20`,
    previous: `${wiremock.home}?page=2&limit=20`,
  })
})

test('a page beyond the end is empty, and says where the last one is', async () => {
  const { status, body } = await list('?page=9&limit=20')
  expect([status, body]).toEqual([
    200,
    {
      databaseConnections: [],
      links: { self: `${wiremock.home}?page=9&limit=20`, previous: `${wiremock.home}?page=3&limit=20` },
      meta: { start: 0, end: 0, total: 45, page: 9, totalPages: 3 },
    },
  ])
})

describe('what a query may say', () => {
  const taken: readonly [string, string, object][] = [
    ['leading zeros', '?limit=007&page=002', { page: 2, start: 8, end: 14, totalPages: 7 }],
    ['more than 1000 a page', '?limit=5000', { page: 1, start: 1, end: 45, totalPages: 1 }],
    ['the largest numbers', '?limit=2147483647&page=2147483647', { page: 2147483647, start: 0, end: 0 }],
    ['digits in percent form', '?limit=%32%30', { page: 1, start: 1, end: 20 }],
    ['a parameter that is not known', '?limit=20&colour=red', { page: 1, start: 1, end: 20 }],
    ['an empty q', '?q=', { total: 45 }],
  ]
  test.each(taken)('%s', async (_what, query, meta) => {
    const { status, body } = await list(query)
    expect(status).toBe(200)
    expect(body.meta).toMatchObject(meta)
    expect(body.links.self).not.toMatch(/colour|q=/)
  })

  test('links say what was served', async () => {
    expect((await list('?limit=5000')).body.links.self).toBe(`${wiremock.home}?page=1&limit=1000`)
    expect((await list('?limit=007')).body.links.next).toBe(`${wiremock.home}?page=2&limit=7`)
  })
})

const positive = (name: string) => ({
  title: 'Invalid query parameter format',
  detail: `The ${name} parameter value must be a positive integer`,
})
const once = (name: string) => ({
  title: 'Invalid query parameter format',
  detail: `The ${name} parameter must be supplied at most once`,
})

describe('what a query may not say', () => {
  const values = ['0', '-1', '1.5', '1e1', 'abc', '', '%2B5', '+5', '%205', '5%20', '2147483648', '٣', '0x10', '00']
  test.each(values)('limit=%s', async value => {
    const { status, body } = await list(`?limit=${encodeURI(value).replaceAll('%25', '%')}`)
    expect([status, body]).toEqual([400, { errors: [positive('limit')] }])
  })
  test.each(values)('page=%s', async value => {
    const { status, body } = await list(`?page=${encodeURI(value).replaceAll('%25', '%')}`)
    expect([status, body]).toEqual([400, { errors: [positive('page')] }])
  })
  test('two at once are both told, limit first', async () => {
    expect((await list('?page=x&limit=0')).body).toEqual({ errors: [positive('limit'), positive('page')] })
  })
  test('anything twice', async () => {
    expect((await list('?page=1&page=1')).body).toEqual({ errors: [once('page')] })
    expect((await list('?q=a&page=0&q=b&limit=1&limit=2')).body).toEqual({
      errors: [once('limit'), positive('page'), once('q')],
    })
  })
  test('what may not be seen comes first', async () => {
    expect((await wiremock.ask('GET', '/v1/users/nobody/database-connections?limit=0')).status).toBe(403)
  })
})

describe('q', () => {
  beforeAll(async () => {
    const names = ['100% sure', 'under_score', 'back\\slash', 'ISTANBUL İ', 'Ünïcode', 'two  spaces', 'e\u0301te\u0301']
    for (const connectionName of names) {
      await wiremock.create({ connectionName, host: 'needle.example', username: 'needle', databaseName: 'needle' })
    }
  })
  const found = async (q: string) => {
    const { body } = await list(`?q=${encodeURIComponent(q)}`)
    return body.databaseConnections.map((one: { connectionName: string }) => one.connectionName)
  }

  test('is a part of the name, in any case', async () => {
    expect(await found('SERVER 1')).toHaveLength(11)
    expect(await found('ünïCODE')).toEqual(['Ünïcode'])
    expect(await found('été')).toEqual(['e\u0301te\u0301'])
    expect(await found('istanbul')).toEqual(['ISTANBUL İ'])
  })
  test('takes wildcards for what they are', async () => {
    expect(await found('%')).toEqual(['100% sure'])
    expect(await found('_')).toEqual(['under_score'])
    expect(await found('\\')).toEqual(['back\\slash'])
  })
  test('takes spaces for what they are', async () => {
    expect(await found('two  spaces')).toHaveLength(1)
    expect(await found('two spaces')).toEqual([])
    expect(await found(' 4')).toHaveLength(7)
  })
  test('looks in the name alone', async () => {
    expect(await found('needle')).toEqual([])
  })
  test('finds nothing with what no name can hold', async () => {
    expect(await found('\u0000')).toEqual([])
  })
  test('is counted after, and carried on in links', async () => {
    const { body } = await list('?q=server%204&limit=5')
    expect(body.meta).toEqual({ start: 1, end: 5, total: 7, page: 1, totalPages: 2 })
    expect(body.links.next).toBe(`${wiremock.home}?page=2&limit=5&q=server%204`)
  })
})

test('HEAD says what GET says, without the body', async () => {
  const got = await list()
  const head = await wiremock.ask('HEAD', wiremock.home)
  expect([head.status, head.text]).toEqual([200, ''])
  for (const name of ['content-type', 'content-length']) expect(head.headers[name]).toBe(got.headers[name])
})

test('the published page: 21 to 40 of 123', () => {
  const wanted = { page: 2, limit: 20, q: '' }
  const { meta } = paginationOf({ path: '/x', wanted, items: 20, total: 123, view: false })
  expect(meta).toEqual({ start: 21, end: 40, total: 123, page: 2, totalPages: 7 })
})
