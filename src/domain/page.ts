/** A page cut by key: what comes after `after` in key order, at most `limit` rows. */
export interface KeyPage {
  readonly after?: string
  readonly limit: number
  /** A literal, case-insensitive part of the name. */
  readonly q?: string
}

/** `next` is the key to ask after; absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

/** Cuts `limit + 1` rows that were read into a page and the key of its last row. */
export function cutPage<T>(rows: readonly T[], limit: number, keyOf: (row: T) => string): Page<T> {
  if (rows.length <= limit) return { items: rows }
  const items = rows.slice(0, limit)
  return { items, next: keyOf(items[items.length - 1] as T) }
}
