import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fault } from '../../../../src/domain/fault.ts'
import type { Store } from '../../../../src/store/store.ts'
import type { Asking } from '../../../support/app.ts'
import { postgresqlServer } from '../../../support/servers.ts'
import { aTrove, type Trove, XML } from '../trove.ts'

const NS = 'http://docs.openstack.org/database/api/v1.0'

let trove: Trove
let limited: Trove
let at: string
/** What the store does with the next question about an instance. */
let failure: Error | undefined

beforeAll(async () => {
  trove = await aTrove({ parts: real => ({ ...real, store: failing(real.store) }) })
  limited = await aTrove({ flags: { '--limits-rate-per-minute': '1' } })
  at = await trove.manage(await postgresqlServer(), { instanceName: 'faulty' })
})
afterAll(async () => {
  failure = undefined
  await trove?.[Symbol.asyncDispose]()
  await limited?.[Symbol.asyncDispose]()
})

function failing(store: Store): Store {
  const find: Store['read']['instances']['find'] = async id => {
    if (failure) throw failure
    return store.read.instances.find(id)
  }
  return { ...store, read: { ...store.read, instances: { ...store.read.instances, find } } }
}

type Ask = (more: Asking) => ReturnType<Trove['ask']>

const big = Buffer.alloc(1_048_577, 0x20)
const asTyped = (type: string | undefined, payload: string | Buffer) => (more: Asking) =>
  trove.api('POST', `${at}/users`, { payload, headers: { ...more.headers, ...(type && { 'content-type': type }) } })

/** Every fault of the published set: status, name, message, and what brings it about. */
const FAULTS: readonly (readonly [number, string, string | RegExp, Ask])[] = [
  [
    400,
    'badRequest',
    "Validation error: 'users' is a required property",
    more => trove.api('POST', `${at}/users`, { ...more, body: {} }),
  ],
  [
    401,
    'unauthorized',
    'Credentials are required to access this resource.',
    more => trove.api('GET', '/instances', { ...more, key: null }),
  ],
  [403, 'forbidden', 'Access was denied to this resource.', more => trove.ask('GET', '/v1.0/1234/instances', more)],
  [404, 'itemNotFound', 'The resource could not be found.', more => trove.api('GET', '/nothing', more)],
  [405, 'badMethod', 'The method is not allowed for this path.', more => trove.api('PATCH', `${at}/users`, more)],
  [
    406,
    'notAcceptable',
    'version not supported',
    ({ headers }) =>
      trove.api('GET', '/instances', {
        headers: {
          accept: `application/vnd.openstack.trove+${headers?.accept?.includes('xml') ? 'xml' : 'json'};version=2.0`,
        },
      }),
  ],
  [413, 'overLimit', 'The body is larger than this server takes', more => asTyped('application/json', big)(more)],
  [415, 'badMediaType', 'Send application/json or application/xml', more => asTyped('text/plain', '{}')(more)],
  [
    422,
    'unprocessableEntity',
    'Operation not supported for datastore postgresql.',
    more => trove.api('POST', `${at}/action`, { ...more, body: { restart: {} } }),
  ],
  [
    500,
    'instanceFault',
    /^The server has either erred or is incapable of performing the requested operation \([0-9a-f]{16}\)\.$/,
    more => failingWith(new Error('secret words of ours'), more),
  ],
  [501, 'notImplemented', 'The requested method is not implemented.', more => trove.api('GET', `${at}/backups`, more)],
  [
    503,
    'serviceUnavailable',
    'The store does not answer',
    more => failingWith(new Fault('unavailable', 'store', 'The store does not answer'), more),
  ],
]

async function failingWith(error: Error, more: Asking) {
  failure = error
  try {
    return await trove.api('GET', at, more)
  } finally {
    failure = undefined
  }
}

describe.each(FAULTS)('%i %s', (code, fault, words, ask) => {
  test('has one key in JSON', async () => {
    const answer = await ask({ headers: { accept: 'application/json' } })
    const message = typeof words === 'string' ? words : expect.stringMatching(words)
    expect([answer.status, answer.body]).toEqual([code, { [fault]: { code, message } }])
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.text).toBe(
      `{"${fault}": {"code": ${code}, "message": ${JSON.stringify(answer.body[fault].message)}}}`,
    )
    expect(answer.text).not.toContain('secret words')
  })

  test('is the same in XML', async () => {
    const { status, text, headers } = await ask({ headers: XML })
    const [, message] = /<message>(.*)<\/message>/.exec(text) ?? []
    expect([status, headers['content-type']]).toEqual([code, 'application/xml'])
    expect(text).toBe(`<${fault} code="${code}" xmlns="${NS}">\n    <message>${message}</message>\n</${fault}>\n`)
    if (typeof words === 'string') expect(message).toBe(words)
  })
})

test('a 401 says where to ask for a token, a 405 what the path takes', async () => {
  const none = await trove.api('GET', '/instances', { key: null })
  expect(none.headers['www-authenticate']).toBe('Keystone uri="http://localhost:80/identity"')
  const { headers } = await trove.api('PATCH', `${at}/users`)
  expect(headers.allow?.split(', ')).toEqual(expect.arrayContaining(['GET', 'POST', 'PUT']))
})

