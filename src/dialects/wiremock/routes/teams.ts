import { Type } from 'typebox'
import { isFault } from '../../../domain/fault.ts'
import type { RouteParts } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { Refused } from '../problems.ts'
import { notFound, teamIn } from '../subject.ts'
import { errorsOf, refusals } from '../wire/errors.ts'
import {
  fromSummary,
  fromTeam,
  MemberList,
  NewMember,
  NewTeam,
  SingleMember,
  SingleTeam,
  toTeamRole,
} from '../wire/teams.ts'

const tags = ['Teams']
const TeamParams = Type.Object({ teamId: Type.String() })
const MemberParams = Type.Object({ teamId: Type.String(), userId: Type.String() })

/** Members to whom things are shared together. Every member may make a team, and is its admin then. */
export function teamRoutes(http: WiremockHttp, parts: RouteParts): void {
  const { teams } = parts.services

  http.post(
    '/teams',
    {
      schema: {
        operationId: 'createTeam',
        tags,
        summary: 'Make a team; you are its admin',
        body: NewTeam,
        response: { 201: SingleTeam, ...refusals(400, 403, 404, 422) },
      },
      config: { body: { envelope: '/team', status: 422 } },
      onRequest: checkMediaType,
    },
    async ({ caller, body }, reply) => {
      const { name, ownerId = caller.key.homeProjectId } = body.team
      if (ownerId !== caller.key.homeProjectId) throw notFound()
      return reply.code(201).send({ team: fromTeam(await teams.create(caller, ownerId, name)) })
    },
  )

  http.get(
    '/teams/:teamId',
    {
      schema: {
        operationId: 'getTeamById',
        tags,
        summary: 'One team',
        params: TeamParams,
        response: { 200: SingleTeam, ...refusals(403), 404: errorsOf('No such team') },
      },
      onRequest: (request, _reply) => teamIn(parts)(request).catch(inErrors),
    },
    async ({ caller, params }) => ({ team: fromTeam(await teams.get(caller, params.teamId)) }),
  )

  http.delete(
    '/teams/:teamId',
    {
      schema: {
        operationId: 'deleteTeam',
        tags,
        summary: 'Delete it; what was shared with it is shared with it no more',
        params: TeamParams,
        response: { 200: Type.Object({}), ...refusals(403, 404, 409) },
      },
      onRequest: teamIn(parts),
    },
    async ({ caller, params }) => {
      await teams.remove(caller, params.teamId)
      return {}
    },
  )

  http.get(
    '/teams/:teamId/members',
    {
      schema: {
        operationId: 'getTeamMembers',
        tags,
        summary: 'Who belongs to it',
        params: TeamParams,
        response: { 200: MemberList, ...refusals(403, 404) },
      },
      onRequest: teamIn(parts),
    },
    async ({ caller, params }) => {
      const all = await teams.members(caller, params.teamId)
      return { members: all.map(({ operator }) => fromSummary(operator)) }
    },
  )

  http.post(
    '/teams/:teamId/members',
    {
      schema: {
        operationId: 'addTeamMember',
        tags,
        summary: 'Add a member of the organisation, or change its role in the team',
        params: TeamParams,
        body: NewMember,
        response: { 201: SingleMember, ...refusals(400, 403, 404, 409, 422) },
      },
      config: { body: { envelope: '/member', status: 422 } },
      onRequest: [teamIn(parts), checkMediaType],
    },
    async (request, reply) => {
      const { caller, params, body } = request
      checkValues(request, NewMember, [])
      const { operator } = await teams.setMember(caller, params.teamId, body.member.memberId, toTeamRole(body))
      return reply.code(201).send({ member: fromSummary(operator) })
    },
  )

  http.delete(
    '/teams/:teamId/members/:userId',
    {
      schema: {
        operationId: 'removeTeamMember',
        tags,
        summary: 'Remove a member, or leave; the last admin stays',
        params: MemberParams,
        response: { 204: Type.Null(), ...refusals(403, 404, 409) },
      },
      onRequest: teamIn(parts),
    },
    async ({ caller, params }, reply) => {
      await teams.removeMember(caller, params.teamId, params.userId)
      return reply.code(204).send()
    },
  )
}

/** This one operation answers its 404 as a list of errors. */
function inErrors(error: unknown): never {
  if (!isFault(error) || error.code !== 'not_found') throw error
  throw new Refused(404, [{ title: 'Not Found', source: {} }])
}
