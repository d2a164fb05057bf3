import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ConnectionFilter } from '../../../store/store.ts'
import type { RouteParts } from '../../request.ts'
import { ref } from '../../request.ts'
import { checkMediaType } from '../bodies.ts'
import type { WiremockHttp } from '../context.ts'
import { PLAIN_TYPES } from '../database-types.ts'
import { paginationOf } from '../pagination.ts'
import { checkPage, ListQuery, ViewQuery } from '../queries.ts'
import { connectionWith, mayDo, subjectWith } from '../subject.ts'
import { checkValues } from '../validation.ts'
import { asksForView, wantsView } from '../view.ts'
import {
  ConnectionList,
  CreateBody,
  fromChanged,
  fromConnection,
  type Sight,
  SingleConnection,
  toChange,
  toWish,
  UpdateBody,
} from '../wire/connections.ts'
import { emptyIn } from '../wire/coordinates.ts'
import { refusals } from '../wire/errors.ts'

const UserParams = Type.Object({ userId: Type.String() })
export const ConnectionParams = Type.Object({ databaseConnectionId: Type.String() })

export const tags = ['Database connections']
const enveloped = { body: { envelope: '/databaseConnection', status: 422 } } as const

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
      const { items, total } = await connections.listByOffset(caller, filter, (page - 1) * limit, limit)
      const found = { path: `/v1/users/${subject.userId}/database-connections`, wanted, items: items.length, total }
      return {
        databaseConnections: items.map(connection => fromConnection(connection, sight)),
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
      const { connection } = await connections.create(caller, subject.organisation, wish)
      reply.code(201).header('location', `/v1/database-connections/${connection.id}`)
      return fromChanged(connection, sightOf(request), body.databaseConnection.databaseType)
    },
  )
}

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
      onRequest: connectionWith(parts, 'read'),
    },
    async request => ({ databaseConnection: fromConnection(request.found.connection, sightOf(request)) }),
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
      onRequest: [connectionWith(parts, 'administer'), checkMediaType],
    },
    async request => {
      const { body, caller, found } = request
      const sight = sightOf(request)
      const wish = toChange(body, found.connection, sight.view)
      checkValues(request, UpdateBody, [...emptyIn(body.databaseConnection), ...connections.violationsOf(wish)])
      const { connection } = await connections.change(caller, found.connection.id, wish)
      return fromChanged(connection, sight, body.databaseConnection.databaseType)
    },
  )

  http.delete(
    path,
    {
      schema: {
        ...operation('deleteDatabaseConnection', 'Forget it'),
        response: { 204: Type.Null(), ...refusals(400, 403, 404, 409) },
      },
      onRequest: connectionWith(parts, 'administer'),
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

function sightOf(request: FastifyRequest): Sight {
  return { view: wantsView(request), access: mayDo(request.caller, 'administer') ? 'admin' : 'user' }
}

function filterOf(projectId: string, q: string, { view }: Sight): ConnectionFilter {
  return { projectId, q, databaseTypes: view ? undefined : PLAIN_TYPES }
}
