import type { SingleError } from './wire/errors.ts'

/** Which part of a list is wanted, once its query has been found right. */
export interface PageWanted {
  readonly limit: number
  readonly page: number
  readonly q: string
}

const DEFAULT_LIMIT = 20
/** More is served as this: the page stays one that a store and a client can take. */
const MAX_LIMIT = 1000
const MAX_NUMBER = 2_147_483_647

type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** Everything wrong with `limit`, `page` and `q`, in this order; the page wanted where nothing is. */
export function pageWantedBy(query: Query): PageWanted | readonly SingleError[] {
  const errors = [...numberErrors('limit', query.limit), ...numberErrors('page', query.page), ...twice('q', query.q)]
  errors.push(...twice('view', query.view))
  if (errors.length > 0) return errors
  const { limit = DEFAULT_LIMIT, page = 1, q = '' } = query
  return { limit: Math.min(Number(limit), MAX_LIMIT), page: Number(page), q: String(q) }
}

function numberErrors(name: string, value: Query[string]): SingleError[] {
  if (value === undefined) return []
  if (typeof value !== 'string') return twice(name, value)
  if (/^[0-9]+$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_NUMBER) return []
  return [badParameter(`The ${name} parameter value must be a positive integer`)]
}

function twice(name: string, value: Query[string]): SingleError[] {
  return value === undefined || typeof value === 'string'
    ? []
    : [badParameter(`The ${name} parameter must be supplied at most once`)]
}

function badParameter(detail: string): SingleError {
  return { title: 'Invalid query parameter format', detail }
}

export interface PageFound {
  /** The list's own path, without a query. */
  readonly path: string
  readonly wanted: PageWanted
  /** Items on this page. */
  readonly items: number
  readonly total: number
  /** Links lead on to what was asked for, and to nothing that wasn't. */
  readonly view: boolean
}

/** `links` and `meta` of a page. Links that lead nowhere are left out, never null. */
export function paginationOf({ path, wanted, items, total, view }: PageFound) {
  const { limit, page } = wanted
  const totalPages = Math.ceil(total / limit)
  const link = (to: number) => `${path}?page=${to}&limit=${limit}${rest(wanted.q, view)}`
  const start = items > 0 ? (page - 1) * limit + 1 : 0
  const previous = Math.min(page - 1, totalPages)
  return {
    links: {
      self: link(page),
      ...(page < totalPages && { next: link(page + 1) }),
      ...(previous >= 1 && { previous: link(previous) }),
    },
    meta: { start, end: items > 0 ? start + items - 1 : 0, total, page, totalPages },
  }
}

function rest(q: string, view: boolean): string {
  return (q === '' ? '' : `&q=${encodeURIComponent(q)}`) + (view ? '&view=rolecall' : '')
}
