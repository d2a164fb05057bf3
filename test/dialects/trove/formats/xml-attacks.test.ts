import { describe, expect, test } from 'vitest'
import { readXml } from '../../../../src/dialects/trove/formats/xml/read.ts'
import { bodyFrom } from '../../../../src/dialects/trove/formats/xml/to-body.ts'
import { Fault } from '../../../../src/domain/fault.ts'

const NS = 'http://docs.openstack.org/database/api/v1.0'

/** What a document says; the reason, where it is refused. */
function read(document: string | Buffer): unknown {
  try {
    return bodyFrom(readXml(Buffer.isBuffer(document) ? document : Buffer.from(document)))
  } catch (error) {
    if (error instanceof Fault) return error.message.replace('The XML document can not be read: ', '')
    throw error
  }
}

const NOT_WELL_FORMED = expect.stringMatching(/^not well-formed at line \d+ column \d+$/)

describe('a megabyte, as large as a request may be', () => {
  const of = (piece: string, around = (all: string) => all) =>
    around(piece.repeat(Math.floor(1_048_000 / piece.length)))
  const ATTACKS: readonly (readonly [string, string, unknown])[] = [
    ['comments', of('<!---->', all => `<users>${all}</users>`), { users: [] }],
    ['processing instructions', of('<?a b?>', all => `${all}<users/>`), { users: [] }],
    ['empty CDATA', of('<![CDATA[]]>', all => `<users>${all}</users>`), { users: [] }],
    [
      'CDATA of a letter each',
      of('<![CDATA[a]]>', all => `<users>${all}</users>`),
      'users holds nothing but elements user',
    ],
    ['a comment without an end', of('- ', all => `<!--${all}`), NOT_WELL_FORMED],
    ['CDATA without an end', of(']', all => `<a><![CDATA[${all}`), NOT_WELL_FORMED],
    ['an instruction without an end', of('?', all => `<?a ${all}`), NOT_WELL_FORMED],
    ['a document type without an end', of('[', all => `<!DOCTYPE a ${all}`), NOT_WELL_FORMED],
    ['quotes in a document type', of('"', all => `<!DOCTYPE a ${all}>`), 'a document type is not accepted'],
    ['a declaration', of('a', all => `<?xml version="1.0" encoding="${all}"?><a/>`), 'another encoding than UTF-8'],
    ['references to nothing', of('&x;', all => `<a>${all}</a>`), NOT_WELL_FORMED],
    ['one reference', of('a', all => `<a>&${all};</a>`), NOT_WELL_FORMED],
    ['one number of a character', of('9', all => `<a>&#${all};</a>`), NOT_WELL_FORMED],
    ['text between elements', of('a<b/>', all => `<users>${all}</users>`), 'more than 20000 elements'],
    ['line ends', of('\r', all => `<users>${all}</users>`), { users: [] }],
    ['spaces in a tag', of(' ', all => `<users ${all}/>`), { users: [] }],
    ['one name', of('a', all => `<${all}/>`), expect.any(Object)],
    ['one name of an attribute', of('a', all => `<user ${all}="1"/>`), expect.any(Object)],
    ['one attribute', of('&#x41;', all => `<user name="${all}"/>`), expect.any(Object)],
    ['beginnings', of('<'), NOT_WELL_FORMED],
    ['ends', of('</a>', all => `<a>${all}`), NOT_WELL_FORMED],
  ]
  test.each(ATTACKS)('of %s takes little time and little memory', (_what, document, outcome) => {
    const [began, before] = [performance.now(), process.memoryUsage().heapUsed]
    expect(read(document)).toEqual(outcome)
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000)
  })
})

