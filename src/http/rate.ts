import type { CountRequest, Rate } from '../dialects/rate.ts'

const MINUTE_MS = 60_000

/** A key's minute, which begins with its first request. */
interface Minute {
  requests: number
  readonly endsAt: number
}

/** One count per key, over all dialects of this process. 0 requests a minute means no limit. */
export function countPerKey(limit: number): CountRequest {
  if (limit === 0) return async () => undefined
  const minutes = new Map<string, Minute>()
  return async ({ caller }) => {
    const now = performance.now()
    const minute = minuteOf(minutes, caller.key.id, now)
    minute.requests++
    return rateIn(minute, limit, now)
  }
}

function minuteOf(minutes: Map<string, Minute>, key: string, now: number): Minute {
  forget(minutes, now)
  const minute = minutes.get(key) ?? { requests: 0, endsAt: now + MINUTE_MS }
  minutes.set(key, minute)
  return minute
}

/** The oldest come first, since each is added when it begins: looking ends at the first that still runs. */
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
