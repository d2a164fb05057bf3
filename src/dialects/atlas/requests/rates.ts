import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AtlasParts, AtlasRules, Bucket } from '../context.ts'
import { Refusal } from '../refusals/refusal.ts'
import { pathOf } from './addresses.ts'

const PERIOD_S = 60

/** A hook: a request of its key, and where its resource has a limit of its own, of the project's tokens for that. */
export function countRequest({ countRequest: countOfKey, rules }: AtlasParts) {
  const buckets = createBuckets(rules.rate)
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { exceeded = false, limit = 0, resetSeconds = 0 } = (await countOfKey(request)) ?? {}
    if (exceeded) throw tooMany('RATE_LIMITED', [pathOf(request), limit, PERIOD_S], resetSeconds)
    const { bucket } = request.routeOptions.config
    const [, groupId = ''] = /\/groups\/([0-9a-f]{24})\//.exec(pathOf(request)) ?? []
    // Only those who belong to a project take of its tokens.
    if (!bucket || !request.caller.roles.has(groupId)) return
    const { capacity, perMinute } = rules.rate[bucket]
    const left = buckets.take(bucket, groupId)
    reply.headers({ 'ratelimit-limit': String(capacity), 'ratelimit-remaining': String(Math.max(0, Math.floor(left))) })
    if (left >= 0) return
    const seconds = Math.max(1, Math.ceil((-left / perMinute) * PERIOD_S))
    throw tooMany('RATE_LIMITED_TOKEN_BUCKET', [pathOf(request), seconds, capacity, perMinute, PERIOD_S], seconds)
  }
}

function tooMany(code: 'RATE_LIMITED' | 'RATE_LIMITED_TOKEN_BUCKET', words: (string | number)[], seconds: number) {
  return new Refusal(code, words, { headers: { 'retry-after': String(seconds) } })
}

interface Level {
  tokens: number
  at: number
}

/** Projects are few, and each has one level a bucket: nothing here grows without end. */
function createBuckets(rates: AtlasRules['rate']) {
  const levels = new Map<string, Level>()

  /** What is left afterwards; below nothing: how far the next token is, and none was taken. */
  function take(bucket: keyof AtlasRules['rate'], groupId: string): number {
    const name = `${bucket} ${groupId}`
    const now = performance.now()
    const level = levels.get(name) ?? { tokens: rates[bucket].capacity, at: now }
    levels.set(name, level)
    level.tokens = filled(level, rates[bucket], now)
    level.at = now
    if (level.tokens < 1) return level.tokens - 1
    level.tokens -= 1
    return level.tokens
  }

  return { take }
}

function filled({ tokens, at }: Level, { capacity, perMinute }: Bucket, now: number): number {
  return Math.min(capacity, tokens + ((now - at) / 1000 / PERIOD_S) * perMinute)
}
