import type { EngineRole } from '../../../domain/servers/database.ts'
import type { Privilege } from '../../../domain/users/role-definition.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import { isOurs, plain, type RoleName, roleText, writtenText } from './names.ts'
import { isNarrowed, learn, narrowedAs } from './narrowed.ts'
import { SYNTHESISED } from './synthesised.ts'

/** A role that is there, with the roles that it hands on. */
export interface RoleFound extends RoleName {
  readonly roles: readonly RoleName[]
  readonly privileges: readonly Privilege[]
  /** The server's own: it can't be changed. */
  readonly builtIn: boolean
}

export async function findRoles(
  link: Link,
  names: readonly RoleName[],
  signal: AbortSignal,
): Promise<readonly RoleFound[]> {
  if (names.length === 0) return []
  const found: RoleFound[] = []
  // One by one: a server that knows no lists of roles answers all the same.
  for (const name of names) {
    const { roles } = await link.ask(signal, 'admin', { rolesInfo: plain(name), showPrivileges: true })
    found.push(...(roles as readonly Document[]).map(foundFrom))
  }
  return found
}

const foundFrom = ({ role, db, roles = [], privileges = [], isBuiltin }: Document): RoleFound => ({
  role,
  db,
  roles: (roles as readonly RoleName[]).map(plain),
  privileges,
  builtIn: isBuiltin === true,
})

/** What roles of ours on single collections stand for, where that is not known yet. */
export async function learnNarrowed(link: Link, names: readonly RoleName[], signal: AbortSignal): Promise<void> {
  const unknown = new Map(names.filter(one => isNarrowed(one) && !narrowedAs(one)).map(one => [roleText(one), one]))
  for (const found of await findRoles(link, [...unknown.values()], signal)) {
    const [privilege] = found.privileges
    if (privilege && 'db' in privilege.resource) learn(found, privilege.resource.db, privilege.resource.collection)
  }
}

const CATALOGUE: readonly EngineRole[] = [
  { name: 'read', kind: 'catalogue', allows: 'Read every collection of the database' },
  {
    name: 'readwrite',
    kind: 'catalogue',
    allows: 'Read and write every collection of the database, and make new ones',
  },
  {
    name: 'owner',
    kind: 'catalogue',
    allows: 'Read, write and administer the database; its logins and roles left out',
  },
]

/** The server's own of `admin`, those that people made there, and those that are made when somebody gets them. */
export async function listRoles(link: Link, signal: AbortSignal): Promise<readonly EngineRole[]> {
  const { roles } = await link.ask(signal, 'admin', { rolesInfo: 1, showBuiltinRoles: true })
  const there = (roles as readonly RoleName[]).filter(role => !isOurs(role)).map(writtenText)
  const all = [...new Set([...there, ...SYNTHESISED.map(role => roleText({ role, db: 'admin' }))])].sort()
  return [
    ...CATALOGUE,
    ...all.map((name): EngineRole => ({ name, kind: 'engine', allows: 'What the server says of it' })),
  ]
}
