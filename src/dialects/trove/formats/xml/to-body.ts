import { Fault } from '../../../../domain/fault.ts'
import { singularOf, type XmlElement } from './element.ts'

/** A request in XML as the value that its JSON would have been. */
export function bodyFrom(root: XmlElement): Readonly<Record<string, unknown>> {
  const isEmpty = !LISTS.has(root.name) && !hasMembers(root) && root.text === ''
  return { [root.name]: isEmpty ? {} : valueFrom(root) }
}

const LISTS: ReadonlySet<string> = new Set(['users', 'databases'])

/** XML has no numbers; these would be in JSON. */
const NUMBERS: ReadonlySet<string> = new Set(['size', 'max_connections'])

function valueFrom(element: XmlElement): unknown {
  if (LISTS.has(element.name)) return listOf(element)
  return hasMembers(element) ? objectOf(element) : scalarOf(element.name, element.text)
}

function hasMembers({ attributes, children }: XmlElement): boolean {
  return children.length > 0 || Object.keys(attributes).length > 0
}

function listOf({ name, attributes, children, text }: XmlElement): readonly unknown[] {
  const singular = singularOf(name)
  const isList = children.every(child => child.name === singular) && text.trim() === ''
  if (isList && Object.keys(attributes).length === 0) return children.map(objectOf)
  throw malformed(`${name} holds nothing but elements ${singular}`)
}

function objectOf({ name, attributes, children, text }: XmlElement): Readonly<Record<string, unknown>> {
  if (text.trim() !== '') throw malformed(`${name} holds text where elements belong`)
  const members = [
    ...Object.entries(attributes).map(([key, value]) => [key, scalarOf(key, value)] as const),
    ...children.map(child => [child.name, valueFrom(child)] as const),
  ]
  if (new Set(members.map(([key]) => key)).size < members.length) throw malformed(`${name} has something twice`)
  return Object.fromEntries(members)
}

function scalarOf(name: string, text: string): string | number {
  return NUMBERS.has(name) && /^\d{1,9}$/.test(text) ? Number(text) : text
}

function malformed(reason: string): Fault {
  return new Fault('malformed', 'request', `The XML document can not be read: ${reason}`)
}
