import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeMarker,
  likeliestMarker,
  markerCandidates,
  resolveMarker,
} from '../../../../src/dialects/trove/requests/markers.ts'
import { formatOf, wantedBy } from '../../../../src/dialects/trove/requests/negotiation.ts'
import { lenientDecode } from '../../../../src/dialects/trove/requests/percent.ts'
import { rawQuery } from '../../../../src/dialects/trove/requests/query.ts'
import { readingsOf, splitUser } from '../../../../src/dialects/trove/users/user-segment.ts'

describe('a marker in a link', () => {
  const ONCE = [
    ['dbuser2@10.0.0.1', 'dbuser2%4010.0.0.1'],
    ['dbuser1@%', 'dbuser1%40%25'],
    ['a b=?@%', 'a%20b%3D%3F%40%25'],
    ["it's!(*)@%", 'it%27s%21%28%2A%29%40%25'],
    ['é@%', '%C3%A9%40%25'],
    ['100%@%', '100%25%40%25'],
  ]
  test.each(ONCE)('of %s is encoded once', (key, marker) => {
    expect(encodeMarker(key)).toBe(marker)
  })

  const TWICE = [
    ['f&x@%', 'f%2526x%2540%2525'],
    ['a#b@%', 'a%2523b%2540%2525'],
    ['a+b@%', 'a%252Bb%2540%2525'],
    ['a;b@%', 'a%253Bb%2540%2525'],
    ['m%20n@10.0.0.1', 'm%252520n%254010.0.0.1'],
  ]
  test.each(TWICE)('of %s is encoded twice', (key, marker) => {
    expect(encodeMarker(key)).toBe(marker)
  })
})

/** Python's `urlencode` of one value: a space is `+`. */
const quotePlus = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')

describe('a marker that comes back', () => {
  const has = (key: string) => async (one: string) => one === key
  const aKey = fc
    .tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), fc.constantFrom('%', '10.0.0.1', '10.%'))
    .map(([name, host]) => `${name}@${host}`)
  const tricky = fc.constantFrom(
    'f&x@%',
    'a+b@%',
    'a b@%',
    'm%20n@10.0.0.1',
    '100%@%',
    'x#y@%',
    'a;b@%',
    '%41@%',
    'a%2Bb@%',
  )

  const CLIENTS: readonly (readonly [string, (link: string) => string])[] = [
    ['a follower of links presents it as it stands', link => link],
    ['pkgcloud decodes it once and encodes it once', link => encodeURIComponent(lenientDecode(link))],
    ['a browser’s form has + for a space', link => quotePlus(lenientDecode(link))],
  ]
  test.each(CLIENTS)('%s', async (_who, present) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(aKey, tricky), async key => {
        expect(await resolveMarker(present(encodeMarker(key)), has(key))).toBe(key)
      }),
    )
  })

  test.each(['f&x@%', 'm%20n@10.0.0.1', 'a#b@%', 'a+b@%', 'a;b@%', 'lone%@%', 'sp ace@%', 'a=b?@%', 'é@%', '"q"@%'])(
    'troveclient decodes it once and pastes it raw: %s',
    async key => {
      const pasted = lenientDecode(encodeMarker(key))
      // What its HTTP library makes of an address; a fragment or another parameter would cut it short.
      expect(pasted).not.toMatch(/[#&;]/)
      const sent = pasted.replace(/[^\x21-\x7e]|["<>]/g, one => encodeURIComponent(one))
      expect(await resolveMarker(sent, has(key))).toBe(key)
    },
  )

  test('means the reading that something has', async () => {
    expect(markerCandidates('a+b%2540%2525')).toEqual(['a b%40%25', 'a b@%', 'a+b%40%25'])
    expect(await resolveMarker('a+b%40%25', has('a+b@%'))).toBe('a+b@%')
  })

  test('of what is gone is the one that looks like a user', () => {
    expect(likeliestMarker('gone%2540%2525')).toBe('gone@%')
    expect(likeliestMarker('gone%40%25')).toBe('gone@%')
    expect(likeliestMarker('gone')).toBe('gone')
    expect(likeliestMarker('%E0%A4%A')).toBe('%E0%A4%A')
  })
})

describe('a user’s part of a path', () => {
  const SPLITS = [
    ['ada', 'ada', '%'],
    ['ada@', 'ada@', '%'],
    ['ada@%', 'ada', '%'],
    ['ada@10.1.2.3', 'ada', '10.1.2.3'],
    ['user@name@%', 'user@name', '%'],
    ['@', '@', '%'],
    ['a@@', 'a@@', '%'],
  ]
  test.each(SPLITS)('%s is %s from %s', (text, name, host) => {
    expect(splitUser(text)).toEqual({ name, host })
  })

  test('is read a second time where it still has escapes', () => {
    expect(readingsOf('ada')).toEqual(['ada'])
    expect(readingsOf('ada@%')).toEqual(['ada@%'])
    expect(readingsOf('a%2eb@%25')).toEqual(['a%2eb@%25', 'a.b@%'])
  })
})

test('decoding never fails', () => {
  expect(lenientDecode('a%zz%4')).toBe('a%zz%4')
  expect(lenientDecode('%ff%41')).toBe('%ff%41')
  expect(lenientDecode('%C3%A9%20%25')).toBe('é %')
  fc.assert(fc.property(fc.string(), text => void lenientDecode(text)))
})

test('a query is read as it stands', () => {
  expect([...rawQuery('/a?limit=2&marker=a%40%25=&x&limit=3&=y')]).toEqual([
    ['', 'y'],
    ['limit', '2'],
    ['x', ''],
    ['marker', 'a%40%25='],
  ])
  expect(rawQuery('/a').size).toBe(0)
  expect(rawQuery('/a?marker=b?c').get('marker')).toBe('b?c')
})

describe('what a caller accepts', () => {
  const ACCEPTS: readonly (readonly [string | undefined, object])[] = [
    [undefined, { format: 'json' }],
    ['', { format: 'json' }],
    ['*/*', { format: 'json' }],
    ['application/json', { format: 'json' }],
    ['application/xml', { format: 'xml' }],
    ['APPLICATION/XML; charset=utf-8', { format: 'xml' }],
    ['text/plain', { format: 'json' }],
    ['text/html, application/xml;q=0.9, */*;q=0.8', { format: 'xml' }],
    ['application/xml;q=0.5, application/json', { format: 'json' }],
    ['application/xml;q=0, text/plain', { format: 'json' }],
    ['application/vnd.openstack.trove+xml', { format: 'xml' }],
    ['application/vnd.openstack.trove+json;version=1.0', { format: 'json', version: '1.0' }],
    ['application/vnd.openstack.trove+xml; version=2.0', { format: 'xml', version: '2.0' }],
    [';;;,,,', { format: 'json' }],
  ]
  test.each(ACCEPTS)('%s', (accept, wanted) => {
    expect(wantedBy(accept)).toEqual(wanted)
  })

  test('a body’s type may have parameters', () => {
    expect(formatOf('application/json; charset=utf-8')).toBe('json')
    expect(formatOf('text/xml')).toBeUndefined()
    expect(formatOf('constructor')).toBeUndefined()
  })
})
