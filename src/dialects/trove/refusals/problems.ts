import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault, type FaultCode } from '../../../domain/fault.ts'
import { FAULTS } from '../../faults.ts'
import { fromHttpLayer } from '../../http-faults.ts'
import { SchemaViolations } from '../../validation.ts'
import type { TroveParts } from '../context.ts'
import { baseOf } from '../requests/addresses.ts'
import { Refusal, unprocessable } from './refusal.ts'
import { validationError } from './violations.ts'

/** The error handler of this dialect: one key, which is the fault's name. */
export function problemSender(parts: TroveParts) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof Refusal) return send(reply, error)
    const fault = faultOf(error)
    const { allow, retryAfterSeconds } = fault.details
    if (fault.code === 'unauthenticated')
      reply.header('www-authenticate', `Keystone uri="${baseOf(request, parts)}/identity"`)
    if (allow) reply.header('allow', allow.join(', '))
    if (retryAfterSeconds !== undefined && REPEATABLE.has(fault.code))
      reply.header('retry-after', String(retryAfterSeconds))
    return send(reply, refusalOf(fault, error, request), fault)
  }
}

const REPEATABLE: ReadonlySet<FaultCode> = new Set(['rate_limited', 'unavailable', 'timeout'])

function send(
  reply: FastifyReply,
  { status: code, fault: name, message, details }: Refusal,
  fault?: Fault,
): FastifyReply {
  const seconds = fault?.code === 'rate_limited' ? fault.details.retryAfterSeconds : undefined
  const retryAfter = seconds === undefined ? undefined : String(seconds)
  return reply.code(code).send({ [name]: { code, details, message, retryAfter } })
}

function refusalOf(fault: Fault, error: unknown, request: FastifyRequest): Refusal {
  const [status, name] = FAULTS[fault.code].trove
  if (isNotReady(fault)) return unprocessable(notReady(fault, request))
  if (status === 500) return new Refusal(status, name, logged(fault, error, request))
  if (fault.code === 'rate_limited')
    return new Refusal(status, name, 'This request was rate-limited.', limitOf(request))
  return new Refusal(status, name, messageOf(fault, request))
}

/** Its server can't be reached or used. Where a change was begun, what came of it is not known: that is something else. */
function isNotReady({ code, subject, details }: Fault): boolean {
  if (details.operationId !== undefined) return false
  if (code === 'server_changed' || code === 'network_denied' || details.reason !== undefined) return true
  return code === 'unavailable' && subject === 'server'
}

function notReady({ code }: Fault, { troveInstance }: FastifyRequest): string {
  const status = code === 'server_changed' ? 'ERROR' : 'SHUTDOWN'
  return `Instance ${troveInstance?.id ?? ''} is not ready, status: ${status}.`
}

function messageOf(fault: Fault, { troveInstance }: FastifyRequest): string {
  if (fault.code === 'unsupported' && troveInstance)
    return `Operation not supported for datastore ${troveInstance.datastore}.`
  const violations = fault.details.violations ?? []
  return violations.length === 0
    ? fault.message
    : `${fault.message}: ${violations.map(({ detail }) => detail).join('; ')}`
}

function limitOf({ method, rate }: FastifyRequest): string {
  return `Only ${rate?.limit} ${method} request(s) can be made to * every minute.`
}

/** Nothing of it is told but an id to look for. */
function logged(fault: Fault, error: unknown, request: FastifyRequest): string {
  const id = randomBytes(8).toString('hex')
  request.log.error({ err: fault.details.cause ?? error, id }, 'internal fault')
  return `The server has either erred or is incapable of performing the requested operation (${id}).`
}

/** What the HTTP layer or a schema threw, as one of our own. */
function faultOf(error: unknown): Fault {
  if (error instanceof SchemaViolations) return new Fault('invalid', 'request', validationError(error))
  return fromHttpLayer(error, OWN_WORDS)
}

const OWN_WORDS = {
  415: ['unsupported_media_type', 'Send application/json or application/xml'],
} as const
