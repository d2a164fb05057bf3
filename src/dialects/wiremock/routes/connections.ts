import { Type } from 'typebox'
import type { RouteParts } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { ViewQuery } from '../queries.ts'
import { sightOf } from '../sight.ts'
import { connectionWith } from '../subject.ts'
import { fromChanged, fromConnection, SingleConnection, toChange, UpdateBody } from '../wire/connections.ts'
import { emptyIn } from '../wire/coordinates.ts'
import { refusals } from '../wire/errors.ts'

export const ConnectionParams = Type.Object({ databaseConnectionId: Type.String() })
export const tags = ['Database connections']
export const enveloped = { body: { envelope: '/databaseConnection', status: 422 } } as const

/** One connection: read, change, delete. Links in bodies have the one prefix, the published routes the other. */
export function connectionRoutes(http: WiremockHttp, parts: RouteParts, { prefix, hide }: Alias): void {
  const { connections } = parts.services
  const path = `/${prefix}/:databaseConnectionId`
  const operation = (operationId: string, summary: string) =>
    ({ operationId, tags, summary, hide, params: ConnectionParams, querystring: ViewQuery }) as const

  http.get(
    path,
    {
      schema: {
        ...operation('getDatabaseConnectionById', 'One database connection'),
        response: { 200: SingleConnection, ...refusals(400, 403, 404) },
      },
      onRequest: connectionWith(parts, 'see'),
    },
    async request => ({ databaseConnection: fromConnection(request.found, sightOf(request)) }),
  )

  http.patch(
    path,
    {
      schema: {
        ...operation('updateDatabaseConnection', 'Change it; a password that is left out stays'),
        body: UpdateBody,
        response: { 200: SingleConnection, ...refusals(400, 403, 404, 422) },
      },
      config: enveloped,
      onRequest: [connectionWith(parts, 'edit'), checkMediaType],
    },
    async request => {
      const { body, caller, found } = request
      const sight = sightOf(request)
      const wish = toChange(body, found.connection, sight.view)
      checkValues(request, UpdateBody, [...emptyIn(body.databaseConnection), ...connections.violationsOf(wish)])
      const shown = await connections.change(caller, found.connection.id, wish)
      return fromChanged(shown, sight, body.databaseConnection.databaseType)
    },
  )

  http.delete(
    path,
    {
      schema: {
        ...operation('deleteDatabaseConnection', 'Forget it'),
        response: { 204: Type.Null(), ...refusals(400, 403, 404, 409) },
      },
      onRequest: connectionWith(parts, 'remove'),
    },
    async (request, reply) => {
      await connections.remove(request.caller, request.found.connection.id)
      return reply.code(204).send()
    },
  )
}

/** The same routes under another name; only one of them is in the document. */
export interface Alias {
  readonly prefix: 'database-connections' | 'data-connections'
  readonly hide: boolean
}
