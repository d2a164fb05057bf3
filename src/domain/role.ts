/** What an operator, or a key, may do in a project. */
export const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const
export type Role = (typeof ROLES)[number]

export function weakerRole(one: Role, other: Role): Role {
  return ROLES.indexOf(one) <= ROLES.indexOf(other) ? one : other
}

/** Everything a request may need leave for, and the weakest role that has it: the table of DESIGN §1. */
const WEAKEST = {
  read: 'viewer',
  change: 'editor', // users, databases, grants, plans, stored passwords
  administer: 'admin', // connections, instances, policies, access lists, keys of others, audit, abandon, accept a server
  own: 'owner', // members and their roles, project settings, deleting the project
} as const satisfies Record<string, Role>

export type Right = keyof typeof WEAKEST

export function roleHas(role: Role, right: Right): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(WEAKEST[right])
}

export function weakestRoleWith(right: Right): Role {
  return WEAKEST[right]
}
