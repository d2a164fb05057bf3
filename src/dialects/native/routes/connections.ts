import { Type } from 'typebox'
import type { ConnectionShown } from '../../../services/connections/connections.ts'
import { type Answer, answerChange } from '../answering.ts'
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
    (request, reply) => {
      const wish = toWish(request.body)
      return answerChange(request, reply, made, () => connections.create(request.caller, request.params.project, wish))
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
    (request, reply) => {
      const { caller, params, body } = request
      const wish = toPatch(body)
      const change = () => connections.change(caller, params.connection, wish, versionWanted(request))
      return answerChange(request, reply, changed, change)
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
    (request, reply) => {
      const remove = () => connections.remove(request.caller, request.params.connection, versionWanted(request))
      return answerChange(request, reply, () => ({ status: 204 }), remove)
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

function changed(shown: ConnectionShown): Answer {
  return { status: 200, headers: { etag: etagOf(shown.connection) }, body: fromConnection(shown) }
}

function made(shown: ConnectionShown): Answer {
  const location = `/rolecall/v1/connections/${shown.connection.id}`
  return { status: 201, headers: { etag: etagOf(shown.connection), location }, body: fromConnection(shown) }
}
