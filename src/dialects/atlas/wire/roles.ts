import { Type } from 'typebox'
import type { ApiKey } from '../../../domain/callers/api-key.ts'
import type { Caller } from '../../../domain/callers/caller.ts'
import { ROLES, type Role } from '../../../domain/users/role.ts'
import type { Reach } from '../../../services/callers/key-changes.ts'

/** What this API's roles in a project are here. What has no counterpart is worth a look, and no more. */
const OF_GROUP = {
  GROUP_OWNER: 'owner',
  GROUP_DATABASE_ACCESS_ADMIN: 'editor',
  GROUP_STREAM_PROCESSING_OWNER: 'editor',
  GROUP_READ_ONLY: 'viewer',
  GROUP_BACKUP_MANAGER: 'viewer',
  GROUP_CLUSTER_MANAGER: 'viewer',
  GROUP_DATA_ACCESS_ADMIN: 'viewer',
  GROUP_DATA_ACCESS_READ_ONLY: 'viewer',
  GROUP_DATA_ACCESS_READ_WRITE: 'viewer',
  GROUP_OBSERVABILITY_VIEWER: 'viewer',
  GROUP_SEARCH_INDEX_EDITOR: 'viewer',
} as const satisfies Record<string, Role>

type GroupRole = keyof typeof OF_GROUP

const FROM_ROLE = {
  owner: 'GROUP_OWNER',
  admin: 'GROUP_OWNER',
  editor: 'GROUP_DATABASE_ACCESS_ADMIN',
  viewer: 'GROUP_READ_ONLY',
} as const satisfies Record<Role, GroupRole>

export const GroupRoles = Type.Array(Type.Enum(Object.keys(OF_GROUP) as GroupRole[]), { minItems: 1 })

/** The strongest of them; an owner by this API's word is an admin here where its maker is no more. */
export function toRole(names: readonly GroupRole[], makers: Role): Role {
  const strongest = names.map(name => OF_GROUP[name]).toSorted((one, other) => rank(other) - rank(one))[0] ?? 'viewer'
  return strongest === 'owner' && rank(makers) < rank('owner') ? 'admin' : strongest
}

const rank = (role: Role): number => ROLES.indexOf(role)

export const fromRole = (role: Role): GroupRole => FROM_ROLE[role]

/** Of the installation. */
const OF_ORG = {
  ORG_OWNER: 'all',
  ORG_READ_ONLY: 'read',
  ORG_MEMBER: 'none',
  ORG_GROUP_CREATOR: 'none',
  ORG_BILLING_ADMIN: 'none',
  ORG_BILLING_READ_ONLY: 'none',
} as const satisfies Record<string, Reach>

type OrgRole = keyof typeof OF_ORG

export const OrgRoles = Type.Array(Type.Enum(Object.keys(OF_ORG) as OrgRole[]), { minItems: 1 })

export function toReach(names: readonly OrgRole[]): Reach {
  const reaches = names.map((name): Reach => OF_ORG[name])
  return (['all', 'read'] as const).find(reach => reaches.includes(reach)) ?? 'none'
}

/** How a key stands to the installation, seen by one who looks after keys: as far as the caller's own, to read, or not at all. */
export function orgRoleOf(key: ApiKey, caller: Caller): OrgRole {
  const own = [...caller.roles]
  const roleIn = (projectId: string) => key.projects.find(project => project.projectId === projectId)?.role
  if (own.some(([projectId]) => roleIn(projectId) === undefined)) return 'ORG_MEMBER'
  const isWhole = own.every(([projectId, role]) => rank(roleIn(projectId)!) >= rank(role))
  return isWhole && key.operatorId === caller.operator.id ? 'ORG_OWNER' : 'ORG_READ_ONLY'
}
