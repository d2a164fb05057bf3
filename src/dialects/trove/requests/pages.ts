import type { FastifyRequest } from 'fastify'
import type { Page } from '../../../domain/page.ts'
import type { TroveParts } from '../context.ts'
import { badRequest } from '../refusals/refusal.ts'
import { baseOf, pathOf } from './addresses.ts'
import { encodeMarker } from './markers.ts'
import { lenientDecode } from './percent.ts'
import { rawQuery } from './query.ts'

/** Which part of a list is wanted. */
export interface Wanted {
  readonly limit: number
  /** As it stands in the address. */
  readonly marker?: string
}

/** More than `most` is served as that many. */
export function wantedIn(request: FastifyRequest, most: number): Wanted {
  const query = rawQuery(request.originalUrl)
  return { limit: limitFrom(lenientDecode(query.get('limit') ?? ''), most), marker: query.get('marker') || undefined }
}

function limitFrom(text: string, most: number): number {
  if (!/^\d*$/.test(text)) throw badRequest('The limit is a whole number, and not negative.')
  return Math.min(Number(text) || most, most)
}

/** The items that are shown, of as many pages of the server as it takes to fill one; one more tells that there is more. */
export async function collect<T>(
  limit: number,
  after: string | undefined,
  list: (page: { readonly after?: string; readonly limit: number }) => Promise<Page<T>>,
  isShown: (item: T) => boolean,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = []
  for (let next = after, first = true; items.length <= limit && (first || next !== undefined); first = false) {
    const page: Page<T> = await list({ after: next, limit: limit + READ_MORE })
    items.push(...page.items.filter(isShown))
    next = page.next
  }
  return { items: items.slice(0, limit), more: items.length > limit }
}

/** Hidden ones are few: read with the page, they seldom cost another question. */
const READ_MORE = 5

/** The next page's address in a list of one; empty where there is none. */
export function nextLinks(parts: TroveParts, request: FastifyRequest, lastKey: string | undefined) {
  if (lastKey === undefined) return []
  const limit = rawQuery(request.originalUrl).get('limit')
  const rest = limit === undefined ? '' : `&limit=${limit}`
  const href = `${baseOf(request, parts)}${pathOf(request)}?marker=${encodeMarker(lastKey)}${rest}`
  return [{ href, rel: 'next' }]
}

/** The body of a page: `links` only where there is another one; gophercloud looks for them under a name of its own. */
export function pageBody(
  { wishes }: Pick<TroveParts, 'wishes'>,
  request: FastifyRequest,
  name: string,
  items: readonly unknown[],
  links: readonly object[],
): Readonly<Record<string, unknown>> {
  if (links.length === 0) return { [name]: items }
  const areNamed = wishes.collectionLinks || request.headers['user-agent']?.startsWith('gophercloud/')
  return { [name]: items, links, ...(areNamed && { [`${name}_links`]: links }) }
}
