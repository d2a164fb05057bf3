import { refusal } from '../refusals/refusal.ts'

/** A role as this API writes it. */
export interface RoleShown {
  readonly databaseName: string
  readonly roleName: string
  readonly collectionName?: string
}

const ON_ADMIN = [
  ...['atlasAdmin', 'readWriteAnyDatabase', 'readAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor', 'backup'],
  ...['enableSharding', 'killOpSession', 'autoCompact', 'manageShardBalancer'],
]
const ANYWHERE = ['read', 'readWrite', 'dbAdmin']
const NARROWED = ['read', 'readWrite']

/** What lets its holder give itself more, or is the server's own. */
const NEVER = [
  ...['root', '__system', '__queryableBackup', 'restore', 'clusterAdmin', 'clusterManager', 'hostManager', 'dbOwner'],
  ...['userAdmin', 'userAdminAnyDatabase', 'searchCoordinator', 'directShardOperations'],
]

/** Names that no project may give a role of its own. */
export function isBuiltIn(name: string): boolean {
  return [...ON_ADMIN, ...ANYWHERE, ...NEVER].includes(name)
}

/** The roles as servers know them, `DATABASE.ROLE`; `custom` are those of the project. Throws where one is not to be had. */
export function toRoles(roles: readonly RoleShown[], custom: ReadonlySet<string>, mostNarrowed: number): string[] {
  for (const role of roles) checkRole(role, custom)
  const texts = roles.map(textOf)
  if (new Set(texts).size < texts.length) throw refusal('DUPLICATE_DATABASE_ROLES')
  if (roles.filter(({ collectionName }) => collectionName).length > mostNarrowed)
    throw refusal('COLLECTION_ROLES_LIMIT_EXCEEDED', mostNarrowed)
  return texts
}

function checkRole({ databaseName, roleName, collectionName }: RoleShown, custom: ReadonlySet<string>): void {
  if (!isDatabaseName(databaseName)) throw refusal('INVALID_DATABASE_NAME', databaseName)
  if (NEVER.includes(roleName)) throw refusal('ATLAS_RESTRICTED_ROLE', roleName)
  if (collectionName && !NARROWED.includes(roleName)) throw refusal('ATLAS_RESTRICTED_COLLECTION', roleName)
  if (ANYWHERE.includes(roleName)) return
  const isOnAdmin = databaseName === 'admin'
  if (ON_ADMIN.includes(roleName)) {
    if (!isOnAdmin) throw refusal('ATLAS_INVALID_ROLE_DATABASE', roleName, databaseName)
    return
  }
  if (!custom.has(roleName)) throw refusal('ATLAS_INVALID_ROLE', roleName, databaseName)
  if (!isOnAdmin) throw refusal('UNSUPPORTED_ROLE', roleName)
}

function isDatabaseName(name: string): boolean {
  const bytes = Buffer.byteLength(name)
  return bytes >= 1 && bytes <= 63 && !/[/\\. "$\0]/.test(name)
}

function textOf({ databaseName, roleName, collectionName }: RoleShown): string {
  return collectionName ? `admin.rc.${roleName}.${databaseName}.${collectionName}` : `${databaseName}.${roleName}`
}

const NARROWED_TEXT = /^admin\.rc\.(read|readWrite)\.([^.]+)\.(.+)$/s

/** Could a project with these roles of its own have asked for that one, as servers know it. */
export function mayBeGranted(text: string, custom: ReadonlySet<string>): boolean {
  return fromRoles([text], custom).length > 0
}

/** Back again; a role that this API has no word for is none of it. */
export function fromRoles(texts: readonly string[], custom: ReadonlySet<string>): readonly RoleShown[] {
  return texts.flatMap(text => {
    const [, narrowed, db, collectionName] = NARROWED_TEXT.exec(text) ?? []
    if (narrowed !== undefined) return [{ collectionName, databaseName: db!, roleName: narrowed }]
    const at = text.indexOf('.')
    const role = { databaseName: text.slice(0, at), roleName: text.slice(at + 1) }
    return hasWord(role, custom) ? [role] : []
  })
}

function hasWord({ databaseName, roleName }: RoleShown, custom: ReadonlySet<string>): boolean {
  if (ANYWHERE.includes(roleName)) return true
  return databaseName === 'admin' && (ON_ADMIN.includes(roleName) || custom.has(roleName))
}
