/** What an operator, or a key, may do in a project. */
export const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const
export type Role = (typeof ROLES)[number]

export function weakerRole(one: Role, other: Role): Role {
  return ROLES.indexOf(one) <= ROLES.indexOf(other) ? one : other
}

/** Everything a request may need leave for, and the weakest role that has it: the table of DESIGN §1. */
const WEAKEST = {
  read: 'viewer', // instances, users, grants, databases, operations
  coordinates: 'viewer', // connections: where servers are, and who logs in
  project: 'viewer',
  tags: 'viewer', // of instances
  network: 'viewer', // which private network an instance is said to be in
  account: 'viewer', // who the caller is
  belong: 'viewer', // what members see beside servers: members, teams, keys, data sources
  create: 'editor', // users and databases, by verb
  update: 'editor',
  delete: 'editor',
  recall: 'editor', // passwords that are stored, or that wait in an answer
  change: 'editor', // everything else that editors do: plans, retries, data sources
  serverAdmins: 'admin', // logins with power over their whole server
  register: 'admin', // making connections
  adopt: 'admin', // instances, in the dialects that take them by name
  release: 'admin',
  configure: 'admin',
  tag: 'admin',
  untag: 'admin',
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
