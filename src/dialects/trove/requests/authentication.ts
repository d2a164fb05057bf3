import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../domain/callers/caller.ts'
import { Fault } from '../../../domain/fault.ts'
import type { Origin } from '../../../services/callers/authentication.ts'
import type { Rate } from '../../rate.ts'
import type { TroveParts } from '../context.ts'
import { forbidden, NO_ACCESS, NO_RESOURCE, notFound } from '../refusals/refusal.ts'
import { pathOf, tenantIn } from './addresses.ts'
import { lenientDecode } from './percent.ts'
import { callerOf } from './ways-in.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A hook: this API's request ids are UUIDs, so a caller's own id that is none gets a companion; the log line has both. */
export async function nameRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const id = UUID.test(request.id) ? request.id : randomUUID()
  if (id !== request.id) request.log = request.log.child({ answeredAs: id })
  reply.header('x-openstack-request-id', `req-${id}`)
}

/** A hook, before any look-up: without a token nothing here can be told from nothing. */
export async function authenticate(parts: TroveParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header('cache-control', 'no-store')
  request.caller = await callerOf(parts, request, originOf(request))
  await limit(parts, request)
  refuseOver(request, parts.rates.count(request))
}

export function originOf({ ip: address, id: requestId }: FastifyRequest): Origin {
  return { address, dialect: 'trove', requestId }
}

/** Counts the request of a caller that is known. */
export async function limit({ countRequest }: TroveParts, request: FastifyRequest): Promise<void> {
  const rate = await countRequest(request)
  request.rate = rate
  refuseOver(request, rate)
}

function refuseOver(request: FastifyRequest, rate: Rate | undefined): void {
  if (!rate?.exceeded) return
  request.rate = rate
  throw new Fault('rate_limited', 'key', 'Too many requests', { retryAfterSeconds: rate.resetSeconds })
}

/** A hook: the token opens the project that the path names, and the path is one that could be served. */
export async function checkTenant({ services }: TroveParts, request: FastifyRequest): Promise<void> {
  const { caller } = request
  const tenant = lenientDecode(tenantIn(request))
  const projectId = caller.roles.has(tenant) ? tenant : (await projectCalled(services, caller, tenant))?.id
  if (projectId === undefined) throw forbidden(NO_ACCESS)
  request.projectId = projectId
  if (/\/(\/|$)/.test(pathOf(request))) throw notFound(NO_RESOURCE)
}

/** By its alias, among the caller's own. */
async function projectCalled(services: TroveParts['services'], caller: Caller, alias: string) {
  const { items } = await services.projects.list(caller, { limit: 1000 })
  return items.find(project => project.alias === alias)
}
