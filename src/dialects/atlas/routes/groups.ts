import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Project } from '../../../domain/callers/project.ts'
import { checkFirstOperator, hasRight } from '../../../services/access/access.ts'
import { ref } from '../../request.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { naming } from '../refusals/faults.ts'
import { refusal } from '../refusals/refusal.ts'
import { hrefOf, selfLink } from '../requests/addresses.ts'
import { absent } from '../requests/bodies.ts'
import { pageOf } from '../requests/pages.ts'
import { groupWith, orgHere, sightOf } from '../requests/places.ts'
import { Empty, GroupParams } from '../wire/common.ts'
import { ChangedGroup, fromProject, Group, GroupList, NewGroup } from '../wire/groups.ts'

export const groupSchemas = [Group, GroupList, Empty]

const tags = ['Projects']
const OrgParams = Type.Object({ orgId: Type.String() })
const NameParams = Type.Object({ name: Type.String() })

/** Projects, which this API calls groups. */
export function groupRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { projects, organisationId } = parts.services

  http.get(
    '/groups',
    {
      config: { paged: true },
      schema: {
        operationId: 'listGroups',
        tags,
        summary: 'Projects of the caller; one by its name: GET /groups/byName/NAME',
        response: { 200: ref(GroupList) },
      },
    },
    request => listGroups(parts, request),
  )

  http.get(
    '/orgs/:orgId/groups',
    {
      config: { paged: true },
      onRequest: orgHere(parts),
      schema: {
        operationId: 'listOrgGroups',
        tags,
        summary: 'Projects of the caller, which are all of this one organization',
        params: OrgParams,
        response: { 200: ref(GroupList) },
      },
    },
    request => listGroups(parts, request),
  )

  http.get(
    '/groups/:groupId',
    {
      onRequest: groupWith(parts, 'project'),
      schema: {
        operationId: 'getGroup',
        tags,
        summary: 'One project',
        params: GroupParams,
        response: { 200: ref(Group) },
      },
    },
    async request => whole(parts, request, await projects.get(request.caller, request.projectId)),
  )

  http.get(
    '/groups/byName/:name',
    {
      schema: {
        // In a document `byName` and `{groupId}` would be the same path.
        hide: true,
        params: NameParams,
      },
    },
    async request => {
      const { name } = request.params
      const found = (await groupsOf(parts, request)).find(project => project.name === name)
      if (!found) throw refusal('GROUP_NAME_NOT_FOUND', name)
      return whole(parts, request, found)
    },
  )

  http.post(
    '/groups',
    {
      onRequest: async ({ caller }) => checkFirstOperator(caller),
      preValidation: absent({ null: ['tags', 'withDefaultAlertsSettings', 'regionUsageRestrictions'] }),
      schema: {
        operationId: 'createGroup',
        tags,
        summary: 'Make a project',
        body: NewGroup,
        response: { 201: ref(Group) },
      },
    },
    async (request, reply) => {
      const { name, orgId, tags: own = [] } = request.body
      if (orgId !== organisationId) throw refusal('ORG_NOT_FOUND', orgId)
      await checkGroupFields(parts, request, name, own)
      const project = await projects.create(request.caller, { name })
      return reply.code(201).send(await shown(parts, request, project))
    },
  )

  http.patch(
    '/groups/:groupId',
    {
      onRequest: groupWith(parts, 'own'),
      preValidation: absent({ null: ['name', 'tags'] }),
      schema: {
        operationId: 'updateGroup',
        tags,
        summary: 'Rename a project',
        params: GroupParams,
        body: ChangedGroup,
        response: { 200: ref(Group) },
      },
    },
    async request => {
      const { caller, projectId } = request
      const { name, tags: own = [] } = request.body
      await checkGroupFields(parts, request, name, own)
      const project =
        name === undefined ? await projects.get(caller, projectId) : await projects.change(caller, projectId, { name })
      return shown(parts, request, project)
    },
  )

  http.delete(
    '/groups/:groupId',
    {
      onRequest: groupWith(parts, 'own'),
      schema: {
        operationId: 'deleteGroup',
        tags,
        summary: 'Remove a project that has no servers',
        params: GroupParams,
        response: { 202: ref(Empty) },
      },
    },
    async (request, reply) => {
      const { caller, projectId } = request
      const inUse = naming({ in_use: ['CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS'] })
      await projects.remove(caller, projectId).catch(inUse)
      return reply.code(202).send({})
    },
  )
}

async function listGroups(parts: AtlasParts, request: FastifyRequest) {
  const page = pageOf(parts, request, await groupsOf(parts, request), project => shown(parts, request, project))
  return { ...page, results: await Promise.all(page.results) }
}

/** Those that the caller sees, oldest first. */
export async function groupsOf({ services }: AtlasParts, { caller }: FastifyRequest): Promise<readonly Project[]> {
  const { items } = await services.projects.list(caller, { limit: caller.roles.size + 1 })
  return items.toSorted((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
}

/** Names find projects here, so no two that one caller sees have the same. */
async function checkGroupFields(
  parts: AtlasParts,
  request: FastifyRequest,
  name: string | undefined,
  own: readonly unknown[],
): Promise<void> {
  if (own.length > 0) throw refusal('FEATURE_UNSUPPORTED', 'tags of projects')
  const others = (await groupsOf(parts, request)).filter(({ id }) => id !== request.projectId)
  if (name !== undefined && others.some(project => project.name === name)) throw refusal('GROUP_ALREADY_EXISTS', name)
}

async function shown(parts: AtlasParts, request: FastifyRequest, project: Project) {
  const { id } = project
  const clusters = hasRight(request.caller, id, 'read')
    ? await parts.services.dialectViews.list(request.caller, sightOf(id))
    : []
  const more = { orgId: parts.services.organisationId, clusterCount: clusters.length }
  return { ...fromProject(project, more), links: [selfLink(request, parts, `/groups/${id}`)] }
}

/** What a project leads to, as clients of the hosted API know it. */
const RELATED = ['containers', 'clusters', 'databaseUsers', 'peers', 'processes', 'whitelist']

async function whole(parts: AtlasParts, request: FastifyRequest, project: Project) {
  const item = await shown(parts, request, project)
  const related = RELATED.map(name => ({
    href: hrefOf(request, parts, `/groups/${project.id}/${name}`),
    rel: `https://cloud.mongodb.com/${name}`,
  }))
  return { ...item, links: [...related, ...item.links] }
}
