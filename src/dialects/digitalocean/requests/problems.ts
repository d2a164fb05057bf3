import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault, type FaultCode, type FaultSubject } from '../../../domain/fault.ts'
import { FAULTS } from '../../faults.ts'
import { fromHttpLayer } from '../../http-faults.ts'
import { SchemaViolations, toViolations } from '../../validation.ts'

/** The error handler of this dialect: `id`, `message`, `request_id`, and never a key that a success has. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const fault = faultOf(error)
  if (fault.code === 'internal') request.log.error({ err: fault.details.cause ?? error }, 'internal fault')
  const code = codeHere(fault)
  const [status, id] = FAULTS[code].digitalocean
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rolecall"')
  if (fault.details.allow) reply.header('allow', fault.details.allow.join(', '))
  if (REPEATABLE.has(status)) reply.header('retry-after', String(fault.details.retryAfterSeconds ?? RETRY_S))
  const body = {
    id,
    message: messageOf({ code, subject: fault.subject, message: fault.message }),
    request_id: request.id,
  }
  return reply.code(status).type('application/json; charset=utf-8').send(body)
}

/** `Retry-After` is a command to clients: they repeat whatever carries it, a POST too. Nothing else may. */
const REPEATABLE: ReadonlySet<number> = new Set([429, 503])
const RETRY_S = 5

/** What a change needs beside its subject, or the way to its server, and lacks, is not a 404: clients would forget the subject. */
function codeHere({ code, subject, details }: Fault): FaultCode {
  const isBeside = subject === 'role' || details.reason !== undefined
  return code === 'not_found' && isBeside ? 'refused' : code
}

function messageOf({ code, subject, message }: Pick<Fault, 'code' | 'subject' | 'message'>): string {
  if (code === 'not_found') return MISSING[subject] ?? message
  if (code === 'exists') return TAKEN[subject] ?? message
  return FIXED[code] ?? message
}

const MISSING: Partial<Record<FaultSubject, string>> = {
  instance: 'cluster not found',
  user: 'user not found',
  database: 'database not found',
}

const TAKEN: Partial<Record<FaultSubject, string>> = {
  instance: 'cluster name is not available',
  user: 'user name is not available',
  database: 'database name is not available',
}

const FIXED: Partial<Record<FaultCode, string>> = {
  unauthenticated: 'Unauthorized',
  rate_limited: 'API rate limit exceeded',
  internal: 'Server error',
}

/** What the HTTP layer or a schema threw, as one of our own. */
function faultOf(error: unknown): Fault {
  if (error instanceof SchemaViolations) return new Fault('invalid', 'request', sentenceOf(error))
  return fromHttpLayer(error, OWN_WORDS)
}

const OWN_WORDS = {
  415: ['malformed', 'The Content-Type can not be read'],
} as const

/** `settings.acl.0.topic is required; name is required`. */
function sentenceOf(error: SchemaViolations): string {
  const all = toViolations(error).map(({ pointer, detail }) => {
    return `${pointer.slice(1).replaceAll('/', '.') || 'the body'} ${detail}`
  })
  return all.join('; ') || 'The body does not fit its schema'
}
