import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import { hasRight } from '../../../services/access/access.ts'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { RouteParts } from '../../request.ts'
import { clusterMade, takeOver } from '../clusters/adoption.ts'
import { shownCluster } from '../clusters/sight.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { clusterWith, hereWith, sightOf } from '../subject.ts'
import { CaAnswer, ClusterList, clusterSchemas, fromCa, SingleCluster } from '../wire/clusters.ts'
import { PageQuery, wholeList } from '../wire/common.ts'
import { changeRefusals, readRefusals, refusals } from '../wire/errors.ts'
import { NewClusterBody } from '../wire/new-cluster.ts'
import { fromOptions, OptionsAnswer } from '../wire/options.ts'
import { isSame } from '../wire/tags.ts'

export { clusterSchemas }

const ClusterParams = Type.Object({ id: Type.String() })
const ListQuery = Type.Object({
  ...PageQuery.properties,
  tag_name: Type.Optional(Type.String({ description: 'Only those with this tag' })),
})

/** Instances, as this API knows them: what is told of one never touches its server. */
export function clusterRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { services } = parts
  const { dialectViews } = services
  const tags = ['Clusters']
  const operation = (operationId: string, summary: string) => ({ operationId, tags, summary })
  const one = (operationId: string, summary: string) => ({ ...operation(operationId, summary), params: ClusterParams })

  http.get(
    '/databases',
    {
      schema: {
        ...operation('databases_list_clusters', 'Clusters, oldest first'),
        querystring: ListQuery,
        response: { 200: ClusterList, ...refusals(400) },
      },
      onRequest: hereWith('read'),
    },
    async ({ caller, query }) => {
      const all = await dialectViews.list(caller, sightOf(caller))
      // Who may not see tags can't find by them either.
      const tagsSeen = ({ instance }: InstanceView) =>
        hasRight(caller, instance.projectId, 'tags') ? instance.tags : []
      const found = all.filter(view => hasTag(tagsSeen(view), query.tag_name))
      const shown = await Promise.all(found.map(view => shownCluster(services, caller, view)))
      return wholeList('databases', shown, query)
    },
  )

  http.post(
    '/databases',
    {
      schema: {
        ...operation('databases_create_cluster', 'Adopt a server that is registered, or register it'),
        body: NewClusterBody,
        response: { 201: SingleCluster, ...refusals(400, 409, 413, 422) },
      },
      config: { replayed: true },
      onRequest: hereWith('adopt'),
    },
    async (request, reply) => {
      const { caller, body, deadline } = request
      const view = await clusterMade(services, request, () => takeOver(services, caller, body, deadline))
      return reply.code(201).send({ database: await shownCluster(services, caller, view) })
    },
  )

  http.get(
    '/databases/options',
    {
      schema: {
        ...operation('databases_list_options', 'What can be adopted: each instance is a region of its own'),
        response: { 200: OptionsAnswer, ...refusals(400) },
      },
      onRequest: hereWith('read'),
    },
    async ({ caller }) => fromOptions(await dialectViews.listAll(caller, sightOf(caller), 'read')),
  )

  http.get(
    '/databases/:id',
    {
      schema: { ...one('databases_get_cluster', 'One cluster'), response: { 200: SingleCluster, ...readRefusals } },
      onRequest: clusterWith(parts, 'read'),
    },
    async ({ caller, cluster }) => ({ database: await shownCluster(services, caller, cluster) }),
  )

  http.delete(
    '/databases/:id',
    {
      schema: {
        ...one('databases_destroy_cluster', 'Release it: nothing changes on its server'),
        response: { 204: Type.Null(), ...changeRefusals },
      },
      onRequest: clusterWith(parts, 'release'),
    },
    async ({ caller, cluster }, reply) => {
      await dialectViews.release(caller, sightOf(caller), cluster.instance.id)
      return reply.code(204).send()
    },
  )

  http.get(
    '/databases/:id/ca',
    {
      schema: { ...one('databases_get_ca', 'The CA of its certificate'), response: { 200: CaAnswer, ...readRefusals } },
      onRequest: clusterWith(parts, 'read'),
    },
    async ({ cluster }) => {
      const ca = fromCa(cluster)
      if (!ca) throw new Fault('not_found', 'request', 'CA certificate not found')
      return ca
    },
  )
}

function hasTag(tags: readonly string[], wanted: string | undefined): boolean {
  return wanted === undefined || tags.some(tag => isSame(tag, wanted))
}
