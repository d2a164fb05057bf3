import { Type } from 'typebox'
import type { InstanceShown } from '../../../services/instances/instances.ts'
import { type Answer, answerChange } from '../answering.ts'
import { etagOf, type NativeHttp, type RouteParts, readSignal, ref, versionWanted } from '../context.ts'
import { ListQuery, listOf, sendList } from '../lists.ts'
import {
  CheckBody,
  fromCheck,
  fromInstance,
  fromInstanceShown,
  InstanceBody,
  InstancePatch,
  InstanceSummary,
  toInstanceWish,
} from '../wire/instances.ts'

export const instanceSchemas = [InstanceSummary, InstanceBody, CheckBody]

const ProjectParams = Type.Object({ project: Type.String() })
const InstanceParams = Type.Object({ instance: Type.String() })

/** The managed servers. */
export function instanceRoutes(http: NativeHttp, parts: RouteParts): void {
  const { instances } = parts.services

  http.get(
    '/projects/:project/instances',
    {
      schema: {
        operationId: 'listInstances',
        tags: ['Instances'],
        summary: 'Managed servers of a project',
        params: ProjectParams,
        querystring: ListQuery,
        response: { 200: listOf(ref(InstanceSummary)) },
      },
    },
    (request, reply) =>
      sendList(request, reply, page => instances.list(request.caller, request.params.project, page), fromInstance),
  )

  http.get(
    '/instances/:instance',
    {
      schema: {
        operationId: 'getInstance',
        tags: ['Instances'],
        summary: 'One server: health, mode, policy in force',
        params: InstanceParams,
        response: { 200: ref(InstanceBody) },
      },
    },
    async (request, reply) => {
      const shown = await instances.get(request.caller, request.params.instance)
      return reply.header('etag', etagOf(shown.instance)).send(fromInstanceShown(shown))
    },
  )

  http.patch(
    '/instances/:instance',
    {
      schema: {
        operationId: 'changeInstance',
        tags: ['Instances'],
        summary: 'Rename, set mode or policy',
        params: InstanceParams,
        body: InstancePatch,
        response: { 200: ref(InstanceBody) },
      },
    },
    (request, reply) => {
      const { caller, params, body } = request
      const wish = toInstanceWish(body)
      const change = () => instances.change(caller, params.instance, wish, versionWanted(request))
      return answerChange(request, reply, changed, change)
    },
  )

  http.delete(
    '/instances/:instance',
    {
      schema: {
        operationId: 'leaveInstance',
        tags: ['Instances'],
        summary: 'Stop managing it; nothing on the server is dropped',
        params: InstanceParams,
        response: { 204: Type.Null() },
      },
    },
    (request, reply) => {
      const leave = () => instances.leave(request.caller, request.params.instance, versionWanted(request))
      return answerChange(request, reply, () => ({ status: 204 }), leave)
    },
  )

  http.post(
    '/instances/:instance/check',
    {
      schema: {
        operationId: 'checkInstance',
        tags: ['Instances'],
        summary: 'Look at the server now',
        params: InstanceParams,
        response: { 200: ref(CheckBody) },
      },
    },
    async request =>
      fromCheck(await instances.check(request.caller, request.params.instance, readSignal(request, parts))),
  )

  http.post(
    '/instances/:instance/accept-server',
    {
      schema: {
        operationId: 'acceptServer',
        tags: ['Instances'],
        summary: 'Accept that the connection leads to another server',
        params: InstanceParams,
        response: { 200: ref(InstanceBody) },
      },
    },
    (request, reply) => {
      const accept = () => instances.acceptServer(request.caller, request.params.instance)
      return answerChange(request, reply, shown => ({ status: 200, body: fromInstanceShown(shown) }), accept)
    },
  )
}

function changed(shown: InstanceShown): Answer {
  return { status: 200, headers: { etag: etagOf(shown.instance) }, body: fromInstanceShown(shown) }
}
