import type { KeyPage, Page } from '../../domain/page.ts'

/** Rows of one question to the server: lists are whole here, so that only thousands need a second one. */
const AT_ONCE = 5000

/** A list as a whole, cut by key on its way. */
export async function allOf<T>(fetch: (page: KeyPage) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  for (let after: string | undefined; ; ) {
    const { items, next } = await fetch({ limit: AT_ONCE, after })
    for (const item of items) all.push(item)
    if (next === undefined) return all
    after = next
  }
}
