export interface Cut {
  readonly skip: number
  readonly limit: number
}

/** Of keys that are told in their order, those that a page may hold: how many stand before them is known at the end alone. */
export interface Window {
  add(key: string): void
  readonly count: number
  /** Those on the page, where so many stand before the first of them. */
  after(before: number): readonly string[]
}

export function createWindow({ skip, limit }: Cut, mostBefore: number): Window {
  const from = Math.max(0, skip - mostBefore)
  const kept: string[] = []
  let count = 0
  return {
    add(key) {
      if (count >= from && count < skip + limit) kept.push(key)
      count++
    },
    get count() {
      return count
    },
    after: before => kept.slice(Math.max(0, skip - before) - from, Math.max(0, skip + limit - before) - from),
  }
}
