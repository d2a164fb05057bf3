import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { CountRequest } from '../dialects/rate.ts'

const MINUTE_MS = 60_000

/** One count per key, over all dialects of this process. 0 requests a minute means no limit. */
export async function countPerKey(http: FastifyInstance, perMinute: number): Promise<CountRequest> {
  if (perMinute === 0) return async () => undefined
  await http.register(rateLimit, { global: false })
  const keyGenerator = (request: { caller?: { key: { id: string } } }) => request.caller?.key.id ?? 'none'
  const check = http.createRateLimit({ max: perMinute, timeWindow: MINUTE_MS, keyGenerator: keyGenerator as never })
  return async request => {
    const counted = await check(request)
    if (counted.isAllowed) return undefined
    const { max: limit, remaining, ttlInSeconds: resetSeconds, isExceeded: exceeded } = counted
    return { limit, remaining, resetSeconds, exceeded }
  }
}
