import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import { answerChange } from '../answering.ts'
import { type NativeHttp, type RouteParts, ref } from '../context.ts'
import { ListQuery, listOf, sendList } from '../lists.ts'
import { fromKey, fromMadeKey, KeyBody, MadeKeyBody, NewKeyBody } from '../wire/projects.ts'

export const keySchemas = [KeyBody, MadeKeyBody]

const ProjectParams = Type.Object({ project: Type.String() })
const KeyParams = Type.Object({ project: Type.String(), key: Type.String() })

/** API keys of a project. */
export function keyRoutes(http: NativeHttp, { services }: RouteParts): void {
  const { keys } = services

  http.get(
    '/projects/:project/keys',
    {
      schema: {
        operationId: 'listKeys',
        tags: ['Keys'],
        summary: 'Your keys; all of them for an admin',
        params: ProjectParams,
        querystring: ListQuery,
        response: { 200: listOf(ref(KeyBody)) },
      },
    },
    (request, reply) => {
      const { project } = request.params
      return sendList(
        request,
        reply,
        page => keys.list(request.caller, project, page),
        key => fromKey(key, project),
      )
    },
  )

  http.post(
    '/projects/:project/keys',
    {
      schema: {
        operationId: 'createKey',
        tags: ['Keys'],
        summary: 'Make a key; its private half is shown once',
        params: ProjectParams,
        body: NewKeyBody,
        response: { 201: ref(MadeKeyBody) },
      },
    },
    async (request, reply) => {
      const { role, operator, description, scopes, networks, expiresAt } = request.body
      const wish = {
        role,
        operatorId: operator,
        description,
        scopes,
        networks,
        expiresAt: expiresAt === undefined ? undefined : toMilliseconds(expiresAt),
      }
      const made = await keys.create(request.caller, request.params.project, wish)
      return reply.code(201).send(fromMadeKey(made, request.params.project))
    },
  )

  http.get(
    '/projects/:project/keys/:key',
    {
      schema: {
        operationId: 'getKey',
        tags: ['Keys'],
        summary: 'One key',
        params: KeyParams,
        response: { 200: ref(KeyBody) },
      },
    },
    async ({ caller, params }) => fromKey(await keys.get(caller, params.project, params.key), params.project),
  )

  http.delete(
    '/projects/:project/keys/:key',
    {
      schema: {
        operationId: 'revokeKey',
        tags: ['Keys'],
        summary: 'Revoke it, at once; of a key of another project, take its role in this one away',
        params: KeyParams,
        response: { 204: Type.Null() },
      },
    },
    (request, reply) => {
      const revoke = () => keys.revoke(request.caller, request.params.project, request.params.key)
      return answerChange(request, reply, () => ({ status: 204 }), revoke)
    },
  )
}

function toMilliseconds(text: string): number {
  const at = Date.parse(text)
  if (Number.isFinite(at)) return at
  throw new Fault('invalid', 'key', 'expiresAt is an RFC 3339 time', {
    violations: [{ pointer: '/expiresAt', detail: 'must be an RFC 3339 time' }],
  })
}
