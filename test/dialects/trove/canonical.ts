/** The canonical forms of the contract, written anew for tests: nothing here is shared with what is tested. */

interface Named {
  readonly name: string
}

export interface UserLike extends Named {
  readonly host: string
  readonly databases: readonly Named[]
}

const NS = 'http://docs.openstack.org/database/api/v1.0'

/** A list of users as one line of JSON. */
export function usersAsJson(users: readonly UserLike[]): string {
  const texts = users.map(({ databases, host, name }) => {
    const inner = databases.map(one => `{"name": ${quoted(one.name)}}`).join(', ')
    return `{"databases": [${inner}], "host": ${quoted(host)}, "name": ${quoted(name)}}`
  })
  return `{"users": [${texts.join(', ')}]}`
}

const SHORT: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

/** Unit by unit: ASCII stands for itself, all else is escaped. */
function quoted(text: string): string {
  let written = ''
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const hex = `\\u${`000${unit.toString(16)}`.slice(-4)}`
    written += SHORT[unit] ?? (unit < 32 || unit > 127 ? hex : text[at])
  }
  return `"${written}"`
}

/** A list of users as an XML document. */
export function usersAsXml(users: readonly UserLike[]): string {
  if (users.length === 0) return `<users xmlns="${NS}"/>\n`
  const lines = [`<users xmlns="${NS}">`]
  for (const { databases, host, name } of users) {
    lines.push(`    <user host="${attribute(host)}" name="${attribute(name)}">`)
    if (databases.length === 0) lines.push('        <databases/>')
    else {
      lines.push('        <databases>')
      for (const one of databases) lines.push(`            <database name="${attribute(one.name)}"/>`)
      lines.push('        </databases>')
    }
    lines.push('    </user>')
  }
  return `${[...lines, '</users>'].join('\n')}\n`
}

function attribute(text: string): string {
  let written = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (character === '&') written += '&amp;'
    else if (character === '<') written += '&lt;'
    else if (character === '>') written += '&gt;'
    else if (character === '"') written += '&quot;'
    else if (code === 9 || code === 10 || code === 13) written += `&#${code};`
    else if (isXml(code)) written += character
    else written += '\ufffd'
  }
  return written
}

/** `Char` of XML 1.0. */
export function isXml(code: number): boolean {
  return (
    [9, 10, 13].includes(code) ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  )
}
