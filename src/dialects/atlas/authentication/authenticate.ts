import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../domain/caller.ts'
import type { Origin } from '../../../services/callers/authentication.ts'
import type { AtlasParts } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'
import { targetOf } from '../requests/addresses.ts'
import { challengeWith, digestAnswerIn } from './digest-header.ts'
import { Unauthorized } from './unauthorized.ts'

/** A hook, before any look-up and any look at the body: without credentials nothing here can be told from nothing. */
export async function authenticate(parts: AtlasParts, request: FastifyRequest, _reply: FastifyReply): Promise<void> {
  const header = request.headers.authorization ?? ''
  request.caller = await callerBy(parts, request, header)
}

export function originOf({ ip: address, id: requestId }: FastifyRequest): Origin {
  return { address, dialect: 'atlas', requestId }
}

async function callerBy(parts: AtlasParts, request: FastifyRequest, header: string): Promise<Caller> {
  const { digestAlgorithm: algorithm } = parts.rules
  const { digest } = parts.services
  const answer = digestAnswerIn(header, { method: request.method, target: targetOf(request) }, algorithm)
  const outcome = answer ? await digest.check(answer, originOf(request)) : ({ kind: 'refused' } as const)
  if (outcome.kind === 'accepted') return outcome.caller
  if (outcome.kind === 'elsewhere') throw refusal('IP_ADDRESS_NOT_ON_ACCESS_LIST', request.ip)
  throw new Unauthorized(challengeWith(digest.nonce(), algorithm, outcome.kind === 'stale'))
}
