import { Type } from 'typebox'
import { type RouteParts, readSignal } from '../../request.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { clusterWith } from '../subject.ts'
import { allOf } from '../whole.ts'
import { PageQuery, wholeList } from '../wire/common.ts'
import { DatabaseList, databaseSchemas, fromDatabase } from '../wire/databases.ts'
import { readRefusals } from '../wire/errors.ts'

export { databaseSchemas }

const ClusterParams = Type.Object({ id: Type.String() })

/** Databases of a cluster. */
export function databaseRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { databases } = parts.services
  const tags = ['Databases']

  http.get(
    '/databases/:id/dbs',
    {
      schema: {
        operationId: 'databases_list',
        tags,
        summary: 'Databases of a cluster, by name',
        params: ClusterParams,
        querystring: PageQuery,
        response: { 200: DatabaseList, ...readRefusals },
      },
      onRequest: [clusterWith(parts, 'read')],
    },
    async request => {
      const signal = readSignal(request, parts)
      const all = await allOf(page => databases.list(request.caller, request.params.id, page, signal))
      return wholeList('dbs', all.map(fromDatabase), request.query)
    },
  )
}
