import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { RouteParts } from '../../request.ts'
import { shownCluster } from '../clusters/sight.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { clusterWith, sightOf } from '../subject.ts'
import { SingleCluster } from '../wire/clusters.ts'
import { changeRefusals, never, readRefusals } from '../wire/errors.ts'
import { unacceptable } from '../wire/new-cluster.ts'
import {
  AUTOSCALE_OFF,
  AutoscaleAnswer,
  FIXED_SETTINGS,
  isUpgraded,
  MaintenanceBody,
  toMaintenance,
  UpgradeBody,
} from '../wire/settings.ts'

const params = Type.Object({ id: Type.String() })
const tags = ['Clusters']
const Nothing = { 204: Type.Null(), ...changeRefusals }

/** What clients ask and set on a cluster on their way. */
export function clusterSettingRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { dialectViews } = parts.services
  const onRequest = clusterWith(parts, 'configure')
  fixedSettings(http, parts)

  http.get(
    '/databases/:id/autoscale',
    {
      schema: {
        operationId: 'databases_get_autoscale',
        tags,
        summary: 'Storage that grows by itself: never',
        params,
        response: { 200: AutoscaleAnswer, ...readRefusals },
      },
      onRequest: clusterWith(parts, 'read'),
    },
    async () => AUTOSCALE_OFF,
  )

  http.put(
    '/databases/:id/maintenance',
    {
      schema: {
        operationId: 'databases_update_maintenanceWindow',
        tags,
        summary: 'Kept and shown; nothing is done at that time',
        params,
        body: MaintenanceBody,
        response: Nothing,
      },
      onRequest,
    },
    async ({ caller, cluster, body }, reply) => {
      const maintenance = toMaintenance(body)
      await dialectViews.note(caller, sightOf(caller), cluster.instance.id, { maintenance })
      return reply.code(204).send()
    },
  )

  http.put(
    '/databases/:id/upgrade',
    {
      schema: {
        operationId: 'databases_upgrade_major_version',
        tags,
        summary: 'Only to what the server is at already',
        params,
        body: UpgradeBody,
        response: Nothing,
      },
      onRequest,
    },
    async ({ caller, cluster, body }, reply) => {
      if (!isUpgraded(cluster, body)) throw unacceptable('the cluster can not be upgraded: the server is your own')
      // What was asked for is what its asker expects to see.
      await dialectViews.note(caller, sightOf(caller), cluster.instance.id, { version: body.version })
      return reply.code(204).send()
    },
  )

  http.get(
    '/databases/:id/config',
    {
      schema: {
        operationId: 'databases_get_config',
        tags,
        summary: 'Nothing is configured here',
        params,
        response: { 200: Type.Object({ config: Type.Object({}) }), ...readRefusals },
      },
      onRequest: clusterWith(parts, 'read'),
    },
    async () => ({ config: {} }),
  )

  http.patch(
    '/databases/:id/config',
    {
      schema: {
        operationId: 'databases_patch_config',
        tags,
        summary: 'Refused: the server is configured where it runs',
        params,
        response: { ...never, ...changeRefusals },
      },
      onRequest,
    },
    async () => {
      throw new Fault('unsupported', 'instance', 'the server is configured where it runs, not here')
    },
  )
}

/** What is accepted is answered with the cluster as it is: no success but 204 may be empty. */
function fixedSettings(http: DigitalOceanHttp, parts: RouteParts): void {
  for (const { path, operationId, summary, status, body, refusal } of FIXED_SETTINGS) {
    const answer = status === 202 ? SingleCluster : Type.Null()
    http.put(
      `/databases/:id/${path}`,
      {
        schema: { operationId, tags, summary, params, body, response: { [status]: answer, ...changeRefusals } },
        onRequest: clusterWith(parts, 'configure'),
      },
      async ({ caller, cluster, body }, reply) => {
        const reason = refusal(cluster, body as never)
        if (reason) throw unacceptable(reason)
        if (status === 204) return reply.code(204).send()
        return reply.code(202).send({ database: await shownCluster(parts.services, caller, cluster) })
      },
    )
  }
}
