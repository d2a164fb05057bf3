import type { CatalogueRole, Grant, GrantShown } from '../../../domain/users/grant.ts'
import { isMarkerRole } from '../marks.ts'
import { LOCKED, type RoleName, roleText, writtenText } from './names.ts'

/** Our roles in the server's words. `dbOwner` is none of them: it lets its holder give itself everything behind our back. */
const ROLES: Readonly<Record<CatalogueRole, readonly string[]>> = {
  read: ['read'],
  readwrite: ['readWrite'],
  owner: ['readWrite', 'dbAdmin'],
}

export function rolesOf({ role, database }: Grant): readonly RoleName[] {
  return ROLES[role].map(name => ({ role: name, db: database }))
}

const MEANT = ['read', 'readWrite', 'dbAdmin', 'dbOwner']

/** What a login's roles on databases amount to, as the catalogue roles that they are or come nearest to. */
export function grantsIn(roles: readonly RoleName[]): readonly GrantShown[] {
  const databases = [...new Set(roles.filter(({ role }) => MEANT.includes(role)).map(({ db }) => db))].sort()
  return databases.flatMap(database => {
    const has = new Set(roles.filter(({ db }) => db === database).map(({ role }) => role))
    return shownAs(has, database)
  })
}

function shownAs(has: ReadonlySet<string>, database: string): readonly GrantShown[] {
  if (has.has('dbOwner')) return [{ role: 'owner', database, by: 'direct' }]
  if (has.has('readWrite') && has.has('dbAdmin')) return [{ role: 'owner', database, by: 'catalogue' }]
  if (has.has('readWrite')) return [{ role: 'readwrite', database, by: 'catalogue' }]
  return has.has('read') ? [{ role: 'read', database, by: 'catalogue' }] : []
}

/** Roles that no grant tells of: the server's own and those that people made. */
export function engineRolesIn(roles: readonly RoleName[]): readonly string[] {
  return roles
    .filter(one => !isGrant(one, roles) && !isMarkerRole(one) && roleText(one) !== roleText(LOCKED))
    .map(writtenText)
    .sort()
}

function isGrant({ role, db }: RoleName, roles: readonly RoleName[]): boolean {
  if (role === 'read' || role === 'readWrite') return true
  return role === 'dbAdmin' && roles.some(one => one.db === db && one.role === 'readWrite')
}
