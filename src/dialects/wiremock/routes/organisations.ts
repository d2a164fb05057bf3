import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { RouteParts } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { checkQ, QQuery } from '../queries.ts'
import { ID, notFound, organisationWith } from '../subject.ts'
import { refusals } from '../wire/errors.ts'
import {
  fromProject,
  fromSummary,
  fromTeam,
  OrganisationChange,
  SingleOrganisation,
  TeamList,
  Usage,
  UserList,
} from '../wire/teams.ts'

const tags = ['Organisations']
const params = Type.Object({ organisationId: Type.String() })
const MemberParams = Type.Object({ organisationId: Type.String(), userId: Type.String() })

/** The organisation: the home project of the caller's key. */
export function organisationRoutes(http: WiremockHttp, { services }: RouteParts): void {
  const { projects, teams, connections, leaving } = services
  const path = '/organisations/:organisationId'

  http.get(
    path,
    {
      schema: {
        operationId: 'getOrganisationById',
        tags,
        summary: 'The organisation',
        params,
        response: { 200: SingleOrganisation, ...refusals(403, 404) },
      },
      onRequest: organisationWith('read'),
    },
    async ({ caller, params }) => fromProject(await projects.get(caller, params.organisationId)),
  )

  http.put(
    path,
    {
      schema: {
        operationId: 'updateOrganisation',
        tags,
        summary: 'Rename it',
        params,
        body: OrganisationChange,
        response: { 200: SingleOrganisation, ...refusals(400, 403, 404, 422) },
      },
      config: { body: { envelope: '/organisation', status: 422 } },
      onRequest: [organisationWith('own'), checkMediaType],
    },
    async request => {
      const { caller, params, body } = request
      checkValues(request, OrganisationChange, [])
      const { name } = body.organisation
      return fromProject(await projects.change(caller, params.organisationId, { name }))
    },
  )

  http.delete(
    path,
    {
      schema: {
        operationId: 'deleteOrganisation',
        tags,
        summary: 'Delete it; refused while servers are managed',
        params,
        response: { 204: Type.Null(), ...refusals(403, 404, 409) },
      },
      onRequest: organisationWith('own'),
    },
    async ({ caller, params }, reply) => {
      await projects.remove(caller, params.organisationId)
      return reply.code(204).send()
    },
  )

  http.get(
    `${path}/users`,
    {
      schema: {
        operationId: 'getOrganisationUsers',
        tags,
        summary: 'Who belongs to it',
        params,
        querystring: QQuery,
        response: { 200: UserList, ...refusals(400, 403, 404) },
      },
      onRequest: [organisationWith('read'), checkQ],
    },
    async ({ caller, params, pageWanted }) => {
      const all = await projects.listOperators(caller, params.organisationId, pageWanted.q)
      return { users: all.map(fromSummary) }
    },
  )

  http.delete(
    `${path}/members/:userId`,
    {
      schema: {
        operationId: 'removeOrganisationMember',
        tags,
        summary: 'Remove a member, to an organisation of its own if it has no other; the last owner stays',
        params: MemberParams,
        response: { 204: Type.Null(), ...refusals(403, 404, 409) },
      },
      onRequest: [organisationWith('own'), checkUserId],
    },
    async ({ caller, params }, reply) => {
      await leaving.moveOut(caller, params.organisationId, params.userId)
      return reply.code(204).send()
    },
  )

  http.get(
    `${path}/teams`,
    {
      schema: {
        operationId: 'getOrganisationTeams',
        tags,
        summary: 'Its teams',
        params,
        querystring: QQuery,
        response: { 200: TeamList, ...refusals(400, 403, 404) },
      },
      onRequest: [organisationWith('read'), checkQ],
    },
    async ({ caller, params, pageWanted }) => {
      const all = await teams.list(caller, params.organisationId, pageWanted.q)
      return { teams: all.map(fromTeam) }
    },
  )

  http.get(
    '/subscriptions/:organisationId/usage',
    {
      schema: {
        operationId: 'getUsage',
        tags,
        summary: 'How many connections the caller sees',
        params,
        response: { 200: Usage, ...refusals(403, 404) },
      },
      onRequest: organisationWith('read'),
    },
    async ({ caller, params: { organisationId: projectId } }) => {
      const { total } = await connections.listByOffset(caller, { projectId }, 0, 1)
      return { usage: { totalDatabaseConnectionCount: total } }
    },
  )
}

/** A hook: ids without surprises. */
async function checkUserId({ params }: FastifyRequest): Promise<void> {
  if (!ID.test((params as { userId: string }).userId)) throw notFound()
}
