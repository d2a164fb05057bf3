import type { FastifyRequest } from 'fastify'
import type { Right } from '../../../domain/users/role.ts'
import { checkFirstOperator, checkRight } from '../../../services/access/access.ts'
import type { Sight } from '../../../services/instances/dialect-views.ts'
import type { AtlasParts } from '../context.ts'
import { ATLAS_ENGINES } from '../engine-words.ts'
import { refusal } from '../refusals/refusal.ts'

const ID = /^[0-9a-f]{24}$/

/** A hook: `{groupId}` is a project that the caller belongs to, and the caller has the right there. Sets `request.projectId`. */
export function groupWith(parts: AtlasParts, right: Right) {
  return async (request: FastifyRequest): Promise<void> => {
    const { groupId } = request.params as { groupId: string }
    await checkGroup(parts, request, groupId)
    checkRight(request.caller, groupId, right)
    request.projectId = groupId
  }
}

/** Whether a project is there is told to those alone who belong to every one that there is. */
async function checkGroup({ services }: AtlasParts, { caller }: FastifyRequest, groupId: string): Promise<void> {
  if (!ID.test(groupId)) throw refusal('INVALID_GROUP_ID', groupId)
  if (caller.roles.has(groupId)) return
  if (await services.everyProject(caller)) throw refusal('GROUP_NOT_FOUND', groupId)
  throw refusal('NOT_IN_GROUP')
}

/** A hook: `{orgId}` is this installation, which is the only one that there is. */
export function orgHere({ services }: AtlasParts) {
  return async (request: FastifyRequest): Promise<void> => {
    const { orgId } = request.params as { orgId: string }
    if (!ID.test(orgId)) throw refusal('INVALID_ORG_ID', orgId)
    if (orgId !== services.organisationId) throw refusal('ORG_NOT_FOUND', orgId)
  }
}

/** A hook: the caller may look after what belongs to no project; then the same. */
export function orgKeepers(parts: AtlasParts) {
  const isHere = orgHere(parts)
  return async (request: FastifyRequest): Promise<void> => {
    checkFirstOperator(request.caller)
    await isHere(request)
  }
}

/** The clusters of a project. */
export function sightOf(projectId: string): Sight {
  return { projectId, engines: ATLAS_ENGINES }
}
