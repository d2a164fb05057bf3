import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeJson } from '../../../../src/dialects/trove/formats/json.ts'
import { elementFrom } from '../../../../src/dialects/trove/formats/xml/from-body.ts'
import { readXml } from '../../../../src/dialects/trove/formats/xml/read.ts'
import { bodyFrom } from '../../../../src/dialects/trove/formats/xml/to-body.ts'
import { writeXml } from '../../../../src/dialects/trove/formats/xml/write.ts'
import { isXml, type UserLike, usersAsJson, usersAsXml } from '../canonical.ts'

const NS = 'http://docs.openstack.org/database/api/v1.0'
const toXml = (body: Readonly<Record<string, unknown>>) => writeXml(elementFrom(body))
const fromXml = (text: string | Buffer) => bodyFrom(readXml(Buffer.from(text)))
const databases = (...names: string[]) => names.map(name => ({ name }))

/** The published example, as keys come out of the reference: not sorted. */
const FOUR = [
  { name: 'dbuser1', host: '%', databases: [] },
  { name: 'dbuser2', host: '10.0.0.1', databases: databases('databaseB', 'databaseC') },
  { name: 'dbuser3', host: '%', databases: [] },
  { name: 'demouser', host: '%', databases: databases('sampledb') },
]

describe('the published list of four users', () => {
  test('is 287 bytes of JSON', () => {
    expect(Buffer.byteLength(writeJson({ users: FOUR }))).toBe(287)
    expect(writeJson({ users: FOUR })).toBe(usersAsJson(FOUR))
  })

  test('is 511 bytes of XML', () => {
    expect(Buffer.byteLength(toXml({ users: FOUR }))).toBe(511)
    expect(toXml({ users: FOUR })).toBe(usersAsXml(FOUR))
  })

  const PAGES = [
    ['xml', '9cccb45e-e15d-4bcc-aedc-61a4bf3e4ad9', 519],
    ['json', 'dcc5c518-73c7-4471-83e1-15fae67a98eb', 345],
  ] as const
  test.each(PAGES)('is, as its first page of two in %s, of instance %s, %i bytes', (format, instance, bytes) => {
    const base = 'https://ord.databases.api.rackspacecloud.com/v1.0/1234/instances'
    const href = `${base}/${instance}/users?marker=dbuser2%4010.0.0.1&limit=2`
    const body = { users: FOUR.slice(0, 2), links: [{ href, rel: 'next' }] }
    expect(Buffer.byteLength(format === 'xml' ? toXml(body) : writeJson(body))).toBe(bytes)
  })
})

const HREF =
  'https://db.example.net/v1.0/1234/instances/5b0c6b7e-8a53-4f0d-9f6d-0c3b1c5a7e21/users?marker=bea%4010.1.2.3&limit=2'
const PAGE = {
  users: [
    { name: 'ada', host: '%', databases: [] },
    { name: 'bea', host: '10.1.2.3', databases: databases('ledger', 'stock') },
  ],
  links: [{ rel: 'next', href: HREF }],
}

