import type { Rate } from './rate.ts'

const MINUTE_MS = 60_000

/** What each of many has done in its minute, which begins with the first that it does. Kept in this process alone. */
export interface Minutes {
  /** One more of `key`. */
  count(key: string): Rate
  /** What is left to `key`; nothing is counted. */
  look(key: string): Rate
}

interface Minute {
  readonly requests: number
  readonly endsAt: number
}

export function createMinutes(limit: number): Minutes {
  const minutes = new Map<string, Minute>()

  const minuteOf = (key: string, now: number): Minute => minutes.get(key) ?? { requests: 0, endsAt: now + MINUTE_MS }

  function count(key: string): Rate {
    const now = performance.now()
    forget(minutes, now)
    const { requests, endsAt } = minuteOf(key, now)
    const minute = { requests: requests + 1, endsAt }
    minutes.set(key, minute)
    return rateIn(minute, limit, now)
  }

  function look(key: string): Rate {
    const now = performance.now()
    forget(minutes, now)
    return rateIn(minuteOf(key, now), limit, now)
  }

  return { count, look }
}

/** The oldest come first, since each is added when it begins and stays where it is: looking ends at the first that still runs. */
function forget(minutes: Map<string, Minute>, now: number): void {
  for (const [key, { endsAt }] of minutes) {
    if (endsAt > now) return
    minutes.delete(key)
  }
}

function rateIn({ requests, endsAt }: Minute, limit: number, now: number): Rate {
  const remaining = Math.max(0, limit - requests)
  return { limit, remaining, resetSeconds: Math.ceil((endsAt - now) / 1000), exceeded: requests > limit }
}
