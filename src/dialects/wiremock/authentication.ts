import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../domain/callers/caller.ts'
import { type Origin, privateKeyOf, refused } from '../../services/callers/authentication.ts'
import { type CountRequest, limitRate, rateLimitFields } from '../rate.ts'
import type { RouteParts } from '../request.ts'

export interface WiremockParts extends RouteParts {
  readonly countRequest: CountRequest
}

/** Before routing to a thing, before query and body: without a key nothing here can be told from nothing. */
export async function authenticate(
  { services, countRequest }: WiremockParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.header('cache-control', 'no-store')
  if (request.routeOptions.config.mayBeNew && request.headers.authorization === undefined) return
  const credentials = credentialsOf(request.headers.authorization)
  if (!credentials) throw refused()
  const caller = await services.authentication.byPrivateKey(credentials.key, originOf(request))
  if (credentials.username !== undefined && !goesBy(caller, credentials.username)) throw refused()
  request.caller = caller
  await limitRate(countRequest, request, reply, rateLimitFields)
}

export function originOf({ ip, id }: FastifyRequest): Origin {
  return { address: ip, dialect: 'wiremock', requestId: id }
}

interface Credentials {
  readonly key: string
  /** Of the legacy scheme alone. */
  readonly username?: string
}

function credentialsOf(authorization: string | undefined): Credentials | undefined {
  const key = privateKeyOf(authorization, ['token', 'bearer'])
  if (key) return { key }
  const encoded = privateKeyOf(authorization, ['basic'])
  return encoded === undefined ? undefined : basicOf(encoded)
}

/** `username:api-key`; no username has a colon in it. */
function basicOf(encoded: string): Credentials | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined
  const [, username, key] = /^([^:]*):(.+)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  return username !== undefined && key ? { username, key } : undefined
}

function goesBy({ operator, key }: Caller, username: string): boolean {
  return username === operator.username || username === key.publicKey
}
