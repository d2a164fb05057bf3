import type { FastifyRequest } from 'fastify'
import { accessHas, type EntityRight } from '../../domain/callers/access.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Right } from '../../domain/users/role.ts'
import { hasRight } from '../../services/access/access.ts'
import type { RouteParts } from '../request.ts'
import { typeShown } from './database-types.ts'
import { wantsView } from './view.ts'

/** Whom a path names, and where: the organisation is the home project of the caller's key. */
export interface Subject {
  readonly userId: string
  readonly organisation: string
}

/** Ids of users, connections, data sources and teams. */
export const ID = /^[a-z0-9]{5,10}$/

/**
 * A hook: `{userId}` is the caller, or any user of its organisation if it is an admin there. Everything else is 403, so that nobody learns
 * who exists; an admin may be told (`unknown`) that somebody is none of the organisation's.
 */
export function subjectWith(parts: RouteParts, right: Right, unknown: () => Fault = forbidden) {
  return async (request: FastifyRequest): Promise<void> => {
    const { userId } = request.params as { userId: string }
    request.subject = await subjectOf(parts, request.caller, userId, unknown)
    if (!mayDo(request.caller, right)) throw forbidden()
  }
}

async function subjectOf(parts: RouteParts, caller: Caller, userId: string, unknown: () => Fault): Promise<Subject> {
  const organisation = caller.key.homeProjectId
  if (!caller.roles.has(organisation)) throw forbidden()
  if (isSelf(caller, userId)) return { userId: caller.operator.id, organisation }
  if (!mayDo(caller, 'administer')) throw forbidden()
  if (!ID.test(userId)) throw unknown()
  await parts.services.projects.getMember(caller, organisation, userId).catch(() => Promise.reject(unknown()))
  return { userId, organisation }
}

export function isSelf({ operator }: Caller, userId: string): boolean {
  return userId === operator.id || userId === 'self' || userId === 'me'
}

/** A hook: what the path names is visible to the caller, else 404; and it may be used so by the caller, else 403. */
export function connectionWith(parts: RouteParts, right: EntityRight | 'test') {
  return async (request: FastifyRequest): Promise<void> => {
    const { databaseConnectionId: id } = request.params as { databaseConnectionId: string }
    if (!ID.test(id)) throw notFound()
    const found = await parts.services.connections.get(request.caller, id)
    const { projectId, databaseType } = found.connection
    const isHere = projectId === request.caller.key.homeProjectId
    if (!isHere || !typeShown(databaseType, wantsView(request))) throw notFound()
    const mayTest = right === 'test' && mayDo(request.caller, 'change')
    if (!mayTest && !accessHas(found.access, right === 'test' ? 'edit' : right)) throw forbidden()
    request.found = found
  }
}

/** A hook: the same of a data source. */
export function dataSourceWith(parts: RouteParts, right: EntityRight) {
  return async (request: FastifyRequest): Promise<void> => {
    const { dataSourceId: id } = request.params as { dataSourceId: string }
    if (!ID.test(id)) throw notFound()
    const found = await parts.services.dataSources.get(request.caller, id)
    if (found.source.projectId !== request.caller.key.homeProjectId) throw notFound()
    if (!accessHas(found.access, right)) throw forbidden()
    request.foundSource = found
  }
}

/** A hook: the organisation is the caller's own, else 404; and the caller has the right there, else 403. */
export function organisationWith(right: Right) {
  return async ({ caller, params }: FastifyRequest): Promise<void> => {
    const { organisationId: id } = params as { organisationId: string }
    if (id !== caller.key.homeProjectId || !caller.roles.has(id)) throw notFound()
    if (!mayDo(caller, right)) throw forbidden()
  }
}

/** A hook: the team is one of the organisation's, else 404. */
export function teamIn(parts: RouteParts) {
  return async ({ caller, params }: FastifyRequest): Promise<void> => {
    const { teamId: id } = params as { teamId: string }
    if (!ID.test(id)) throw notFound()
    const team = await parts.services.teams.get(caller, id)
    if (team.projectId !== caller.key.homeProjectId) throw notFound()
  }
}

function mayDo(caller: Caller, right: Right): boolean {
  return hasRight(caller, caller.key.homeProjectId, right)
}

export function forbidden(): Fault {
  return new Fault('forbidden', 'project', 'Only an administrator of the organisation may do that')
}

export function notFound(): Fault {
  return new Fault('not_found', 'connection', 'No such connection')
}