describe('the canonical forms', () => {
  test('of a page in JSON', () => {
    expect(writeJson(PAGE)).toBe(
      `{"links": [{"href": "${HREF}", "rel": "next"}], "users": [{"databases": [], "host": "%", "name": "ada"}, {"databases": [{"name": "ledger"}, {"name": "stock"}], "host": "10.1.2.3", "name": "bea"}]}`,
    )
  })

  test('of a page in XML: its links are the last child', () => {
    expect(toXml(PAGE)).toBe(`<users xmlns="${NS}">
    <user host="%" name="ada">
        <databases/>
    </user>
    <user host="10.1.2.3" name="bea">
        <databases>
            <database name="ledger"/>
            <database name="stock"/>
        </databases>
    </user>
    <links>
        <link href="${HREF.replace('&', '&amp;')}" rel="next"/>
    </links>
</users>
`)
  })

  const SMALL: readonly (readonly [object, string, string])[] = [
    [{ users: [] }, '{"users": []}', `<users xmlns="${NS}"/>\n`],
    [{ rootEnabled: true }, '{"rootEnabled": true}', `<rootEnabled xmlns="${NS}">True</rootEnabled>\n`],
    [{ rootEnabled: false }, '{"rootEnabled": false}', `<rootEnabled xmlns="${NS}">False</rootEnabled>\n`],
    [
      { user: { name: 'root', password: 'a<b' } },
      '{"user": {"name": "root", "password": "a<b"}}',
      `<user name="root" password="a&lt;b" xmlns="${NS}"/>\n`,
    ],
    [
      { itemNotFound: { message: 'User carol@% cannot be found on the instance.', code: 404 } },
      '{"itemNotFound": {"code": 404, "message": "User carol@% cannot be found on the instance."}}',
      `<itemNotFound code="404" xmlns="${NS}">\n    <message>User carol@% cannot be found on the instance.</message>\n</itemNotFound>\n`,
    ],
    [
      { overLimit: { code: 413, message: 'This request was rate-limited.', details: 'Only', retryAfter: '12' } },
      '{"overLimit": {"code": 413, "details": "Only", "message": "This request was rate-limited.", "retryAfter": "12"}}',
      `<overLimit code="413" retryAfter="12" xmlns="${NS}">\n    <details>Only</details>\n    <message>This request was rate-limited.</message>\n</overLimit>\n`,
    ],
    [
      { flavor: { id: null, name: 'a', ram: 1, vcpus: 2, links: [] } },
      '{"flavor": {"id": null, "links": [], "name": "a", "ram": 1, "vcpus": 2}}',
      `<flavor id="None" name="a" ram="1" xmlns="${NS}">\n    <links/>\n    <vcpus>2</vcpus>\n</flavor>\n`,
    ],
  ]
  test.each(SMALL)('of %j', (body, json, xml) => {
    expect(writeJson(body)).toBe(json)
    expect(toXml(body as Readonly<Record<string, unknown>>)).toBe(xml)
  })

  test('of an instance: links, volume, flavor, then the rest by name', () => {
    const xml = toXml({
      instance: { region: 'r', access: {}, volume: { size: 1 }, flavor: { id: '1' }, links: [], id: 'i', name: 'n' },
    })
    expect([...xml.matchAll(/^ {4}<(\w+)/gm)].map(([, name]) => name)).toEqual([
      'links',
      'volume',
      'flavor',
      'access',
      'region',
    ])
    expect(xml).toMatch(/^<instance id="i" name="n" xmlns=/)
  })

  test('of a fault that nothing was found at: 78 bytes', () => {
    const body = { itemNotFound: { code: 404, message: 'The resource could not be found.' } }
    expect(Buffer.byteLength(writeJson(body))).toBe(78)
  })
})

const named = { name: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) }
const aUser = fc.record({
  ...named,
  host: fc.oneof(fc.constantFrom('%', '10.%', '192.168.1.%'), fc.ipV4(), fc.string({ minLength: 1, maxLength: 12 })),
  databases: fc.array(fc.record(named), { maxLength: 4 }),
})

/** What XML can say of a text. */
const writable = (text: string) => [...text].map(one => (isXml(one.codePointAt(0)!) ? one : '\ufffd')).join('')

describe('200 random lists of users', () => {
  const plain = (users: readonly UserLike[]) => JSON.parse(JSON.stringify({ users }))

  test('are JSON in canonical form that parses back to the same', () => {
    fc.assert(
      fc.property(fc.array(aUser, { maxLength: 5 }), users => {
        const text = writeJson({ users })
        expect(text).toBe(usersAsJson(users))
        expect(JSON.parse(text)).toEqual(plain(users))
      }),
      { numRuns: 200 },
    )
  })

  test('are XML in canonical form that parses back to the same', () => {
    fc.assert(
      fc.property(fc.array(aUser, { maxLength: 5 }), users => {
        const text = toXml({ users })
        expect(text).toBe(usersAsXml(users))
        const same = users.map(({ name, host, databases: all }) => ({
          name: writable(name),
          host: writable(host),
          databases: all.map(one => ({ name: writable(one.name) })),
        }))
        expect(fromXml(text)).toEqual(plain(same))
      }),
      { numRuns: 200 },
    )
  })
})

