import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFault } from '../../../domain/fault.ts'
import { SchemaViolations } from '../../validation.ts'
import { sendUnauthorized, Unauthorized } from '../authentication/unauthorized.ts'
import { generationOf } from '../context.ts'
import { refusalOf } from './faults.ts'
import type { Refusal } from './refusal.ts'
import { refusalFor } from './violations.ts'

/** The error handler of this dialect. Errors are plain JSON in every generation. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Unauthorized) return sendUnauthorized(error, reply)
  const refused = error instanceof SchemaViolations ? refusalFor(error, request.body) : refusalOf(error)
  if (refused.status === 500) logCause(error, request)
  reply.code(refused.status).type('application/json').headers(refused.headers)
  if (generationOf(request) === 'v2') reply.header('x-error-code', refused.code)
  return reply.send(bodyOf(refused))
}

function bodyOf({ status, code, message, parameters, badFields }: Refusal) {
  return {
    error: status,
    errorCode: code,
    detail: message,
    reason: STATUS_CODES[status],
    parameters,
    badRequestDetail: badFields && { fields: badFields },
  }
}

/** Nothing of it is told. */
function logCause(error: unknown, request: FastifyRequest): void {
  request.log.error({ err: isFault(error) ? (error.details.cause ?? error) : error }, 'internal fault')
}
