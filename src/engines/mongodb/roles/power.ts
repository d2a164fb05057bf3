import type { Privilege } from '../../../domain/users/role-definition.ts'
import type { Link } from '../link/link.ts'
import { isOurs, type RoleName, roleText, writtenText } from './names.ts'
import { isNarrowed } from './narrowed.ts'
import { findRoles } from './read.ts'
import { definitionOf } from './synthesised.ts'

/** The server's own roles of `admin` with which one comes to everything: as a login, or as who runs the server. */
const MIGHTY: ReadonlySet<string> = new Set([
  ...['root', '__system', 'restore', 'userAdminAnyDatabase', 'userAdmin', 'dbOwner'],
  ...['clusterAdmin', 'clusterManager', 'hostManager'],
])

/** The server's own that needn't be looked at. On another database than `admin`, `userAdmin` and `dbOwner` reach no further than that. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['read', 'readWrite', 'dbAdmin', 'readAnyDatabase', 'readWriteAnyDatabase', 'dbAdminAnyDatabase'],
  ...['clusterMonitor', 'backup'],
])

/** What lets its holder make and change logins and roles, where it may do so on `admin`. */
const OVER_LOGINS: ReadonlySet<string> = new Set(['createUser', 'changePassword', 'grantRole', 'createRole'])
/** What lets its holder do anything, or exchange the server. */
const OVER_ALL: ReadonlySet<string> = new Set([
  'anyAction',
  'internal',
  'applyOps',
  'replSetReconfig',
  'addShard',
  'shutdown',
])
const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'remove'])
/** Where logins and roles are kept. */
const KEPT_IN: ReadonlySet<string> = new Set(['system.users', 'system.roles'])

const isMighty = ({ role, db }: RoleName) => db === 'admin' && MIGHTY.has(role)
const isHarmless = (name: RoleName) =>
  HARMLESS.has(name.role) || (name.db !== 'admin' && MIGHTY.has(name.role)) || (isOurs(name) && !isNarrowed(name))

/** Does it lead to everything on the server? */
export function isMightyPrivilege({ resource, actions }: Privilege): boolean {
  if (actions.some(action => OVER_ALL.has(action))) return true
  if ('cluster' in resource && resource.cluster) return false
  const { db, collection } = resource as { readonly db?: string; readonly collection?: string }
  // Neither of them: any resource at all.
  if (db === undefined) return actions.some(action => OVER_LOGINS.has(action) || WRITES.has(action))
  if (db !== '' && db !== 'admin') return false
  if (KEPT_IN.has(collection ?? '')) return actions.some(action => WRITES.has(action))
  return collection === '' && actions.some(action => OVER_LOGINS.has(action))
}

/** What is known of roles: which others they hand on, and whether they have power over the whole server by themselves. */
type Known = ReadonlyMap<string, { readonly mighty: boolean; readonly roles: readonly RoleName[] }>

/** These roles, those that they hand on, and so on. */
export async function readPower(link: Link, names: readonly RoleName[], signal: AbortSignal): Promise<Known> {
  const known = new Map<string, { readonly mighty: boolean; readonly roles: readonly RoleName[] }>()
  for (let level = names; level.length > 0; ) {
    const asked = new Map(level.filter(one => !known.has(roleText(one)) && !isHarmless(one)).map(byText))
    for (const [text, name] of asked) known.set(text, byName(name))
    const found = await findRoles(
      link,
      [...asked.values()].filter(one => !isMighty(one) && !isToldByName(one)),
      signal,
    )
    for (const one of found)
      known.set(roleText(one), { mighty: one.privileges.some(isMightyPrivilege), roles: one.roles })
    level = [...asked.keys()].flatMap(text => known.get(text)!.roles)
  }
  return known
}

/** There may be one for each login: what such a role lets do is in its name. */
const isToldByName = (name: RoleName) => isNarrowed(name) && definitionOf(name) !== undefined

const byText = (name: RoleName) => [roleText(name), name] as const

/** What its name says of it, where it is not there yet. */
function byName(name: RoleName) {
  const { privileges = [], roles = [] } = definitionOf(name) ?? {}
  return { mighty: isMighty(name) || privileges.some(isMightyPrivilege), roles }
}

/** The first of these roles that has, or hands on, power over the whole server; as people write it. */
export function mightyAmong(names: readonly RoleName[], known: Known): string | undefined {
  const name = names.find(one => leadsToPower(one, known, new Set()))
  return name && writtenText(name)
}

function leadsToPower(name: RoleName, known: Known, seen: Set<string>): boolean {
  const text = roleText(name)
  if (seen.has(text)) return false
  seen.add(text)
  const found = known.get(text)
  return found !== undefined && (found.mighty || found.roles.some(one => leadsToPower(one, known, seen)))
}
