import { Type } from 'typebox'
import type { ApiKey } from '../../../domain/callers/api-key.ts'
import type { Secret } from '../../../domain/secret.ts'
import { Id, Links, listOf, Timestamp } from './common.ts'
import { fromRole, GroupRoles, OrgRoles } from './roles.ts'

const KeyRole = Type.Object({
  groupId: Type.Optional(Id),
  orgId: Type.Optional(Id),
  roleName: Type.String(),
})

export const AtlasKey = Type.Object(
  {
    desc: Type.String(),
    id: Id,
    publicKey: Type.String({ pattern: '^[a-z]{8}$' }),
    privateKey: Type.String({ description: 'Whole in the answer that makes it, and never again' }),
    roles: Type.Array(KeyRole),
    links: Links,
  },
  { $id: 'ApiKey' },
)
export const KeyList = listOf(AtlasKey, 'ApiKeyList')

const desc = Type.String({ minLength: 1, maxLength: 250 })

export const NewGroupKey = Type.Object({ desc, roles: GroupRoles }, { additionalProperties: false })
export const NewOrgKey = Type.Object({ desc, roles: OrgRoles }, { additionalProperties: false })
export const ChangedGroupKey = Type.Object(
  { desc: Type.Optional(desc), roles: Type.Optional(GroupRoles) },
  { additionalProperties: false },
)
export const ChangedOrgKey = Type.Object(
  { desc: Type.Optional(desc), roles: Type.Optional(OrgRoles) },
  { additionalProperties: false },
)
export const AssignedKey = Type.Array(Type.Object({ roles: GroupRoles }, { additionalProperties: false }), {
  minItems: 1,
  maxItems: 1,
})

/** Only a hash of it is kept: not even its end is known. */
const MASKED = '********-****-****-************'

export function fromKey(key: ApiKey, more: { readonly privateKey?: Secret; readonly orgRole?: OrgRoleSeen }) {
  const { description: desc = '', id, publicKey, projects } = key
  const ofGroups = projects.map(({ projectId: groupId, role }) => ({ groupId, roleName: fromRole(role) }))
  const roles = more.orgRole ? [more.orgRole, ...ofGroups] : ofGroups
  return { desc, id, publicKey, privateKey: more.privateKey?.reveal() ?? MASKED, roles }
}

interface OrgRoleSeen {
  readonly orgId: string
  readonly roleName: string
}

export const KeyNetwork = Type.Object(
  {
    cidrBlock: Type.String(),
    ipAddress: Type.Optional(Type.String()),
    count: Type.Integer(),
    created: Timestamp,
    links: Links,
  },
  { $id: 'ApiKeyAccessListEntry' },
)
export const KeyNetworkList = listOf(KeyNetwork, 'ApiKeyAccessList')

export const NewKeyNetworks = Type.Array(
  Type.Object(
    { ipAddress: Type.Optional(Type.String()), cidrBlock: Type.Optional(Type.String()) },
    { additionalProperties: false },
  ),
  { minItems: 1 },
)

export const keySchemas = [AtlasKey, KeyList, KeyNetwork, KeyNetworkList]
