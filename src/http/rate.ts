import { createMinutes } from '../dialects/minutes.ts'
import type { CountRequest } from '../dialects/rate.ts'

/** One count per key, over all dialects of this process. 0 requests a minute means no limit. */
export function countPerKey(limit: number): CountRequest {
  if (limit === 0) return async () => undefined
  const minutes = createMinutes(limit)
  return async ({ caller }) => minutes.count(caller.key.id)
}
