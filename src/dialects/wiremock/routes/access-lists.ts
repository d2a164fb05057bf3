import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AccessSubject, accessHas, type Entity } from '../../../domain/callers/access.ts'
import type { RouteParts } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { checkLimit } from '../queries.ts'
import { forbidden, ID, notFound } from '../subject.ts'
import {
  CandidateList,
  type Collection,
  fromCandidate,
  fromGrant,
  type GrantBody,
  GrantList,
  grantBody,
  toAccess,
} from '../wire/access-lists.ts'
import { refusals } from '../wire/errors.ts'

const tags = ['Access control']
const EntityParams = Type.Object({ entityId: Type.String() })
const GrantParams = Type.Object({ entityId: Type.String(), subjectType: Type.String(), subjectEntityId: Type.String() })

/** Who may see and do what with one thing: for its admins. */
export function accessListRoutes(http: WiremockHttp, parts: RouteParts, collection: Collection): void {
  const { accessLists } = parts.services
  const { prefix, kind, hide } = collection
  const entityOf = ({ params }: FastifyRequest): Entity => ({ kind, id: (params as { entityId: string }).entityId })
  const pathOf = (request: FastifyRequest) => `/v1/${prefix}/${entityOf(request).id}`
  const shareable = (request: FastifyRequest) => checkShareable(parts, request, entityOf(request))
  const operation = (name: string, summary: string) =>
    ({
      operationId: `${name}${prefix === 'data-sources' ? 'DataSource' : 'DatabaseConnection'}`,
      tags,
      summary,
      hide,
    }) as const
  const body = grantBody(collection)

  http.get(
    `/${prefix}/:entityId/acl`,
    {
      schema: {
        ...operation('getAccessListOf', 'Its access list'),
        params: EntityParams,
        querystring: Type.Object({
          subjectId: Type.Optional(Type.String({ description: 'Only what this one is given' })),
        }),
        response: { 200: GrantList, ...refusals(403, 404) },
      },
      onRequest: shareable,
    },
    async request => {
      const { subjectId } = request.query as { subjectId?: string }
      const grants = await accessLists.list(request.caller, entityOf(request), subjectId)
      return { grants: grants.map(grant => fromGrant(grant, collection, pathOf(request))) }
    },
  )

  http.get(
    `/${prefix}/:entityId/acl/candidates`,
    {
      schema: {
        ...operation('getAccessCandidatesOf', 'Whom it can be shared with'),
        params: EntityParams,
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1 })),
          q: Type.Optional(Type.String({ description: 'A literal part of the name, in any case' })),
        }),
        response: { 200: CandidateList, ...refusals(400, 403, 404) },
      },
      onRequest: [shareable, checkLimit],
    },
    async request => {
      const { limit, q } = request.pageWanted
      const found = await accessLists.candidates(request.caller, entityOf(request), q, limit)
      return { candidates: found.map(one => fromCandidate(one, pathOf(request))) }
    },
  )

  http.put<{ Body: GrantBody }>(
    `/${prefix}/:entityId/acl/:subjectType/:subjectEntityId`,
    {
      schema: {
        ...operation('shareThe', 'Share it, or change how far'),
        params: GrantParams,
        body,
        response: { 200: body, ...refusals(400, 403, 404, 422) },
      },
      config: { body: { envelope: '/grant', status: 422 } },
      onRequest: [shareable, checkSubject, checkMediaType],
    },
    async request => {
      checkValues(request, body, [])
      await accessLists.set(request.caller, entityOf(request), subjectIn(request), toAccess(request.body))
      return { grant: { role: request.body.grant.role } }
    },
  )

  http.delete(
    `/${prefix}/:entityId/acl/:subjectType/:subjectEntityId`,
    {
      schema: {
        ...operation('stopSharingThe', 'Stop sharing it'),
        params: GrantParams,
        response: { 204: Type.Null(), ...refusals(403, 404) },
      },
      onRequest: [shareable, checkSubject],
    },
    async (request, reply) => {
      await accessLists.remove(request.caller, entityOf(request), subjectIn(request))
      return reply.code(204).send()
    },
  )
}

async function checkShareable({ services }: RouteParts, { caller }: FastifyRequest, entity: Entity): Promise<void> {
  if (!ID.test(entity.id)) throw notFound()
  const { projectId, access } = await services.accessLists.accessTo(caller, entity)
  if (projectId !== caller.key.homeProjectId) throw notFound()
  if (!accessHas(access, 'share')) throw forbidden()
}

/** A hook: there are three kinds of subject, and ids without surprises. */
async function checkSubject(request: FastifyRequest): Promise<void> {
  const { kind, id } = subjectIn(request)
  if (!['user', 'team', 'organisation'].includes(kind) || !/^[a-z0-9]{5,24}$/.test(id)) throw notFound()
}

function subjectIn({ params }: FastifyRequest): AccessSubject {
  const { subjectType, subjectEntityId: id } = params as { subjectType: AccessSubject['kind']; subjectEntityId: string }
  return { kind: subjectType, id }
}