describe('a request in XML', () => {
  const CREATE = `<?xml version="1.0" encoding="UTF-8"?>
<users xmlns="${NS}">
    <user name="ada" password="s3cret1"/>
    <user host="10.1.2.3" name="bea" password="s3cret2">
        <databases>
            <database name="ledger"/>
            <database name="stock"/>
        </databases>
    </user>
</users>`
  const created = {
    users: [
      { name: 'ada', password: 's3cret1' },
      { host: '10.1.2.3', name: 'bea', password: 's3cret2', databases: databases('ledger', 'stock') },
    ],
  }
  const READ: readonly (readonly [string, string, unknown])[] = [
    ['users to create', CREATE, created],
    ['the same without a namespace', CREATE.replace(` xmlns="${NS}"`, ''), created],
    ['the same with a prefix', '<d:users xmlns:d="http://docs.openstack.org/database/api/v1.0"/>', { users: [] }],
    ['a change', `<user xmlns="${NS}" name="ada2" host="10.%"/>`, { user: { name: 'ada2', host: '10.%' } }],
    ['a password', '<password>a&amp;b&#x20;c</password>', { password: 'a&b c' }],
    ['an action', `<restart xmlns="${NS}"/>`, { restart: {} }],
    ['text in CDATA', '<password><![CDATA[<&>]]></password>', { password: '<&>' }],
    [
      'an instance',
      '<instance name="a" flavorRef="1"><volume size="2"/><databases><database name="d"/></databases><users/></instance>',
      { instance: { name: 'a', flavorRef: '1', volume: { size: 2 }, databases: databases('d'), users: [] } },
    ],
    ['a name that objects have anyway', '<user __proto__="x"/>', JSON.parse('{"user": {"__proto__": "x"}}')],
    ['a byte order mark', '\ufeff<users/>', { users: [] }],
  ]
  test.each(READ)('is read: %s', (_what, text, body) => {
    expect(fromXml(text)).toEqual(body)
  })

  const laughs = `<!DOCTYPE l [<!ENTITY a "ha">${'bcdefghij'.split('').map((one, at) => `<!ENTITY ${one} "${`&${'abcdefghij'[at]};`.repeat(10)}">`)}]><l>&j;</l>`
  const BAD: readonly (readonly [string, string | Buffer])[] = [
    ['an entity bomb', laughs],
    ['an external entity', '<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]><users><user name="&x;"/></users>'],
    ['an external document type', '<!DOCTYPE users SYSTEM "http://127.0.0.1:1/x.dtd"><users/>'],
    ['an empty document type', '<!DOCTYPE users><users/>'],
    ['an entity of nobody', '<user name="&nbsp;"/>'],
    ['10,000 levels', '<a>'.repeat(10_000)],
    ['10,000 levels that are closed', `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`],
    ['a megabyte of elements', `<users>${'<user/>'.repeat(140_000)}</users>`],
    ['a megabyte of attributes', `<user ${Array.from({ length: 80_000 }, (_one, at) => `a${at}=""`).join(' ')}/>`],
    [
      'a megabyte of namespaces',
      `<user ${Array.from({ length: 20_000 }, (_one, at) => `xmlns:n${at}="u${at}"`).join(' ')}/>`,
    ],
    ['UTF-16', Buffer.from('\ufeff<users/>', 'utf16le')],
    ['UTF-16 without a mark', Buffer.from('<users/>', 'utf16le')],
    ['Latin-1 that says so', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><user name="\xe9"/>', 'latin1')],
    ['Latin-1 that does not', Buffer.from('<user name="\xe9"/>', 'latin1')],
    ['UTF-8 that calls itself UTF-16', '<?xml version="1.0" encoding="UTF-16"?><users/>'],
    ['UTF-7', '<?xml version="1.0" encoding="UTF-7"?>+ADw-users/+AD4-'],
    ['nothing', ''],
    ['spaces', '  \n'],
    ['an element that is not closed', '<users><user name="a"></users>'],
    ['two roots', '<users/><users/>'],
    ['text after the end', '<users/>x'],
    ['an attribute twice', '<user name="a" name="b"/>'],
    ['an attribute without quotes', '<user name=a/>'],
    ['a control character', '<user name="&#1;"/>'],
    ['JSON', '{"users": []}'],
    ['another namespace', '<users xmlns="urn:other"/>'],
    ['a prefix of nothing', '<x:users/>'],
    ['something else in a list', '<users><database name="a"/></users>'],
    ['a list with attributes', '<users name="a"/>'],
    ['text in a list', '<users>a</users>'],
    ['text between elements', '<users>a<user name="b"/></users>'],
    ['a child twice', '<instance><volume size="1"/><volume size="2"/></instance>'],
    ['an attribute that is a child too', '<instance name="a"><name>b</name></instance>'],
  ]
  test.each(BAD)('is refused in good time, and its text not told: %s', (_what, text) => {
    const began = performance.now()
    expect(() => fromXml(text)).toThrow(
      expect.objectContaining({
        code: 'malformed',
        message: expect.stringMatching(/^The XML document can not be read: .{1,80}$/),
      }),
    )
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  test('of a megabyte of references is read in good time', () => {
    const began = performance.now()
    expect(fromXml(`<password>${'&amp;'.repeat(200_000)}</password>`)).toEqual({ password: '&'.repeat(200_000) })
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})
