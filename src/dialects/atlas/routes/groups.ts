import type { FastifyRequest } from 'fastify'
import type { Project } from '../../../domain/project.ts'
import { hasRight } from '../../../services/access/access.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { selfLink } from '../requests/addresses.ts'
import { pageOf } from '../requests/pages.ts'
import { groupWith } from '../requests/places.ts'
import { fromProject } from '../wire/groups.ts'

/** Projects, which this API calls groups. */
export function groupRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { projects } = parts.services

  http.get('/groups', async request => {
    const { items } = await projects.list(request.caller, { limit: request.caller.roles.size + 1 })
    const all = items.toSorted((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
    const body = pageOf(parts, request, all, project => project)
    return { ...body, results: await Promise.all(body.results.map(one => shown(parts, request, one as Project))) }
  })

  http.get('/groups/:groupId', { onRequest: groupWith(parts, 'project') }, async request =>
    shown(parts, request, await projects.get(request.caller, request.projectId)),
  )
}

async function shown(parts: AtlasParts, request: FastifyRequest, project: Project) {
  const { services } = parts
  const sight = { projectId: project.id, engines: ['mongodb'] as const }
  const clusters = hasRight(request.caller, project.id, 'read')
    ? await services.dialectViews.list(request.caller, sight)
    : []
  const wire = fromProject(project, { orgId: services.organisationId, clusterCount: clusters.length })
  return { ...wire, links: [selfLink(request, parts, `/groups/${project.id}`)] }
}
