import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { RouteParts } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import type { WiremockHttp } from '../context.ts'
import { checkQ, QQuery } from '../queries.ts'
import { isSelf, notFound, subjectWith } from '../subject.ts'
import { refusals } from '../wire/errors.ts'
import { fromTeam, TeamList } from '../wire/teams.ts'
import { fromOperator, SingleUser, UserChange } from '../wire/users.ts'

const tags = ['Users']
const UserParams = Type.Object({ userId: Type.String() })

/** Who calls, and a new key for it: the minimum that clients of the connections need. */
export function userRoutes(http: WiremockHttp, parts: RouteParts): void {
  const { projects, keys, operators, teams, leaving } = parts.services

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
      onRequest: subjectWith(parts, 'read', notFound),
    },
    async ({ caller, subject }) => {
      const { organisation, userId } = subject
      if (isSelf(caller, userId)) return fromOperator(caller.operator, organisation)
      return fromOperator(await projects.getOperator(caller, organisation, userId), organisation)
    },
  )

  http.put(
    '/users/:userId',
    {
      schema: {
        operationId: 'updateUser',
        tags,
        summary: 'What a user says of itself',
        params: UserParams,
        body: UserChange,
        response: { 200: SingleUser, ...refusals(400, 403, 422) },
      },
      config: { body: { envelope: '/user', status: 422 } },
      onRequest: [subjectWith(parts, 'read'), ownAlone, checkMediaType],
    },
    async ({ caller, subject, body: { user } }) => {
      const changed = await operators.changeOwn(caller, { email: user.emailAddress, name: user.name })
      return fromOperator(changed, subject.organisation)
    },
  )

  http.delete(
    '/users/:userId',
    {
      schema: {
        operationId: 'deleteUser',
        tags,
        summary: 'Yourself, with your keys; refused while others, or servers, depend on you',
        params: UserParams,
        response: { 204: Type.Null(), ...refusals(403, 409) },
      },
      onRequest: [subjectWith(parts, 'read'), ownAlone],
    },
    async ({ caller }, reply) => {
      await leaving.removeOwn(caller)
      return reply.code(204).send()
    },
  )

  http.get(
    '/users/:userId/teams',
    {
      schema: {
        operationId: 'getTeamsForUser',
        tags,
        summary: 'The teams of a user',
        params: UserParams,
        querystring: QQuery,
        response: { 200: TeamList, ...refusals(400, 403) },
      },
      onRequest: [subjectWith(parts, 'read'), checkQ],
    },
    async ({ caller, subject: { organisation, userId }, pageWanted }) => {
      const all = await teams.listOf(caller, organisation, userId, pageWanted.q)
      return { teams: all.map(fromTeam) }
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

/** A hook: whoever had another's new key would be that other, and nobody ends others who may belong elsewhere too. */
async function ownAlone({ caller, subject }: FastifyRequest): Promise<void> {
  if (isSelf(caller, subject.userId)) return
  throw new Fault('forbidden', 'key', 'Only a user itself may do that')
}
