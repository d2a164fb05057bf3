import { hasEscapes, lenientDecode } from '../requests/percent.ts'

/** What names a user in this API. */
export interface UserName {
  readonly name: string
  readonly host: string
}

export const ANY_HOST = '%'

/** `name`, `name@host`, or `name@`, already decoded: the last `@` splits, one at the end belongs to the name. */
export function splitUser(text: string): UserName {
  const at = text.lastIndexOf('@')
  if (at === -1 || at === text.length - 1) return { name: text, host: ANY_HOST }
  return { name: text.slice(0, at), host: text.slice(at + 1) }
}

export const userKey = ({ name, host }: UserName): string => `${name}@${host}`

/** Readings of a segment of a path, decoded once: as it is, then decoded once more for callers that encode twice. */
export function readingsOf(segment: string): readonly string[] {
  return hasEscapes(segment) ? [segment, lenientDecode(segment)] : [segment]
}

/**
 * Readings that a change may follow. Of what was dropped a moment ago a kinder reading would find another: only dots, which callers are
 * told to encode twice, are decoded twice.
 */
export function strictReadingsOf(segment: string): readonly string[] {
  return [...new Set([segment, segment.replace(/%2e/gi, '.')])]
}
