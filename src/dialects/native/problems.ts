import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault } from '../../domain/fault.ts'
import { FAULTS } from '../faults.ts'
import { fromHttpLayer } from '../http-faults.ts'
import { SchemaViolations, toViolations } from '../validation.ts'

/** RFC 9457, as contracts name it: one `type` a fault, listed in docs/faults.md. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '`urn:rolecall:fault:NAME`' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong, and what would be right' }),
    instance: Type.String({ description: 'The request id' }),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
    operation: Type.Optional(Type.String({ description: 'The operation that will tell what came of it' })),
  },
  { $id: 'Problem' },
)

/** The error handler of the native API. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const fault = faultOf(error)
  if (fault.code === 'internal') request.log.error({ err: fault.details.cause ?? error }, 'internal fault')
  const [status, name] = FAULTS[fault.code].native
  const { violations, retryAfterSeconds, operationId, allow } = fault.details
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rolecall"')
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (allow) reply.header('allow', allow.join(', '))
  if (operationId) reply.header('rolecall-operation', operationId)
  return reply
    .code(status)
    .type('application/problem+json')
    .send({
      type: `urn:rolecall:fault:${name}`,
      title: titleOf(name),
      status,
      detail: fault.message,
      instance: request.id,
      errors: violations,
      operation: operationId,
    })
}

/** What the HTTP layer threw, as one of our own. */
function faultOf(error: unknown): Fault {
  if (error instanceof SchemaViolations) {
    const violations = toViolations(error)
    const [first] = violations
    const inQuery = error.part !== 'body'
    const where = first ? `${first.pointer || 'the body'} ${first.detail}` : 'it does not fit its schema'
    return new Fault(inQuery ? 'malformed' : 'invalid', 'request', `The request is not acceptable: ${where}`, {
      violations,
    })
  }
  return fromHttpLayer(error, OWN_WORDS)
}

const OWN_WORDS = {
  400: ['malformed', 'The body is not valid JSON'],
  415: ['unsupported_media_type', 'Send application/json'],
  429: ['rate_limited', 'Too many requests with this key'],
} as const

/** `idempotency-mismatch` becomes `Idempotency mismatch`. */
function titleOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ')
}
