import { NAMESPACE, type XmlElement } from './element.ts'

/** A document in the canonical form of the published examples: indented by four, one element a line, attributes in order. */
export function writeXml(root: XmlElement): string {
  return linesOf({ ...root, attributes: { ...root.attributes, xmlns: NAMESPACE } }, '').join('')
}

function linesOf(element: XmlElement, indent: string): readonly string[] {
  const { name, children, text } = element
  const start = `${indent}<${name}${attributesOf(element)}`
  if (children.length === 0 && text === '') return [`${start}/>\n`]
  if (children.length === 0) return [`${start}>${escaped(text)}</${name}>\n`]
  return [`${start}>\n`, ...children.flatMap(child => linesOf(child, `${indent}    `)), `${indent}</${name}>\n`]
}

function attributesOf({ attributes }: XmlElement): string {
  const names = Object.keys(attributes).toSorted()
  return names.map(name => ` ${name}="${escaped(attributes[name]!)}"`).join('')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // Written as they are, a reader would make spaces and plain line ends of them.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** XML has no way at all to write some characters, which names on a server may have: they become the replacement character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 leaves out.
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(UNWRITABLE, '\ufffd')
    .replace(/[&<>"\t\n\r]/g, found => ESCAPES[found]!)
}
