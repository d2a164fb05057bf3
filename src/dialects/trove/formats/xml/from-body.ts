import { singularOf, type XmlElement } from './element.ts'

type Members = Readonly<Record<string, unknown>>

/** An answer as XML: the same thing that its JSON says. */
export function elementFrom(body: Members): XmlElement {
  const { links, ...rest } = body
  const [root] = Object.entries(rest).filter(([name, value]) => value !== undefined && !name.endsWith('_links'))
  const [name, value] = root!
  const element = toElement(name, value)
  // Paging: the links of a list are its last child.
  return links === undefined ? element : { ...element, children: [...element.children, toElement('links', links)] }
}

function toElement(name: string, value: unknown): XmlElement {
  if (Array.isArray(value)) return listElement(name, value)
  if (typeof value === 'object' && value !== null) return objectElement(name, value as Members)
  return { name, attributes: {}, children: [], text: textOf(value) }
}

function listElement(name: string, items: readonly unknown[]): XmlElement {
  const singular = singularOf(name)
  return { name, attributes: {}, children: items.map(item => toElement(singular, item)), text: '' }
}

function objectElement(name: string, value: Members): XmlElement {
  const scalars = attributesAt(name, value)
  const present = Object.entries(value).filter(([, one]) => one !== undefined)
  const [asAttributes, asChildren] = [
    present.filter(([key]) => scalars.includes(key)),
    present.filter(([key]) => !scalars.includes(key)),
  ]
  return {
    name,
    attributes: Object.fromEntries(asAttributes.map(([key, one]) => [key, textOf(one)])),
    children: asChildren.toSorted(inOrder(name)).map(([key, one]) => toElement(key, one)),
    text: '',
  }
}

/** Scalars that are attributes, by element. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  user: ['name', 'password', 'host'],
  database: ['name', 'character_set', 'collate'],
  link: ['href', 'rel'],
  instance: ['created', 'hostname', 'id', 'name', 'status', 'updated'],
  volume: ['size', 'used'],
  flavor: ['id', 'name', 'ram'],
  version: ['id', 'status', 'updated'],
}

/** Faults have names of their own; what they share is a code. */
const OF_FAULTS = ['code', 'retryAfter']

function attributesAt(name: string, value: Members): readonly string[] {
  if (Object.hasOwn(ATTRIBUTES, name)) return ATTRIBUTES[name]!
  return typeof value.code === 'number' ? OF_FAULTS : []
}

/** Children that come before the others, which are sorted by name. */
const FIRST: Readonly<Record<string, readonly string[]>> = { instance: ['links', 'volume', 'flavor'] }

function inOrder(name: string) {
  const first = Object.hasOwn(FIRST, name) ? FIRST[name]! : []
  const rank = (key: string) => (first.includes(key) ? first.indexOf(key) : first.length)
  return ([one]: [string, unknown], [other]: [string, unknown]) =>
    rank(one) - rank(other) || (one < other ? -1 : Number(one > other))
}

/** As Python says them. */
function textOf(value: unknown): string {
  if (value === true) return 'True'
  if (value === false) return 'False'
  return value === null ? 'None' : String(value)
}
