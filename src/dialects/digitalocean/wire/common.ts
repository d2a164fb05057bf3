import { Type } from 'typebox'

/** How many there are in all; a list of this family is never cut. */
export const Meta = Type.Object({ total: Type.Integer() })

/** For the document: neither cuts anything, since no client of this family can follow a cut list. */
export const PageQuery = Type.Object({
  page: Type.Optional(Type.Unsafe({ description: 'From 1; later pages are empty. Bad values are ignored' })),
  per_page: Type.Optional(Type.Unsafe({ description: 'Ignored' })),
})

/** Everything is on the first page. */
function isPastTheEnd(query: unknown): boolean {
  const { page } = (query ?? {}) as { page?: unknown }
  return typeof page === 'string' && /^\d+$/.test(page) && Number(page) >= 2
}

/** A collection as a whole. */
export function wholeList<Root extends string, T>(root: Root, items: readonly T[], query: unknown) {
  return { [root]: isPastTheEnd(query) ? [] : items, meta: { total: items.length } }
}
