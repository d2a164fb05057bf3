import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ApiKey } from '../../../../domain/callers/api-key.ts'
import type { Secret } from '../../../../domain/secret.ts'
import { ref } from '../../../request.ts'
import type { AtlasHttp, AtlasParts } from '../../context.ts'
import { refusal } from '../../refusals/refusal.ts'
import { selfLink } from '../../requests/addresses.ts'
import { withoutAccounts } from '../../requests/keys.ts'
import { pageOf } from '../../requests/pages.ts'
import { orgKeepers } from '../../requests/places.ts'
import { Nothing } from '../../wire/common.ts'
import { AtlasKey, ChangedOrgKey, fromKey, KeyList, NewOrgKey } from '../../wire/keys.ts'
import { orgRoleOf, toReach } from '../../wire/roles.ts'
import { OrgKeyParams, orgKeyAt, tags } from './org-key.ts'

const OrgParams = Type.Object({ orgId: Type.String() })

/** Keys of the installation, for its first operator: those of its projects, and its own. */
export function orgKeyRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { keyChanges } = parts.services
  const path = '/orgs/:orgId/apiKeys'
  const onRequest = orgKeepers(parts)

  http.get(
    path,
    {
      config: { paged: true },
      onRequest,
      schema: {
        operationId: 'listOrgApiKeys',
        tags,
        summary: 'Keys of the caller’s projects, and its own',
        params: OrgParams,
        response: { 200: ref(KeyList) },
      },
    },
    async request => {
      const all = await withoutAccounts(parts, await keyChanges.listAll(request.caller))
      return pageOf(parts, request, all, key => shown(parts, request, key))
    },
  )

  http.post(
    path,
    {
      onRequest,
      schema: {
        operationId: 'createOrgApiKey',
        tags,
        summary: 'Make a key; its private half is told this once',
        params: OrgParams,
        body: NewOrgKey,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => {
      const { caller, body } = request
      const wanted = { description: body.desc, reach: toReach(body.roles) }
      const { key, privateKey } = await keyChanges.createAny(caller, wanted)
      return shown(parts, request, key, privateKey)
    },
  )

  http.get(
    `${path}/:keyId`,
    {
      onRequest,
      schema: {
        operationId: 'getOrgApiKey',
        tags,
        summary: 'One key',
        params: OrgKeyParams,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => shown(parts, request, await orgKeyAt(parts, request)),
  )

  http.patch(
    `${path}/:keyId`,
    {
      onRequest,
      schema: {
        operationId: 'updateOrgApiKey',
        tags,
        summary: 'Change what a key is for',
        params: OrgKeyParams,
        body: ChangedOrgKey,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => {
      const { caller, body } = request
      const key = await orgKeyAt(parts, request)
      const isAsItWas = body.roles === undefined || toReach(body.roles) === toReach([orgRoleOf(key, caller)])
      if (!isAsItWas) throw refusal('FEATURE_UNSUPPORTED', 'another reach for a key that is there')
      return shown(parts, request, body.desc === undefined ? key : await keyChanges.describe(caller, key, body.desc))
    },
  )

  http.delete(
    `${path}/:keyId`,
    {
      onRequest,
      schema: {
        operationId: 'deleteOrgApiKey',
        tags,
        summary: 'Revoke a key',
        params: OrgKeyParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { id } = await orgKeyAt(parts, request)
      await keyChanges.revokeAny(request.caller, id)
      return reply.code(204).send()
    },
  )
}

function shown(parts: AtlasParts, request: FastifyRequest, key: ApiKey, privateKey?: Secret) {
  const orgId = parts.services.organisationId
  const orgRole = { orgId, roleName: orgRoleOf(key, request.caller) }
  const links = [selfLink(request, parts, `/orgs/${orgId}/apiKeys/${key.id}`)]
  return { ...fromKey(key, { privateKey, orgRole }), links }
}
