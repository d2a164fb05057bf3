import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { privateKeyOf, refused } from '../../../services/callers/authentication.ts'
import { type CountRequest, limitRate, type Rate } from '../../rate.ts'
import type { RouteParts } from '../../request.ts'

export interface DigitalOceanParts extends RouteParts {
  readonly countRequest: CountRequest
  /** Requests a minute and key; 0: no limit. */
  readonly ratePerMinute: number
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A hook: this API's request ids are UUIDs, so a caller's own id that is none gets a companion; the log line has both. */
export async function nameRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (UUID.test(request.id)) return
  request.id = randomUUID()
  request.log = request.log.child({ answeredAs: request.id })
  reply.header('x-request-id', request.id)
}

/** A hook, before everything that can be refused: every answer says what is left, even one to a caller whom nobody knows. */
export async function announceRate({ ratePerMinute }: DigitalOceanParts, reply: FastifyReply): Promise<void> {
  const limit = ratePerMinute || UNLIMITED
  reply.headers(rateHeaders({ limit, remaining: limit, resetSeconds: WINDOW_S, exceeded: false }))
}

/** Where nothing is limited, the hosted API's number: clients only want one that is not nearly spent. */
const UNLIMITED = 5000
const WINDOW_S = 60

function rateHeaders({ limit, remaining, resetSeconds }: Rate): Record<string, string> {
  const reset = Math.floor(Date.now() / 1000) + resetSeconds
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(reset),
  }
}

/** A hook, before any look-up: without a key nothing here can be told from nothing. */
export async function authenticate(
  { services, countRequest }: DigitalOceanParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.header('cache-control', 'no-store')
  const key = privateKeyOf(request.headers.authorization, ['bearer'])
  if (!key) throw refused()
  const origin = { address: request.ip, dialect: 'digitalocean', requestId: request.id } as const
  request.caller = await services.authentication.byPrivateKey(key, origin)
  await limitRate(countRequest, request, reply, rateHeaders)
}
