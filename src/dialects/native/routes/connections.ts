import { Type } from 'typebox'
import { etagOf, type NativeHttp, type RouteParts, readSignal, ref, versionWanted } from '../context.ts'
import { ListQuery, listOf, sendList } from '../lists.ts'
import {
  ConnectionBody,
  ConnectionPatch,
  fromConnection,
  fromTest,
  NewConnection,
  TestBody,
  TypedBody,
  toPatch,
  toTyped,
  toWish,
} from '../wire/connections.ts'

export const connectionSchemas = [ConnectionBody, TestBody]

const ProjectParams = Type.Object({ project: Type.String() })
const ConnectionParams = Type.Object({ connection: Type.String() })

/** Stored coordinates; creating one brings its server under management. */
export function connectionRoutes(http: NativeHttp, parts: RouteParts): void {
  const { connections, connectionTests } = parts.services

  http.get(
    '/projects/:project/connections',
    {
      schema: {
        operationId: 'listConnections',
        tags: ['Connections'],
        summary: 'Connections of a project',
        params: ProjectParams,
        querystring: ListQuery,
        response: { 200: listOf(ref(ConnectionBody)) },
      },
    },
    (request, reply) =>
      sendList(request, reply, page => connections.list(request.caller, request.params.project, page), fromConnection),
  )

  http.post(
    '/projects/:project/connections',
    {
      schema: {
        operationId: 'createConnection',
        tags: ['Connections'],
        summary: 'Bring a server under management; nothing is contacted',
        params: ProjectParams,
        body: NewConnection,
        response: { 201: ref(ConnectionBody) },
      },
    },
    async (request, reply) => {
      const shown = await connections.create(request.caller, request.params.project, toWish(request.body))
      const { connection } = shown
      return reply
        .code(201)
        .header('etag', etagOf(connection))
        .header('location', `/rolecall/v1/connections/${connection.id}`)
        .send(fromConnection(shown))
    },
  )

  http.post(
    '/projects/:project/connections/test',
    {
      schema: {
        operationId: 'testTypedConnection',
        tags: ['Connections'],
        summary: 'Try coordinates that are not stored',
        params: ProjectParams,
        body: TypedBody,
        response: { 200: ref(TestBody) },
      },
    },
    async request =>
      fromTest(
        await connectionTests.typed(
          request.caller,
          request.params.project,
          toTyped(request.body),
          readSignal(request, parts),
        ),
      ),
  )

  http.get(
    '/connections/:connection',
    {
      schema: {
        operationId: 'getConnection',
        tags: ['Connections'],
        summary: 'One connection',
        params: ConnectionParams,
        response: { 200: ref(ConnectionBody) },
      },
    },
    async (request, reply) => {
      const shown = await connections.get(request.caller, request.params.connection)
      return reply.header('etag', etagOf(shown.connection)).send(fromConnection(shown))
    },
  )

  http.patch(
    '/connections/:connection',
    {
      schema: {
        operationId: 'changeConnection',
        tags: ['Connections'],
        summary: 'Change what is given, keep the rest',
        params: ConnectionParams,
        body: ConnectionPatch,
        response: { 200: ref(ConnectionBody) },
      },
    },
    async (request, reply) => {
      const shown = await connections.change(
        request.caller,
        request.params.connection,
        toPatch(request.body),
        versionWanted(request),
      )
      return reply.header('etag', etagOf(shown.connection)).send(fromConnection(shown))
    },
  )

  http.delete(
    '/connections/:connection',
    {
      schema: {
        operationId: 'deleteConnection',
        tags: ['Connections'],
        summary: 'Forget it; the last one takes its instance along',
        params: ConnectionParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await connections.remove(request.caller, request.params.connection, versionWanted(request))
      return reply.code(204).send()
    },
  )

  http.post(
    '/connections/:connection/test',
    {
      schema: {
        operationId: 'testConnection',
        tags: ['Connections'],
        summary: 'Connect, log in, look at the rights',
        params: ConnectionParams,
        response: { 200: ref(TestBody) },
      },
    },
    async request =>
      fromTest(await connectionTests.stored(request.caller, request.params.connection, readSignal(request, parts))),
  )
}