describe('too many requests', () => {
  test('are told in both formats, with when to come again', async () => {
    await limited.api('GET', '/limits')
    const json = await limited.api('GET', '/limits')
    const { message, details, retryAfter } = json.body.overLimit
    expect([json.status, message, details]).toEqual([
      413,
      'This request was rate-limited.',
      'Only 1 GET request(s) can be made to * every minute.',
    ])
    expect(retryAfter).toBe(json.headers['retry-after'])
    const xml = await limited.api('POST', '/instances', { headers: XML, body: {} })
    const after = xml.headers['retry-after']
    expect(xml.text).toBe(
      `<overLimit code="413" retryAfter="${after}" xmlns="${NS}">\n    <details>Only 1 POST request(s) can be made to * every minute.</details>\n    <message>This request was rate-limited.</message>\n</overLimit>\n`,
    )
  })
})

describe('what is looked at first', () => {
  test('is the token, then the account, then the body, then the instance', async () => {
    const nowhere = '/instances/nowhere/users'
    const body = {}
    expect((await trove.ask('POST', `/v1.0/1234${nowhere}`, { key: null, body })).status).toBe(401)
    expect((await trove.ask('POST', `/v1.0/1234${nowhere}`, { body })).status).toBe(403)
    expect((await trove.api('POST', nowhere, { body })).status).toBe(400)
    expect((await trove.api('POST', nowhere, { body: { users: [] } })).status).toBe(404)
    expect((await trove.ask('GET', '/v1.0/1234/nothing', { key: null })).status).toBe(401)
  })

  test('is never a path that ends in a slash', async () => {
    for (const path of ['/instances/', `${at}/`, `${at}/users/`, '/', '//instances'])
      expect([path, (await trove.api('GET', path)).status]).toEqual([path, 404])
  })

  test('is no body where there is none, whatever its type says', async () => {
    const headers = { 'content-type': 'text/strange', accept: 'application/json' }
    expect((await trove.api('GET', `${at}/users`, { headers })).status).toBe(200)
    expect((await trove.api('DELETE', `${at}/users/nobody`, { headers, payload: '{"a": 1}' })).status).toBe(404)
    const none = await trove.api('POST', `${at}/users`, { headers })
    expect(none.status).toBe(400)
  })
})

test('a body may have a mebibyte, and not a byte more', async () => {
  const padded = (bytes: number) => Buffer.from('{"users": []}'.padEnd(bytes))
  const statusOf = async (bytes: number) => (await asTyped('application/json', padded(bytes))({})).status
  expect([await statusOf(1_048_576), await statusOf(1_048_577)]).toEqual([202, 413])
})

test('nothing that is told to one caller is kept for another', async () => {
  for (const path of ['/instances', `${at}/users`, '/nothing'])
    expect((await trove.api('GET', path)).headers['cache-control']).toBe('no-store')
})

test('HEAD is GET without a body', async () => {
  const [head, get] = [await trove.api('HEAD', '/limits'), await trove.api('GET', '/limits')]
  expect([head.status, head.text]).toEqual([200, ''])
  expect(head.headers['content-type']).toBe(get.headers['content-type'])
  const [root, same] = [await trove.api('HEAD', `${at}/root`), await trove.api('GET', `${at}/root`)]
  expect(root.headers['content-length']).toBe(same.headers['content-length'])
})

describe('XML that attacks', () => {
  const entities = `<!DOCTYPE l [<!ENTITY a "ha">${[...'bcdefghij'].map((one, place) => `<!ENTITY ${one} "${`&${'abcdefghij'[place]};`.repeat(10)}">`).join('')}]><users>&j;</users>`
  const ATTACKS: readonly (readonly [string, string | Buffer])[] = [
    ['an entity bomb', entities],
    [
      'an external entity',
      '<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]><users><user name="&x;" password="password1"/></users>',
    ],
    ['an external document type', '<!DOCTYPE users SYSTEM "http://127.0.0.1:9/x.dtd"><users/>'],
    ['10,000 levels', '<users>'.repeat(10_000)],
    ['a megabyte of elements', `<users>${'<user/>'.repeat(149_000)}</users>`],
    ['UTF-16', Buffer.from('\ufeff<users/>', 'utf16le')],
    ['Latin-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><users/>')],
    ['no XML at all', '{"users": []}'],
  ]
  test.each(ATTACKS)('is refused in good time, and the server goes on: %s', async (_what, payload) => {
    const [began, memory] = [performance.now(), process.memoryUsage().heapUsed]
    const headers = { 'content-type': 'application/xml', ...XML }
    const answer = await trove.api('POST', `${at}/users`, { payload, headers })
    expect([answer.status, answer.text.startsWith('<badRequest code="400"')]).toEqual([400, true])
    expect(answer.text.length).toBeLessThan(500)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(process.memoryUsage().heapUsed - memory).toBeLessThan(200_000_000)
    expect((await trove.api('GET', '/limits')).status).toBe(200)
  })
})
