import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ApiKey } from '../../../../domain/callers/api-key.ts'
import type { Secret } from '../../../../domain/secret.ts'
import { ref } from '../../../request.ts'
import type { AtlasHttp, AtlasParts } from '../../context.ts'
import { naming } from '../../refusals/faults.ts'
import { refusal } from '../../refusals/refusal.ts'
import { selfLink } from '../../requests/addresses.ts'
import { keysOfGroup, withoutAccounts } from '../../requests/keys.ts'
import { pageOf } from '../../requests/pages.ts'
import { groupWith } from '../../requests/places.ts'
import { GroupParams, Nothing } from '../../wire/common.ts'
import { AssignedKey, AtlasKey, ChangedGroupKey, fromKey, KeyList, NewGroupKey } from '../../wire/keys.ts'
import { toRole } from '../../wire/roles.ts'
import { tags } from './org-key.ts'

const KeyParams = Type.Object({ groupId: Type.String(), keyId: Type.String() })

/** Keys of a project. */
export function groupKeyRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { keys, keyChanges } = parts.services
  const path = '/groups/:groupId/apiKeys'
  const reading = groupWith(parts, 'belong')
  const writing = groupWith(parts, 'administer')

  http.get(
    path,
    {
      config: { paged: true },
      onRequest: reading,
      schema: {
        operationId: 'listGroupApiKeys',
        tags,
        summary: 'Keys that open the project: all of them for its admins, else the caller’s own',
        params: GroupParams,
        response: { 200: ref(KeyList) },
      },
    },
    async request => {
      const all = await withoutAccounts(parts, await keysOfGroup(parts, request))
      return pageOf(parts, request, all, key => shown(parts, request, key))
    },
  )

  http.post(
    path,
    {
      onRequest: writing,
      schema: {
        operationId: 'createGroupApiKey',
        tags,
        summary: 'Make a key; its private half is told this once',
        params: GroupParams,
        body: NewGroupKey,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => {
      const { caller, projectId, body } = request
      const role = toRole(body.roles, caller.roles.get(projectId)!)
      const { key, privateKey } = await keys.create(caller, projectId, { role, description: body.desc })
      return shown(parts, request, key, privateKey)
    },
  )

  http.get(
    `${path}/:keyId`,
    {
      onRequest: reading,
      schema: {
        operationId: 'getGroupApiKey',
        tags,
        summary: 'One key of the project',
        params: KeyParams,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => shown(parts, request, await keyAt(parts, request)),
  )

  http.post(
    `${path}/:keyId`,
    {
      onRequest: writing,
      schema: {
        operationId: 'addGroupApiKey',
        tags,
        summary: 'Open the project to a key of the organization',
        params: KeyParams,
        body: AssignedKey,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => {
      const { caller, projectId, params, body } = request
      const role = toRole(body[0]!.roles, caller.roles.get(projectId)!)
      return shown(
        parts,
        request,
        await keyChanges.setRole(caller, projectId, params.keyId, role).catch(unknown(params)),
      )
    },
  )

  http.patch(
    `${path}/:keyId`,
    {
      onRequest: writing,
      schema: {
        operationId: 'updateGroupApiKey',
        tags,
        summary: 'Change what a key may do in the project, or what it is for',
        params: KeyParams,
        body: ChangedGroupKey,
        response: { 200: ref(AtlasKey) },
      },
    },
    async request => {
      const { caller, projectId, params, body } = request
      let key = body.roles === undefined ? await keyAt(parts, request) : undefined
      const role = body.roles && toRole(body.roles, caller.roles.get(projectId)!)
      if (role) key = await keyChanges.setRole(caller, projectId, params.keyId, role).catch(unknown(params))
      if (body.desc !== undefined) key = await keyChanges.describe(caller, key!, body.desc)
      return shown(parts, request, key!)
    },
  )

  http.delete(
    `${path}/:keyId`,
    {
      onRequest: writing,
      schema: {
        operationId: 'removeGroupApiKey',
        tags,
        summary: 'Close the project to a key; one that opens nothing else is revoked',
        params: KeyParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { caller, projectId, params } = request
      await keyChanges.leave(caller, projectId, params.keyId).catch(unknown(params))
      return reply.code(204).send()
    },
  )
}

const unknown = ({ keyId }: { readonly keyId: string }) => naming({ not_found: ['API_KEY_NOT_FOUND', keyId] })

async function keyAt({ services }: AtlasParts, request: FastifyRequest): Promise<ApiKey> {
  const params = request.params as { readonly keyId: string }
  const key = await services.keys.get(request.caller, request.projectId, params.keyId).catch(unknown(params))
  if (key.revokedAt !== undefined) throw refusal('API_KEY_NOT_FOUND', params.keyId)
  return key
}

function shown(parts: AtlasParts, request: FastifyRequest, key: ApiKey, privateKey?: Secret) {
  const { projectId } = request
  const here = { ...key, projects: key.projects.filter(one => one.projectId === projectId) }
  const links = [selfLink(request, parts, `/groups/${projectId}/apiKeys/${key.id}`)]
  return { ...fromKey(here, { privateKey }), links }
}
