import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ApiKey } from '../../../../domain/callers/api-key.ts'
import { ref } from '../../../request.ts'
import type { AtlasHttp, AtlasParts } from '../../context.ts'
import { refusal } from '../../refusals/refusal.ts'
import { segmentOf, selfLink } from '../../requests/addresses.ts'
import { pageOf } from '../../requests/pages.ts'
import { orgKeepers } from '../../requests/places.ts'
import { Nothing, toTimestamp } from '../../wire/common.ts'
import { KeyNetwork, KeyNetworkList, NewKeyNetworks } from '../../wire/keys.ts'
import { addressIn, blockFrom, networkFrom } from '../../wire/networks.ts'
import { OrgKeyParams, orgKeyAt, tags } from './org-key.ts'

const EntryParams = Type.Object({ ...OrgKeyParams.properties, entry: Type.String() })

/** Client networks that a key is good in. Unlike a project's list this one counts: without any the key is good from anywhere. */
export function keyNetworkRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { keyChanges } = parts.services
  const path = '/orgs/:orgId/apiKeys/:keyId/accessList'
  const onRequest = orgKeepers(parts)

  http.get(
    path,
    {
      config: { paged: true },
      onRequest,
      schema: {
        operationId: 'listApiKeyAccessListEntries',
        tags,
        summary: 'Client networks that a key is good in; none: anywhere',
        params: OrgKeyParams,
        response: { 200: ref(KeyNetworkList) },
      },
    },
    async request => listed(parts, request, await orgKeyAt(parts, request)),
  )

  http.post(
    path,
    {
      onRequest,
      config: { paged: true },
      schema: {
        operationId: 'createApiKeyAccessListEntries',
        tags,
        summary: 'Let a key be used from these, too',
        params: OrgKeyParams,
        body: NewKeyNetworks,
        response: { 200: ref(KeyNetworkList) },
      },
    },
    async request => {
      const key = await orgKeyAt(parts, request)
      const networks = [...new Set([...key.networks, ...request.body.map(networkFrom)])]
      return listed(parts, request, await keyChanges.setNetworks(request.caller, key, networks))
    },
  )

  http.get(
    `${path}/:entry`,
    {
      onRequest,
      schema: {
        operationId: 'getApiKeyAccessListEntry',
        tags,
        summary: 'One of them',
        params: EntryParams,
        response: { 200: ref(KeyNetwork) },
      },
    },
    async request => {
      const key = await orgKeyAt(parts, request)
      return shown(parts, request, key, networkAt(key, request.params.entry))
    },
  )

  http.delete(
    `${path}/:entry`,
    {
      onRequest,
      schema: {
        operationId: 'deleteApiKeyAccessListEntry',
        tags,
        summary: 'Let a key be used from there no more',
        params: EntryParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const key = await orgKeyAt(parts, request)
      const gone = networkAt(key, request.params.entry)
      await keyChanges.setNetworks(
        request.caller,
        key,
        key.networks.filter(network => network !== gone),
      )
      return reply.code(204).send()
    },
  )
}

function networkAt(key: ApiKey, entry: string): string {
  const network = blockFrom(entry)
  const found = key.networks.find(one => one === network || one === entry)
  if (!found) throw refusal('IP_ADDRESS_NOT_FOUND', entry, key.id)
  return found
}

function listed(parts: AtlasParts, request: FastifyRequest, key: ApiKey) {
  return pageOf(parts, request, key.networks, network => shown(parts, request, key, network))
}

/** How often a network was used is not counted. */
function shown(parts: AtlasParts, request: FastifyRequest, key: ApiKey, network: string) {
  const path = `/orgs/${parts.services.organisationId}/apiKeys/${key.id}/accessList/${segmentOf(network)}`
  return {
    cidrBlock: network,
    ipAddress: addressIn(network),
    count: 0,
    created: toTimestamp(key.createdAt),
    links: [selfLink(request, parts, path)],
  }
}
