import type { FastifyRequest } from 'fastify'
import type { AtlasParts } from '../context.ts'
import { baseOf, pathOf } from './addresses.ts'
import { booleanIn, integerIn, queryOf } from './query.ts'

/** Which part of a list is wanted: items `skip` to `skip + itemsPerPage`. */
export interface ListPage {
  readonly pageNum: number
  readonly itemsPerPage: number
  readonly includeCount: boolean
  readonly skip: number
}

/** Throws where a parameter is of no use. Read it before anything else of the query, and after permission. */
export function listPageIn(request: FastifyRequest): ListPage {
  const itemsPerPage = integerIn(request, 'itemsPerPage', 100, 500)
  const pageNum = integerIn(request, 'pageNum', 1, 999_999_999)
  const includeCount = booleanIn(request, 'includeCount', true)
  return { pageNum, itemsPerPage, includeCount, skip: (pageNum - 1) * itemsPerPage }
}

/** What is answered of a list; without a count where none is wanted. */
export interface ListBody<T> {
  readonly links: readonly { readonly href: string; readonly rel: string }[]
  readonly results: readonly T[]
  readonly totalCount: number | undefined
}

/** The body of a list whose page was cut already; `total` is of the whole list. */
export function listBody<T>(
  parts: AtlasParts,
  request: FastifyRequest,
  page: ListPage,
  { items, total }: { readonly items: readonly T[]; readonly total: number },
): ListBody<T> {
  const links = linksOf(parts, request, page, total)
  return { links, results: items, totalCount: page.includeCount ? total : undefined }
}

/** The body of a list that is held whole; its items are written for the page alone. */
export function pageOf<T, U>(
  parts: AtlasParts,
  request: FastifyRequest,
  all: readonly T[],
  toItem: (item: T) => U,
): ListBody<U> {
  const page = listPageIn(request)
  const items = all.slice(page.skip, page.skip + page.itemsPerPage).map(toItem)
  return listBody(parts, request, page, { items, total: all.length })
}

function linksOf(parts: AtlasParts, request: FastifyRequest, page: ListPage, total: number) {
  const { pageNum, itemsPerPage, includeCount } = page
  const to = (query: string) => `${baseOf(request, parts)}${pathOf(request)}?${query}${styleIn(request)}`
  const other = (rel: string, number: number) => ({
    href: to(`includeCount=${includeCount}&itemsPerPage=${itemsPerPage}&pageNum=${number}`),
    rel,
  })
  const self = to(`includeCount=${includeCount}&pageNum=${pageNum}&itemsPerPage=${itemsPerPage}`)
  return [
    { href: self, rel: 'self' },
    ...(pageNum > 1 ? [other('previous', pageNum - 1)] : []),
    ...(pageNum * itemsPerPage < total ? [other('next', pageNum + 1)] : []),
  ]
}

/** Only what the request had. */
function styleIn(request: FastifyRequest): string {
  const query = queryOf(request)
  return ['pretty', 'envelope']
    .filter(name => query.has(name))
    .map(name => `&${name}=${query.get(name)!.toLowerCase()}`)
    .join('')
}
