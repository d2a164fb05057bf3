import { Type } from 'typebox'
import type { ConnectionFilter } from '../../../store/interface/servers.ts'
import { type RouteParts, ref } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { PLAIN_TYPES } from '../database-types.ts'
import { paginationOf } from '../pagination.ts'
import { checkPage, ListQuery, ViewQuery } from '../queries.ts'
import { sightOf } from '../sight.ts'
import { subjectWith } from '../subject.ts'
import { asksForView } from '../view.ts'
import {
  ConnectionList,
  CreateBody,
  fromChanged,
  fromConnection,
  type Sight,
  SingleConnection,
  toWish,
} from '../wire/connections.ts'
import { emptyIn } from '../wire/coordinates.ts'
import { refusals } from '../wire/errors.ts'
import { enveloped, tags } from './connections.ts'

const UserParams = Type.Object({ userId: Type.String() })

/** Connections of an organisation: list and create. */
export function collectionRoutes(http: WiremockHttp, parts: RouteParts): void {
  const { connections } = parts.services

  http.get(
    '/users/:userId/database-connections',
    {
      schema: {
        operationId: 'getDatabaseConnectionsForUser',
        tags,
        summary: 'Database connections accessible by a user',
        params: UserParams,
        querystring: ListQuery,
        response: { 200: ref(ConnectionList), ...refusals(400, 403) },
      },
      onRequest: [subjectWith(parts, 'read'), checkPage],
    },
    async request => {
      const { subject, pageWanted: wanted, caller } = request
      const sight = sightOf(request)
      const filter = filterOf(subject.organisation, wanted.q, sight)
      const { limit, page } = wanted
      const { items, total } = await connections.listByOffset(caller, filter, (page - 1) * limit, limit, subject.userId)
      const found = { path: `/v1/users/${subject.userId}/database-connections`, wanted, items: items.length, total }
      return {
        databaseConnections: items.map(seen => fromConnection(seen, sight)),
        ...paginationOf({ ...found, view: asksForView(request) }),
      }
    },
  )

  http.post(
    '/users/:userId/database-connections',
    {
      schema: {
        operationId: 'createDatabaseConnection',
        tags,
        summary: 'Create a database connection; its server is not contacted',
        params: UserParams,
        querystring: ViewQuery,
        body: CreateBody,
        response: { 201: SingleConnection, ...refusals(400, 403, 422) },
      },
      config: enveloped,
      onRequest: [subjectWith(parts, 'administer'), checkMediaType],
    },
    async (request, reply) => {
      const { body, caller, subject } = request
      const wish = toWish(body)
      checkValues(request, CreateBody, [...emptyIn(body.databaseConnection), ...connections.violationsOf(wish)])
      const shown = await connections.create(caller, subject.organisation, wish)
      reply.code(201).header('location', `/v1/database-connections/${shown.connection.id}`)
      return fromChanged(shown, sightOf(request), body.databaseConnection.databaseType)
    },
  )
}

function filterOf(projectId: string, q: string, { view }: Sight): ConnectionFilter {
  return { projectId, q, databaseTypes: view ? undefined : PLAIN_TYPES }
}
