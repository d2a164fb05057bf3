import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Fault, toFault } from '../../../domain/fault.ts'
import { SchemaViolations } from '../../validation.ts'
import type { TroveParts } from '../context.ts'
import { validationError } from '../refusals/violations.ts'
import { baseOf } from '../requests/addresses.ts'

/** The error handler of the identity endpoints, whose faults have a form of their own. */
export function identityProblemSender(parts: Pick<TroveParts, 'publicUrl'>) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply) => send(parts, error, request, reply)
}

function send(
  parts: Pick<TroveParts, 'publicUrl'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [code, title, message] = wordsFor(error, request)
  const { allow, retryAfterSeconds } = toFault(error).details
  if (allow) reply.header('allow', allow.join(', '))
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (code === 401) reply.header('www-authenticate', `Keystone uri="${baseOf(request, parts)}/identity"`)
  return reply.code(code).send({ error: { code, title, message } })
}

type Words = readonly [status: number, title: string, message: string]

function wordsFor(error: unknown, request: FastifyRequest): Words {
  if (error instanceof SchemaViolations) return [400, 'Bad Request', validationError(error)]
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  if (status === 413) return [413, 'Request Entity Too Large', 'The body is larger than this server takes.']
  const fault = toFault(error)
  return (
    FAULTS[fault.code] ?? (typeof status === 'number' && status < 500 ? UNREADABLE : internal(fault, error, request))
  )
}

const UNREADABLE: Words = [400, 'Bad Request', 'The request can not be read.']

const FAULTS: Partial<Readonly<Record<Fault['code'], Words>>> = {
  malformed: UNREADABLE,
  invalid: UNREADABLE,
  unauthenticated: [401, 'Unauthorized', 'The request you have made requires authentication.'],
  forbidden: [403, 'Forbidden', 'You are not authorized to perform the requested action.'],
  not_found: [404, 'Not Found', 'The resource could not be found.'],
  method_not_allowed: [405, 'Method Not Allowed', 'The method is not allowed for this path.'],
  unsupported_media_type: [415, 'Unsupported Media Type', 'Send application/json.'],
  conflict: [409, 'Conflict', 'More than one of your projects has this name: ask for it by its id or alias.'],
  rate_limited: [429, 'Too Many Requests', 'This request was rate-limited.'],
  unavailable: [503, 'Service Unavailable', 'Ask again later.'],
  timeout: [503, 'Service Unavailable', 'Ask again later.'],
}

function internal(fault: Fault, error: unknown, request: FastifyRequest): Words {
  const id = randomBytes(8).toString('hex')
  request.log.error({ err: fault.details.cause ?? error, id }, 'internal fault')
  return [
    500,
    'Internal Server Error',
    `An unexpected error prevented the server from fulfilling your request (${id}).`,
  ]
}
