import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFault } from '../../../domain/fault.ts'
import { SchemaViolations, toViolations } from '../../validation.ts'

export type OAuthError =
  | 'invalid_client'
  | 'invalid_request'
  | 'unsupported_grant_type'
  | 'server_error'
  | 'temporarily_unavailable'

/** Refused as RFC 6749 has it, which is not the form of the rest of this API. */
export class OAuthRefusal extends Error {
  readonly status: number
  readonly code: OAuthError

  constructor(status: number, code: OAuthError, description: string) {
    super(description)
    this.status = status
    this.code = code
  }
}

export function sendOAuthProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message } = refusalOf(error)
  if (status === 500) request.log.error({ err: error }, 'internal fault')
  return reply.code(status).send({ error: code, error_description: message })
}

function refusalOf(error: unknown): OAuthRefusal {
  if (error instanceof OAuthRefusal) return error
  if (error instanceof SchemaViolations) return new OAuthRefusal(400, 'invalid_request', wordsOf(error))
  if (isFault(error) && error.code === 'unavailable')
    return new OAuthRefusal(503, 'temporarily_unavailable', 'Try again later')
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  if (typeof status === 'number' && status < 500)
    return new OAuthRefusal(status, 'invalid_request', 'The request can not be read')
  return new OAuthRefusal(500, 'server_error', 'Something went wrong here; it has been logged')
}

function wordsOf(violations: SchemaViolations): string {
  const fields = toViolations(violations).map(({ pointer }) => pointer.slice(1))
  return `${fields.join(', ')} is missing: send it as a form`
}
