import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '../domain/fault.ts'

/** What is left of a key's requests in this minute; undefined: nothing limits them. */
export interface Rate {
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  readonly exceeded: boolean
}

/** Counts the request of an authenticated caller, over all dialects. */
export type CountRequest = (request: FastifyRequest) => Promise<Rate | undefined>

/** Counts the request, tells the caller what is left, and refuses what is too much. */
export async function limitRate(
  count: CountRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  headers: (rate: Rate) => Record<string, string>,
): Promise<void> {
  const rate = await count(request)
  if (!rate) return
  reply.headers(headers(rate))
  if (!rate.exceeded) return
  throw new Fault('rate_limited', 'key', `This key may send ${rate.limit} requests a minute`, {
    retryAfterSeconds: rate.resetSeconds,
  })
}

/** As the IETF's draft on RateLimit header fields has them. */
export function rateLimitFields({ limit, remaining, resetSeconds }: Rate): Record<string, string> {
  return { 'ratelimit-policy': `"key";q=${limit};w=60`, ratelimit: `"key";r=${remaining};t=${resetSeconds}` }
}
