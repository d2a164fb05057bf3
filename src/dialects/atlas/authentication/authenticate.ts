import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../../domain/callers/caller.ts'
import { isFault } from '../../../domain/fault.ts'
import { type Origin, privateKeyOf } from '../../../services/callers/authentication.ts'
import type { DigestOutcome } from '../../../services/callers/digest/digest.ts'
import { isAccessToken } from '../../../services/callers/service-accounts/oauth.ts'
import type { AtlasParts } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'
import { targetOf } from '../requests/addresses.ts'
import { challengeWith, digestAnswerIn } from './digest-header.ts'
import { Unauthorized } from './unauthorized.ts'

/** A hook, before any look-up and any look at the body: without credentials nothing here can be told from nothing. */
export async function authenticate(parts: AtlasParts, request: FastifyRequest): Promise<void> {
  const header = request.headers.authorization ?? ''
  request.caller = await callerBy(parts, request, header)
}

export function originOf({ ip: address, id: requestId }: FastifyRequest): Origin {
  return { address, dialect: 'atlas', requestId }
}

async function callerBy(parts: AtlasParts, request: FastifyRequest, header: string): Promise<Caller> {
  const bearer = privateKeyOf(header, ['bearer'])
  const outcome =
    bearer === undefined ? await digestOutcome(parts, request, header) : await bearerOutcome(parts, request, bearer)
  if (outcome.kind === 'accepted') return withNetworks(parts, outcome.caller)
  if (outcome.kind === 'elsewhere') throw refusal('IP_ADDRESS_NOT_ON_ACCESS_LIST', request.ip)
  // Who came with a token has no use for a challenge, and Digest clients know no other.
  if (/^bearer\b/i.test(header)) throw new Unauthorized()
  const { digestAlgorithm: algorithm } = parts.rules
  throw new Unauthorized(challengeWith(parts.services.digest.nonce(), algorithm, outcome.kind === 'stale'))
}

/** Where the setting says so, a key that is good from anywhere is not good here. */
function withNetworks({ rules }: AtlasParts, caller: Caller): Caller {
  if (rules.requireAccessList && caller.key.networks.length === 0) throw refusal('ORG_REQUIRES_ACCESS_LIST')
  return caller
}

async function digestOutcome({ rules, services }: AtlasParts, request: FastifyRequest, header: string) {
  const asked = { method: request.method, target: targetOf(request) }
  const answer = digestAnswerIn(header, asked, rules.digestAlgorithm)
  return answer ? services.digest.check(answer, originOf(request)) : ({ kind: 'refused' } as const)
}

/** A service account's token; a key's private half by itself, as other APIs of this server take it. */
async function bearerOutcome({ services }: AtlasParts, request: FastifyRequest, text: string): Promise<DigestOutcome> {
  const origin = originOf(request)
  if (isAccessToken(text)) return services.oauth.check(text, origin)
  const caller = await services.authentication.byPrivateKey(text, origin).catch(unlessRefused)
  return caller ? { kind: 'accepted', caller } : { kind: 'refused' }
}

function unlessRefused(error: unknown): undefined {
  if (!isFault(error) || error.code !== 'unauthenticated') throw error
}
