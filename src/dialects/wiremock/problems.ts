import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Fault, FaultCode, FaultSubject } from '../../domain/fault.ts'
import { FAULTS } from '../faults.ts'
import { fromHttpLayer } from '../http-faults.ts'
import { toWrongs } from './bodies/fields.ts'
import type { Wrong } from './bodies/shape.ts'
import { type SingleError, UNAUTHORIZED } from './wire/errors.ts'

/** Refused in this dialect's own words. */
export class Refused extends Error {
  readonly status: number
  readonly items: readonly SingleError[]

  constructor(status: number, items: readonly SingleError[]) {
    super('refused')
    this.status = status
    this.items = items
  }
}

/** A body that can be read and is not acceptable; the status is the operation's own. */
export class WrongBody extends Error {
  readonly wrongs: readonly Wrong[]

  constructor(wrongs: readonly Wrong[]) {
    super('wrong body')
    this.wrongs = wrongs
  }
}

/** The error handler of this dialect. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refused) return reply.code(error.status).send({ errors: error.items })
  if (error instanceof WrongBody) {
    return reply.code(statusOf('invalid', request)).send({ errors: error.wrongs.map(toItem) })
  }
  const fault = fromHttpLayer(error, OWN_WORDS)
  const { retryAfterSeconds, allow } = fault.details
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (allow) reply.header('allow', allow.join(', '))
  const [status, words] = FAULTS[fault.code].wiremock
  if (status === 401) return sendUnauthorized(reply)
  if (status === 500) return sendCrash(fault, error, request, reply)
  if (PLAIN.has(status)) return reply.code(status).send({ code: status, message: words })
  return sendErrors(fault, words, request, reply)
}

/** Bodies of these are a plain message, not a list of errors. */
const PLAIN: ReadonlySet<number> = new Set([404, 405, 413, 415, 503])

function sendUnauthorized(reply: FastifyReply): FastifyReply {
  return reply.code(401).header('www-authenticate', 'Token realm="rolecall"').type('text/plain').send(UNAUTHORIZED)
}

function sendCrash(fault: Fault, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const id = randomBytes(8).toString('hex')
  request.log.error({ err: fault.details.cause ?? error, id, requestId: request.id }, 'internal fault')
  const message = `${FAULTS.internal.wiremock[1]} It has been logged (ID ${id}).`
  return reply.code(500).send({ code: 500, message })
}

function sendErrors(fault: Fault, title: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOf(fault.code, request)
  return reply.code(status).send({ errors: itemsOf(fault, title, request) })
}

/** The status for what is wrong with a body is the operation's own. */
function statusOf(code: FaultCode, request: FastifyRequest): number {
  const [status] = FAULTS[code].wiremock
  return status === 422 ? (request.routeOptions.config.body?.status ?? 422) : status
}

function itemsOf(fault: Fault, title: string, request: FastifyRequest): readonly SingleError[] {
  const { envelope = '' } = request.routeOptions.config.body ?? {}
  if (fault.code === 'forbidden') return [{ title, source: {} }]
  const wrongs = toWrongs(fault.details.violations ?? [], envelope)
  if (wrongs.length > 0) return wrongs.map(toItem)
  if (fault.details.usedBy) return fault.details.usedBy.map(id => usedBy(title, id, fault.message))
  if (isNameTaken(fault)) return [nameTaken(title, request)]
  return [{ title: TITLES[fault.subject] ?? title, detail: fault.message, source: {} }]
}

/** What is refused, where it is no connection. */
const TITLES: Partial<Record<FaultSubject, string>> = {
  team: 'Invalid team',
  operator: 'Invalid user',
  table: 'Invalid data source',
  'data-source': 'Invalid data source',
  member: 'Conflict',
  project: 'Conflict',
}

function usedBy(title: string, id: string, detail: string): SingleError {
  return { title, detail, source: { pointer: `/v1/data-sources/${id}` } }
}

function toItem({ detail }: Wrong): SingleError {
  return { title: 'Invalid JSON', detail, source: {} }
}

function isNameTaken({ code, subject }: Fault): boolean {
  return code === 'exists' && subject === 'connection'
}

function nameTaken(title: string, request: FastifyRequest): SingleError {
  const { connectionName } = (request.body as { databaseConnection: { connectionName: string } }).databaseConnection
  const detail = `Another database connection of the organisation is named ${JSON.stringify(connectionName.trim())}`
  return { title, detail, source: { pointer: '/databaseConnection/connectionName' } }
}

/** Of what the HTTP layer refuses. */
const OWN_WORDS = {
  415: ['unsupported_media_type', 'Send application/json'],
  429: ['rate_limited', 'Too many requests with this key'],
} as const
