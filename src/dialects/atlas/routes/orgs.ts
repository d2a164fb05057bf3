import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ref } from '../../request.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { selfLink } from '../requests/addresses.ts'
import { pageOf } from '../requests/pages.ts'
import { orgHere } from '../requests/places.ts'
import { Id, Links, listOf } from '../wire/common.ts'

const Org = Type.Object(
  { id: Id, name: Type.String(), isDeleted: Type.Boolean(), links: Links },
  { $id: 'Organization', description: 'The installation' },
)
const OrgList = listOf(Org, 'OrganizationList')

export const orgSchemas = [Org, OrgList]

const tags = ['Organizations']

/** There is one organization: the installation. */
export function orgRoutes(http: AtlasHttp, parts: AtlasParts): void {
  http.get(
    '/orgs',
    {
      config: { paged: true },
      schema: { operationId: 'listOrgs', tags, summary: 'The one that there is', response: { 200: ref(OrgList) } },
    },
    async request => pageOf(parts, request, [theOrg(parts, request)], org => org),
  )

  http.get(
    '/orgs/:orgId',
    {
      onRequest: orgHere(parts),
      schema: {
        operationId: 'getOrg',
        tags,
        summary: 'The installation',
        params: Type.Object({ orgId: Type.String() }),
        response: { 200: ref(Org) },
      },
    },
    async request => theOrg(parts, request),
  )
}

function theOrg(parts: AtlasParts, request: FastifyRequest) {
  const id = parts.services.organisationId
  return { id, name: 'Rolecall', isDeleted: false, links: [selfLink(request, parts, `/orgs/${id}`)] }
}
