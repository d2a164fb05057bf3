import { AsyncLocalStorage } from 'node:async_hooks'
import type { Need } from '../../domain/callers/need.ts'

const noting = new AsyncLocalStorage<Map<string, Need>>()

/** Runs work, and notes everything that is asked of its caller while it runs. */
export function notingNeeds<T>(work: () => T): T {
  return noting.run(new Map(), work)
}

/** What has been asked of the caller so far; undefined where nobody notes it. */
export function needsSoFar(): readonly Need[] | undefined {
  const noted = noting.getStore()
  return noted && [...noted.values()]
}

/** Asked, and fulfilled. */
export function noteNeed(need: Need): void {
  noting.getStore()?.set(JSON.stringify(need), need)
}
