import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { RouteParts } from '../../request.ts'
import { type DigitalOceanHttp, readSignal } from '../context.ts'
import { clusterWith, notOfThisType } from '../subject.ts'
import { changeRefusals, readRefusals } from '../wire/errors.ts'
import { unacceptable } from '../wire/new-cluster.ts'

const params = Type.Object({ id: Type.String() })
const tags = ['Clusters']
const SqlMode = Type.Object({ sql_mode: Type.String({ description: 'Modes with commas between them' }) })

/** How strictly a cluster reads SQL, read live; it is set where the server runs. */
export function sqlModeRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { instances } = parts.services

  http.get(
    '/databases/:id/sql_mode',
    {
      schema: {
        operationId: 'databases_get_sql_mode',
        tags,
        summary: 'How strictly SQL is read',
        params,
        response: { 200: SqlMode, ...readRefusals },
      },
      onRequest: [clusterWith(parts, 'read'), havingModes(parts)],
    },
    async request => {
      const { caller, params } = request
      return { sql_mode: await instances.sqlMode(caller, params.id, 'read', readSignal(request)) }
    },
  )

  http.put(
    '/databases/:id/sql_mode',
    {
      schema: {
        operationId: 'databases_update_sql_mode',
        tags,
        summary: 'Only as it is',
        params,
        body: SqlMode,
        response: { 204: Type.Null(), ...changeRefusals },
      },
      onRequest: [clusterWith(parts, 'configure'), havingModes(parts)],
    },
    async (request, reply) => {
      const { caller, params, body } = request
      const actual = await instances.sqlMode(caller, params.id, 'configure', readSignal(request))
      if (modesOf(actual) === modesOf(body.sql_mode)) return reply.code(204).send()
      throw unacceptable('sql_mode can not be changed: the server is configured where it runs')
    },
  )
}

function havingModes({ services }: RouteParts) {
  return async ({ cluster: { instance } }: FastifyRequest): Promise<void> => {
    if (!services.engines.get(instance.engine).about.capabilities.sqlMode) throw notOfThisType()
  }
}

/** In one order, and without regard to case, as the server reads them. */
function modesOf(text: string): string {
  const modes = text.split(',').map(mode => mode.trim().toUpperCase())
  return [...new Set(modes)].toSorted().join()
}
