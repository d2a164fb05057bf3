import type { FastifyRequest } from 'fastify'
import type { Right } from '../../../domain/role.ts'
import { checkRight } from '../../../services/access/access.ts'
import type { AtlasParts } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'

export const ID = /^[0-9a-f]{24}$/

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
export async function checkGroup({ services }: AtlasParts, { caller }: FastifyRequest, groupId: string): Promise<void> {
  if (!ID.test(groupId)) throw refusal('INVALID_GROUP_ID', groupId)
  if (caller.roles.has(groupId)) return
  if (await services.everyProject(caller)) throw refusal('GROUP_NOT_FOUND', groupId)
  throw refusal('NOT_IN_GROUP')
}
