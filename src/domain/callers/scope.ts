import { type Right, type Role, roleHas } from '../users/role.ts'

/** What a key may be narrowed to, in DigitalOcean's words; every dialect heeds them. A key without scopes has all of its role. */
export const SCOPES = [
  'database:read',
  'database:create',
  'database:update',
  'database:delete',
  'database:view_credentials',
  'tag:read',
  'tag:create',
  'tag:delete',
  'project:read',
  'vpc:read',
  'account:read',
  'rolecall:register',
] as const
export type Scope = (typeof SCOPES)[number]

/** What each right needs of a key that has scopes: all of these. Whatever is not here, no scope is good for. */
const NEEDED: Partial<Readonly<Record<Right, readonly Scope[]>>> = {
  read: ['database:read'],
  coordinates: ['database:read', 'database:view_credentials'],
  project: ['project:read'],
  tags: ['tag:read'],
  network: ['vpc:read'],
  account: ['account:read'],
  create: ['database:create'],
  update: ['database:update'],
  delete: ['database:delete'],
  recall: ['database:view_credentials'],
  serverAdmins: [], // the role says who, and the scope of what is done says what
  register: ['rolecall:register'],
  adopt: ['database:create'],
  release: ['database:delete'],
  configure: ['database:update'],
  tag: ['tag:create'],
  untag: ['tag:delete'],
}

/** What a key without scopes could have been narrowed to: those that open anything to its role. */
export function scopesWithin(role: Role | undefined): readonly Scope[] {
  const rights = (Object.keys(NEEDED) as Right[]).filter(right => role && roleHas(role, right))
  return SCOPES.filter(scope => rights.some(right => NEEDED[right]?.includes(scope)))
}

/** The scopes that a key lacks for a right; undefined where none would do. Without scopes a key lacks nothing. */
export function scopesLacking(scopes: readonly string[] | undefined, right: Right): readonly Scope[] | undefined {
  return scopes === undefined ? [] : NEEDED[right]?.filter(scope => !scopes.includes(scope))
}
