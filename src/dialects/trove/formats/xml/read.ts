import { SaxesParser, type SaxesTagNS } from 'saxes'
import { Fault } from '../../../../domain/fault.ts'
import { NAMESPACE, type XmlElement } from './element.ts'

/** Deeper than any request here: an instance with users with databases has six levels. */
const MAX_DEPTH = 16
/** A megabyte holds more elements than this only when somebody wants to see what happens. */
const MAX_ELEMENTS = 20_000
const MAX_ATTRIBUTES = 32

interface OpenElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  text: string
}

/** From bytes to elements, strictly: UTF-8 alone, no document type, no entities but the five, bounded depth and number. */
export function readXml(bytes: Buffer): XmlElement {
  const reader = new Reader()
  const parser = new SaxesParser({ xmlns: true })
  // Its messages quote the text, and with it passwords.
  parser.on('error', () => refuse(`not well-formed at line ${parser.line} column ${parser.column + 1}`))
  parser.on('xmldecl', ({ encoding }) => checkEncoding(encoding))
  parser.on('doctype', () => refuse('a document type is not accepted'))
  parser.on('opentag', tag => reader.open(tag))
  parser.on('attribute', () => reader.attribute())
  parser.on('text', text => reader.text(text))
  parser.on('cdata', text => reader.text(text))
  parser.on('closetag', () => reader.close())
  parser.write(decode(bytes)).close()
  return reader.root()
}

/** What has been read so far. */
class Reader {
  readonly #open: OpenElement[] = []
  #root: XmlElement | undefined
  #elements = 0
  #attributes = 0

  open({ local, uri, attributes }: SaxesTagNS): void {
    this.#attributes = 0
    if (++this.#elements > MAX_ELEMENTS) refuse(`more than ${MAX_ELEMENTS} elements`)
    if (this.#open.length >= MAX_DEPTH) refuse(`more than ${MAX_DEPTH} levels`)
    if (uri !== '' && uri !== NAMESPACE) refuse('an element of another namespace')
    const own = Object.values(attributes).filter(({ prefix, local: name }) => prefix === '' && name !== 'xmlns')
    const named = Object.fromEntries(own.map(({ local: name, value }) => [name, value]))
    this.#open.push({ name: local, attributes: named, children: [], text: '' })
  }

  attribute(): void {
    if (++this.#attributes > MAX_ATTRIBUTES) refuse(`more than ${MAX_ATTRIBUTES} attributes`)
  }

  text(text: string): void {
    const element = this.#open.at(-1)
    if (element) element.text += text
  }

  close(): void {
    const { name, attributes, children, text } = this.#open.pop()!
    const isBlank = /^[ \t\r\n]*$/.test(text)
    if (children.length > 0 && !isBlank) refuse('text between elements')
    const element = { name, attributes, children, text: children.length > 0 ? '' : text }
    const parent = this.#open.at(-1)
    if (parent) parent.children.push(element)
    else this.#root = element
  }

  root(): XmlElement {
    return this.#root ?? refuse('no element')
  }
}

/** A byte order mark is left out by the decoder. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('not UTF-8')
  }
}

function checkEncoding(encoding: string | undefined): void {
  if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding)) refuse('another encoding than UTF-8')
}

function refuse(reason: string): never {
  throw new Fault('malformed', 'request', `The XML document can not be read: ${reason}`)
}
