import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import type { Newcomer } from '../../../services/callers/invitations.ts'
import type { RouteParts } from '../../request.ts'
import { originOf } from '../authentication.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { WrongBody } from '../problems.ts'
import { checkQ, QQuery } from '../queries.ts'
import { ID, notFound, organisationWith } from '../subject.ts'
import { refusals } from '../wire/errors.ts'
import {
  Acceptance,
  fromInvitation,
  InvitationList,
  mismatchIn,
  NewInvitation,
  SingleInvitation,
  toInvitation,
} from '../wire/invitations.ts'
import { fromOperator, SingleUser } from '../wire/users.ts'

const tags = ['Organisations']
const params = Type.Object({ organisationId: Type.String() })
const InvitationParams = Type.Object({ organisationId: Type.String(), invitationId: Type.String() })
const config = { body: { envelope: '/invitation', status: 422 } } as const

/** A secret that is told in a header, once: bodies are the published ones. */
const told = (status: string, name: string, schema: object) => ({
  description: status,
  headers: { [name]: { type: 'string' } },
  content: { 'application/json': { schema } },
})

/** Who is asked into the organisation. Nothing is sent: the code comes back in a header, for its owner to hand over. */
export function invitationRoutes(http: WiremockHttp, { services }: RouteParts): void {
  const { invitations } = services
  const path = '/organisations/:organisationId/invitations'

  http.get(
    path,
    {
      schema: {
        operationId: 'getOrganisationInvitations',
        tags,
        summary: 'Who is invited and has not come yet',
        params,
        querystring: QQuery,
        response: { 200: InvitationList, ...refusals(400, 403, 404) },
      },
      onRequest: [organisationWith('administer'), checkQ],
    },
    async ({ caller, params, pageWanted }) => {
      const all = await invitations.list(caller, params.organisationId, pageWanted.q)
      return { invitations: all.map(fromInvitation) }
    },
  )

  http.post(
    path,
    {
      schema: {
        operationId: 'inviteUserToOrganisation',
        tags,
        summary: 'Invite somebody; the code to hand over is in the header Rolecall-Invitation, once',
        params,
        body: NewInvitation,
        response: {
          201: told('Invited', 'Rolecall-Invitation', SingleInvitation),
          ...refusals(400, 403, 404, 409, 422),
        },
      },
      config,
      onRequest: [organisationWith('own'), checkMediaType],
    },
    async (request, reply) => {
      const { caller, params, body } = request
      checkValues(request, NewInvitation, [])
      const wrongs = mismatchIn(body)
      if (wrongs.length > 0) throw new WrongBody(wrongs)
      const { invitation, code } = await invitations.create(caller, params.organisationId, toInvitation(body))
      reply.code(201).header('rolecall-invitation', code.reveal())
      return { invitation: fromInvitation(invitation) }
    },
  )

  http.get(
    `${path}/:invitationId`,
    {
      schema: {
        operationId: 'getOrganisationInvitation',
        tags,
        summary: 'One invitation',
        params: InvitationParams,
        response: { 200: SingleInvitation, ...refusals(403, 404) },
      },
      onRequest: [organisationWith('administer'), checkId],
    },
    async ({ caller, params: { organisationId, invitationId } }) => ({
      invitation: fromInvitation(await invitations.get(caller, organisationId, invitationId)),
    }),
  )

  http.delete(
    `${path}/:invitationId`,
    {
      schema: {
        operationId: 'withdrawOrganisationInvitation',
        tags,
        summary: 'Withdraw it',
        params: InvitationParams,
        response: { 204: Type.Null(), ...refusals(403, 404) },
      },
      onRequest: [organisationWith('own'), checkId],
    },
    async ({ caller, params: { organisationId, invitationId } }, reply) => {
      await invitations.withdraw(caller, organisationId, invitationId)
      return reply.code(204).send()
    },
  )

  http.post(
    '/invitations/accept',
    {
      schema: {
        operationId: 'acceptInvitation',
        tags,
        summary:
          'Join with a code: as the caller, or without a key as somebody new; the key is in the header Rolecall-Key, once',
        security: [{ tokenAuth: [] }, {}],
        body: Acceptance,
        response: { 200: told('Joined', 'Rolecall-Key', SingleUser), ...refusals(400, 403, 404, 409, 422) },
      },
      config: { ...config, mayBeNew: true },
      onRequest: checkMediaType,
    },
    async (request, reply) => {
      checkValues(request, Acceptance, [])
      const code = new Secret(request.body.invitation.code)
      const { operator, projectId, privateKey } = await invitations.accept(code, newcomerOf(request, request.body))
      reply.header('rolecall-key', privateKey.reveal())
      return fromOperator(operator, projectId)
    },
  )
}

function newcomerOf(request: FastifyRequest, { invitation }: Static<typeof Acceptance>): Newcomer {
  if (request.headers.authorization !== undefined) return { caller: request.caller }
  return { username: invitation.username, origin: originOf(request) }
}

/** A hook: ids without surprises. */
async function checkId({ params }: FastifyRequest): Promise<void> {
  if (!ID.test((params as { invitationId: string }).invitationId)) throw notFound()
}
