import type { AtlasRules } from '../context.ts'
import { invalidFields, refusal } from '../refusals/refusal.ts'
import { isBuiltIn } from '../users/role-names.ts'
import { isAction, isInert } from './actions.ts'
import { type Action, type Inherited, isCluster, type Resource, type RoleBody } from './wire.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

export function checkName(name: string): void {
  if (name.startsWith('xgen-')) throw refusal('ATLAS_RESERVED_CUSTOM_ROLE_RESTRICTED', name)
  if (!NAME.test(name))
    throw invalidFields({
      field: 'roleName',
      description: 'must be letters, digits, _ and -, and begin with a letter or digit',
    })
  if (isBuiltIn(name)) throw refusal('ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS', name)
}

/** What one part of a role says of another; `others` are the project's, without it. */
export function checkRole(role: RoleBody, others: readonly RoleBody[], rules: AtlasRules): void {
  checkActions(role.actions, rules)
  if (role.actions.length === 0 && role.inheritedRoles.length === 0)
    throw refusal('ATLAS_CUSTOM_ROLE_HAS_NO_PERMISSIONS')
  for (const inherited of role.inheritedRoles) checkInherited(role.roleName, inherited, others)
  if (reaches(role, role.roleName, others)) throw refusal('ATLAS_CUSTOM_ROLE_CIRCULAR_DEPENDENCY', role.roleName)
}

function checkActions(actions: readonly Action[], { inertActions }: AtlasRules): void {
  const seen = new Set<string>()
  for (const { action, resources } of actions) {
    if (!isAction(action) || (isInert(action) && !inertActions)) throw refusal('INVALID_ENUM_VALUE', action, 'action')
    if (seen.has(action)) throw refusal('ATLAS_DUPLICATE_CUSTOM_ROLE_ACTION', action)
    seen.add(action)
    if (resources.length === 0) throw refusal('MISSING_ATTRIBUTE', 'resources')
    if (!resources.every(isWhole) || new Set(resources.map(placeOf)).size < resources.length)
      throw refusal('ATLAS_INVALID_RESOURCE')
  }
}

function isWhole(resource: Resource): boolean {
  const { db, collection } = resource
  return isCluster(resource) ? !db && !collection : typeof db === 'string'
}

function placeOf(resource: Resource): string {
  return isCluster(resource) ? '' : JSON.stringify([resource.db, resource.collection ?? ''])
}

function checkInherited(name: string, { db, role }: Inherited, others: readonly RoleBody[]): void {
  if (db === 'admin' && role === name) throw refusal('ATLAS_CUSTOM_ROLE_SELF_REFERENTIAL', name)
  if (isBuiltIn(role) && isOpen(db, role)) return
  if (db === 'admin' && others.some(({ roleName }) => roleName === role)) return
  throw refusal('ATLAS_INVALID_CUSTOM_ROLE_INHERITANCE', role, db)
}

/** Those that reach beyond one database are of `admin`; those that may not be granted are not inherited either. */
function isOpen(db: string, role: string): boolean {
  if (['read', 'readWrite', 'dbAdmin'].includes(role)) return db !== ''
  return (
    db === 'admin' &&
    [
      'readAnyDatabase',
      'readWriteAnyDatabase',
      'dbAdminAnyDatabase',
      'clusterMonitor',
      'backup',
      'enableSharding',
    ].includes(role)
  )
}

function reaches(
  { inheritedRoles }: RoleBody,
  name: string,
  others: readonly RoleBody[],
  seen = new Set<string>(),
): boolean {
  return inheritedRoles.some(({ db, role }) => {
    if (db !== 'admin' || seen.has(role)) return false
    if (role === name) return true
    seen.add(role)
    const next = others.find(({ roleName }) => roleName === role)
    return next !== undefined && reaches(next, name, others, seen)
  })
}
