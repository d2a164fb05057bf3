import { createHash } from 'node:crypto'

/** Counts failures under a name, and says when there were too many of them. Kept in memory: each process guards its own door. */
export interface Throttle {
  isLocked(name: string): boolean
  fail(name: string): void
}

interface Failures {
  count: number
  readonly since: number
}

/** So many names are watched; an attacker with more addresses than that is limited by nothing here but the hashing of its guesses. */
const MOST_NAMES = 50_000

/** Names are what callers send, as long as they like; and even a short one may be a part of a long header, and keep all of it in memory. */
const shortened = (name: string): string => createHash('sha256').update(name).digest('base64url')

/** Locked from the `most`-th failure on, until `windowMs` after the first of them. */
export function createThrottle(most: number, windowMs: number): Throttle {
  const all = new Map<string, Failures>()

  function forget(now: number): void {
    for (const [name, { since }] of all) {
      if (since + windowMs > now && all.size <= MOST_NAMES) return
      all.delete(name)
    }
  }

  return {
    isLocked(name) {
      const failures = all.get(shortened(name))
      return failures !== undefined && failures.count >= most && failures.since + windowMs > performance.now()
    },
    fail(long) {
      const name = shortened(long)
      const now = performance.now()
      forget(now)
      const failures = all.get(name) ?? { count: 0, since: now }
      failures.count += 1
      all.set(name, failures)
    },
  }
}
