import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Project } from '../../../domain/callers/project.ts'
import { hasRight } from '../../../services/access/access.ts'
import { ref } from '../../request.ts'
import { type Cluster, clusterIdOf, clusterNamed, clusterViews, look } from '../clusters/cluster.ts'
import { type AtlasHttp, type AtlasParts, generationOf } from '../context.ts'
import { hrefOf, segmentOf } from '../requests/addresses.ts'
import { pageOf } from '../requests/pages.ts'
import { groupWith } from '../requests/places.ts'
import { AllClusters, ClusterBody, ClusterList } from '../wire/clusters/schemas.ts'
import { fromCluster } from '../wire/clusters/shapes.ts'
import { GroupParams } from '../wire/common.ts'
import { groupsOf } from './groups.ts'

const tags = ['Clusters']
const versions = ['2023-01-01', '2023-02-01', '2024-08-05']

/** MongoDB servers of a project. They are attached by connections, not made here: there is nothing to write. */
export function clusterRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const onRequest = groupWith(parts, 'read')

  http.get(
    '/groups/:groupId/clusters',
    {
      config: { versions, paged: true },
      onRequest,
      schema: {
        operationId: 'listClusters',
        tags,
        summary: 'MongoDB servers of the project',
        params: GroupParams,
        response: { 200: ref(ClusterList) },
      },
    },
    async request => {
      const views = await clusterViews(parts, request, request.projectId)
      const page = pageOf(parts, request, views, view => look(parts, request, view))
      const clusters = await Promise.all(page.results)
      return { ...page, results: clusters.map(cluster => shown(parts, request, cluster)) }
    },
  )

  http.get(
    '/groups/:groupId/clusters/:clusterName',
    {
      config: { versions },
      onRequest,
      schema: {
        operationId: 'getCluster',
        tags,
        summary: 'One of them, by its name',
        params: Type.Object({ groupId: Type.String(), clusterName: Type.String() }),
        response: { 200: ref(ClusterBody) },
      },
    },
    async request => {
      const view = await clusterNamed(parts, request, request.params.clusterName)
      return shown(parts, request, await look(parts, request, view))
    },
  )
}

/** Over all projects; not in the generation that has clusters alone. */
export function allClusterRoutes(http: AtlasHttp, parts: AtlasParts): void {
  http.get(
    '/clusters',
    {
      config: { paged: true },
      schema: {
        operationId: 'listAllClusters',
        tags,
        summary: 'Clusters of every project of the caller',
        response: { 200: ref(AllClusters) },
      },
    },
    async request => {
      const readable = (await groupsOf(parts, request)).filter(({ id }) => hasRight(request.caller, id, 'read'))
      const page = pageOf(parts, request, readable, project => clustersOf(parts, request, project))
      return { ...page, results: await Promise.all(page.results) }
    },
  )
}

async function clustersOf(parts: AtlasParts, request: FastifyRequest, { id: groupId, name: groupName }: Project) {
  const views = await clusterViews(parts, request, groupId)
  const clusters = await Promise.all(views.map(view => look(parts, request, view)))
  const org = { orgId: parts.services.organisationId, orgName: 'Rolecall' }
  return { groupId, groupName, ...org, planType: 'Self-managed', tags: [], clusters: clusters.map(toSummary) }
}

function toSummary({ view, state, server }: Cluster) {
  const isSharded = server?.variant === 'sharded'
  return {
    clusterId: clusterIdOf(view.instance),
    name: view.name,
    type: isSharded ? 'SHARDED_CLUSTER' : 'REPLICA_SET',
    versions: server ? [server.version] : [],
    availability: state === 'REPAIRING' ? 'unavailable' : 'available',
    alertCount: 0,
    authEnabled: true,
    backupEnabled: false,
    sslEnabled: view.connections[0]?.tls !== undefined && view.connections[0].tls.mode !== 'disable',
    dataSizeBytes: 0,
    nodeCount: 1,
  }
}

function shown(parts: AtlasParts, request: FastifyRequest, cluster: Cluster) {
  const { name, instance } = cluster.view
  const self = hrefOf(request, parts, `/groups/${instance.projectId}/clusters/${segmentOf(name)}`)
  const query = generationOf(request) === 'v2' ? '?includeDeletedWithRetainedBackups=false' : ''
  const related = ['restoreJobs', 'snapshots'].map(what => ({
    href: `${self}/backup/${what}`,
    rel: `https://cloud.mongodb.com/${what}`,
  }))
  const links = [{ href: `${self}${query}`, rel: 'self' }, ...related]
  return { ...fromCluster(cluster, request.resourceVersion), links }
}