describe('encodings', () => {
  const utf16 = Buffer.from('\ufeff<users/>', 'utf16le')
  const said = Buffer.from('<?xml version="1.0" encoding="UTF-16"?><users/>', 'utf16le')
  const OTHERS: readonly (readonly [string, Buffer | string])[] = [
    ['UTF-16, little end first', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
    ['UTF-16 that says so', said],
    ['the same, big end first', Buffer.from(said).swap16()],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0])],
    ['EBCDIC that says so', '<?xml version="1.0" encoding="ebcdic-cp-us"?><users/>'],
    ['windows-1252 that says so', '<?xml version="1.0" encoding="windows-1252"?><users/>'],
    ['a character in more bytes than it needs', Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xbc, 0x3c, 0x2f, 0x61, 0x3e])],
    ['half of a surrogate pair', Buffer.from([0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80, 0x3c, 0x2f, 0x61, 0x3e])],
    ['the number of half a surrogate pair', '<a>&#xD800;</a>'],
  ]
  test.each(OTHERS)('are UTF-8 alone: %s is refused', (_what, document) => {
    expect(read(document)).toMatch(/^(not UTF-8|another encoding than UTF-8|not well-formed at line 1 column \d+)$/)
  })

  test.each(['UTF-8', 'utf-8', 'US-ASCII'])('may be named: %s', encoding => {
    expect(read(`<?xml version="1.0" encoding="${encoding}"?><user name="a"/>`)).toEqual({ user: { name: 'a' } })
  })

  test('may begin with a byte order mark', () => {
    expect(read('\ufeff<?xml version="1.0" encoding="UTF-8"?><user name="ключ"/>')).toEqual({ user: { name: 'ключ' } })
  })
})

describe('what XML has beside elements and attributes', () => {
  const READ: readonly (readonly [string, string, unknown])[] = [
    [
      'comments and instructions in a list',
      '<users><?php x?><!-- c --><user name="a"/></users>',
      { users: [{ name: 'a' }] },
    ],
    ['both before and after the root', '<!-- a --><?b c?><users/><!-- d -->', { users: [] }],
    ['a comment within a text', '<password>ab<!-- x -->cd</password>', { password: 'abcd' }],
    ['text and CDATA', '<password>a<![CDATA[b<]]>c</password>', { password: 'ab<c' }],
    ['an attribute of another namespace', '<user xmlns:o="urn:o" o:name="z" name="q"/>', { user: { name: 'q' } }],
    ['an attribute’s line end, which is a space', '<user name="a\nb"/>', { user: { name: 'a b' } }],
  ]
  test.each(READ)('is read as XML means it: %s', (_what, document, body) => {
    expect(read(document)).toEqual(body)
  })

  const REFUSED: readonly (readonly [string, string, unknown])[] = [
    ['an attribute twice', '<user name="a" name="b"/>', NOT_WELL_FORMED],
    ['one twice by two prefixes', '<user xmlns:a="u" xmlns:b="u" a:x="1" b:x="2"/>', NOT_WELL_FORMED],
    ['a namespace twice', `<user xmlns="${NS}" xmlns="${NS}"/>`, NOT_WELL_FORMED],
    ['text before an element', '<user>text<databases/></user>', 'text between elements'],
    ['text after an element', '<user><databases/>text</user>', 'text between elements'],
    ['CDATA between elements', '<users><user/><![CDATA[x]]><user/></users>', 'text between elements'],
    ['text beside attributes', '<user name="a">text</user>', 'user holds text where elements belong'],
    ['CDATA outside of the root', '<![CDATA[a]]><users/>', NOT_WELL_FORMED],
    ['two dashes in a comment', '<!-- a -- b --><users/>', NOT_WELL_FORMED],
    ['the end of CDATA in a text', '<a>]]></a>', NOT_WELL_FORMED],
    ['two declarations', '<?xml version="1.0"?><?xml version="1.0"?><users/>', NOT_WELL_FORMED],
    ['a declaration that comes late', ' <?xml version="1.0"?><users/>', NOT_WELL_FORMED],
    ['a version that is none', '<?xml version="2.0"?><users/>', NOT_WELL_FORMED],
    [
      'an element of another namespace',
      `<users xmlns="${NS}"><user xmlns="urn:o"/></users>`,
      'an element of another namespace',
    ],
  ]
  test.each(REFUSED)('is refused: %s', (_what, document, why) => {
    expect(read(document)).toEqual(why)
  })
})
