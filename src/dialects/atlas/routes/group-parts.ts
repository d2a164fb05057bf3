import { Type } from 'typebox'
import { ref } from '../../request.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'
import { selfLink } from '../requests/addresses.ts'
import { pageOf } from '../requests/pages.ts'
import { groupWith } from '../requests/places.ts'
import { GroupParams, Links, listOf } from '../wire/common.ts'
import { GroupSettings, NO_SETTINGS } from '../wire/groups.ts'

const NothingListed = listOf(Type.Object({}), 'NothingListed')
const IpAddresses = Type.Object(
  { groupId: Type.String(), services: Type.Object({ clusters: Type.Array(Type.Object({})) }) },
  { $id: 'GroupIpAddresses' },
)
const Limits = Type.Array(Type.Object({ name: Type.String(), value: Type.Integer() }), {
  $id: 'GroupLimits',
  description: 'None of the hosted API’s own',
})
const UserSecurity = Type.Object(
  { customerX509: Type.Object({ cas: Type.String() }), links: Links },
  { $id: 'UserSecurity', description: 'No certificate authority is kept here' },
)

export const groupPartSchemas = [NothingListed, IpAddresses, Limits, GroupSettings, UserSecurity]

const tags = ['Projects']

/** What clients read beside a project, and take amiss where it is not there. */
export function groupPartRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const onRequest = groupWith(parts, 'project')

  for (const [what, summary] of [
    ['teams', 'Teams of the hosted API: none'],
    ['users', 'People of the hosted API: none; members are managed by Rolecall’s own API'],
  ] as const) {
    http.get(
      `/groups/:groupId/${what}`,
      {
        config: { paged: true },
        onRequest,
        schema: {
          operationId: `listGroup${what[0]!.toUpperCase()}${what.slice(1)}`,
          tags,
          summary,
          params: GroupParams,
          response: { 200: ref(NothingListed) },
        },
      },
      async request => pageOf(parts, request, [], item => item),
    )
  }

  http.get(
    '/groups/:groupId/limits',
    {
      onRequest,
      schema: {
        operationId: 'listGroupLimits',
        tags,
        summary: 'Limits that were changed: none',
        params: GroupParams,
        response: { 200: ref(Limits) },
      },
    },
    async () => [],
  )

  http.get(
    '/groups/:groupId/settings',
    {
      onRequest,
      schema: {
        operationId: 'getGroupSettings',
        tags,
        summary: 'Services of the hosted API: none of them runs here',
        params: GroupParams,
        response: { 200: ref(GroupSettings) },
      },
    },
    async () => NO_SETTINGS,
  )

  http.get(
    '/groups/:groupId/ipAddresses',
    {
      onRequest,
      schema: {
        operationId: 'getGroupIpAddresses',
        tags,
        summary: 'Addresses of the hosted API’s servers: none',
        params: GroupParams,
        response: { 200: ref(IpAddresses) },
      },
    },
    async ({ projectId: groupId }) => ({ groupId, services: { clusters: [] } }),
  )

  userSecurityRoutes(http, parts)
}

/** Certificate authorities of a project's own: told that there is none, and never set. */
function userSecurityRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const path = '/groups/:groupId/userSecurity'
  const own = { tags: ['Database Users'], params: GroupParams, response: { 200: ref(UserSecurity) } }
  const notOffered = async () => {
    throw refusal('FEATURE_UNSUPPORTED', 'certificate authorities of a project')
  }

  http.get(
    path,
    {
      onRequest: groupWith(parts, 'read'),
      schema: { operationId: 'getUserSecurity', summary: 'How users prove who they are, beside passwords', ...own },
    },
    async request => {
      const { projectId } = request
      return { customerX509: { cas: '' }, links: [selfLink(request, parts, `/groups/${projectId}/userSecurity`)] }
    },
  )

  const onRequest = groupWith(parts, 'update')
  http.patch(path, { onRequest, schema: { operationId: 'updateUserSecurity', summary: 'Refused', ...own } }, notOffered)
  http.delete(
    `${path}/customerX509`,
    { onRequest, schema: { operationId: 'disableCustomerX509', summary: 'Refused', ...own } },
    notOffered,
  )
}
