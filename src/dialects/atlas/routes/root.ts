import { Type } from 'typebox'
import { ref } from '../../request.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { buildOf } from '../requests/answers.ts'
import { Links } from '../wire/common.ts'
import { addressIn } from '../wire/networks.ts'
import { fromRole } from '../wire/roles.ts'

const Root = Type.Object(
  {
    appName: Type.String(),
    build: Type.String({ pattern: '^[0-9a-f]{40}$' }),
    apiKey: Type.Object({
      id: Type.String(),
      publicKey: Type.String(),
      roles: Type.Array(Type.Object({ groupId: Type.String(), roleName: Type.String() })),
      accessList: Type.Array(Type.Object({ cidrBlock: Type.String(), ipAddress: Type.Optional(Type.String()) })),
    }),
    links: Links,
    throttling: Type.Boolean(),
  },
  { $id: 'Root' },
)

export const rootSchemas = [Root]

/** What answers, and to whom. */
export function rootRoutes(http: AtlasHttp, parts: AtlasParts): void {
  http.get(
    '/',
    {
      // Go's client asks with a slash at the end, others without.
      prefixTrailingSlash: 'both',
      schema: { operationId: 'getRoot', tags: ['Root'], summary: 'Who asks', response: { 200: ref(Root) } },
    },
    async ({ caller: { key, roles } }) => ({
      appName: 'MongoDB Atlas',
      build: buildOf(parts.version),
      apiKey: {
        id: key.id,
        publicKey: key.publicKey,
        roles: [...roles].map(([groupId, role]) => ({ groupId, roleName: fromRole(role) })),
        accessList: key.networks.map(cidrBlock => ({ cidrBlock, ipAddress: addressIn(cidrBlock) })),
      },
      links: [],
      throttling: false,
    }),
  )
}
