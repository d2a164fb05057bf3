import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { RouteParts } from '../../request.ts'
import { checkMediaType } from '../bodies.ts'
import type { WiremockHttp } from '../context.ts'
import { isSelf, subjectWith } from '../subject.ts'
import { refusals } from '../wire/errors.ts'
import { fromOperator, SingleUser } from '../wire/users.ts'

const tags = ['Users']
const UserParams = Type.Object({ userId: Type.String() })

/** Who calls, and a new key for it: the minimum that clients of the connections need. */
export function userRoutes(http: WiremockHttp, parts: RouteParts): void {
  const { projects, keys } = parts.services

  const toMe = async ({ caller }: FastifyRequest, reply: FastifyReply) =>
    reply.code(307).header('location', `/v1/users/${caller.operator.id}`).send()
  http.get('/users/self', { schema: { hide: true } }, toMe)
  http.get('/users/me', { schema: { hide: true } }, toMe)

  http.get(
    '/users/:userId',
    {
      schema: {
        operationId: 'getUserById',
        tags,
        summary: 'One user; `self` leads to the caller',
        params: UserParams,
        response: { 200: SingleUser, ...refusals(403, 404) },
      },
      onRequest: subjectWith(parts, 'read'),
    },
    async ({ caller, subject }) => {
      if (isSelf(caller, subject.userId)) return fromOperator(caller.operator)
      return fromOperator(await projects.getOperator(caller, subject.organisation, subject.userId))
    },
  )

  http.post(
    '/users/:userId/regenerate-api-token',
    {
      schema: {
        operationId: 'regenerateApiToken',
        tags,
        summary: 'A new key in place of the one that asks; it is in the header Rolecall-Key, once',
        params: UserParams,
        body: Type.Object({}),
        response: {
          200: {
            description: 'The old key is revoked',
            headers: { 'Rolecall-Key': { type: 'string' } },
            content: { 'application/json': { schema: Type.Object({}) } },
          },
          ...refusals(400, 403),
        },
      },
      config: { body: { envelope: '', status: 422, mayBeEmpty: true } },
      onRequest: [subjectWith(parts, 'read'), ownAlone, checkMediaType],
    },
    async ({ caller }, reply) => {
      const { privateKey } = await keys.replaceOwn(caller)
      return reply.header('rolecall-key', privateKey.reveal()).send({})
    },
  )
}

/** A hook: whoever had another's new key would be that other. */
async function ownAlone({ caller, subject }: FastifyRequest): Promise<void> {
  if (isSelf(caller, subject.userId)) return
  throw new Fault('forbidden', 'key', 'Everybody renews their own key')
}
