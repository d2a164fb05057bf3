import type { Change } from '../../../domain/users/change.ts'
import { CATALOGUE_ROLES, type CatalogueRole, type Grant } from '../../../domain/users/grant.ts'
import { type ForeignGrant, readGrantsIn } from '../drop/foreign-grants.ts'
import { type Reach, readReach } from '../facts/reach.ts'
import { type Links, whyClosed, withEach } from '../link/links.ts'
import type { ServerState } from '../link/server.ts'
import { canBeThere, catalogueRoleIn } from '../names.ts'
import type { UserRow } from '../users/read.ts'
import { type Inside, readInside } from './inside.ts'

/** A database that a change grants on, or takes grants away from. */
export interface GrantDatabase {
  readonly name: string
  /** Undefined: there is none of this name. */
  readonly oid?: string
  readonly owner?: string
  /** What the managing login may do with that owner. */
  readonly ownerReach?: Reach
  /** Why it can't be looked into. */
  readonly closed?: string
  /** Does PUBLIC have CONNECT, and may the managing login grant and revoke it. */
  readonly publicConnect: boolean
  readonly mayGrantConnect: boolean
  /** The role that the login acts as there, by its settings. */
  readonly actsAs?: string
  readonly roles: readonly CatalogueFound[]
  readonly inside?: Inside
  /** Rights that somebody gave the login itself; read only where one is to be taken away. */
  readonly direct: readonly ForeignGrant[]
}

/** A catalogue role that is there. */
export interface CatalogueFound {
  readonly name: string
  readonly oid: string
  readonly role: CatalogueRole
  /** Its rights on the database as a whole. */
  readonly has: readonly string[]
  /** Who made the login a member; nobody: it is none. */
  readonly grantors: readonly string[]
  readonly reach: Reach
}

// Ours are found by the oid and the ending of their names. The range is there for the index.
const databases = ({ version }: ServerState) => `
select b.oid::text as oid, b.datname::text as name, b.datallowconn as open, pg_get_userbyid(b.datdba)::text as owner,
  has_database_privilege(b.oid, 'connect with grant option') as "mayGrantConnect",
  exists (select from aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))) a
    where a.grantee = 0 and a.privilege_type = 'CONNECT') as "publicConnect",
  (select substring(s.setting from '^role=(.*)$') from pg_db_role_setting r, unnest(r.setconfig) s(setting)
    where r.setdatabase = b.oid and r.setrole = $2::oid and s.setting like 'role=%') as "actsAs",
  (select coalesce(json_agg(json_build_object('name', r.rolname, 'oid', r.oid::text,
      'has', (select coalesce(json_agg(a.privilege_type), '[]') from aclexplode(b.datacl) a where a.grantee = r.oid),
      'grantors', (
      select coalesce(json_agg(pg_get_userbyid(m.grantor)), '[]') from pg_auth_members m
      where m.roleid = r.oid and m.member = $2::oid ${version >= 160000 ? 'and (m.inherit_option or m.set_option)' : ''}))), '[]')
    from pg_roles r where r.rolname >= 'rolecall_'::name and r.rolname < 'rolecall\`'::name and not r.rolcanlogin
      and r.rolname ~ ('_' || lpad(to_hex(b.oid::int8), 8, '0') || '_(${CATALOGUE_ROLES.join('|')})$')) as roles
from pg_database b where b.datname = any($1::name[])`

interface Row {
  readonly oid: string
  readonly name: string
  readonly open: boolean
  readonly owner: string
  readonly mayGrantConnect: boolean
  readonly publicConnect: boolean
  readonly actsAs: string | null
  readonly roles: readonly Omit<CatalogueFound, 'role' | 'reach'>[]
}

interface Asked {
  readonly add: readonly Grant[]
  readonly remove: readonly Grant[]
  readonly closePublic: boolean
}

export async function readGrantDatabases(
  links: Links,
  change: Change,
  login: UserRow | undefined,
): Promise<readonly GrantDatabase[]> {
  const asked = askedOf(change)
  const names = [...new Set([...asked.add, ...asked.remove].map(({ database }) => database))]
  if (names.length === 0) return []
  const { main, signal } = links
  const rows = await main.ask<Row>(signal, databases(main.state), [names.filter(canBeThere), login?.oid ?? '0'])
  const named = rows.flatMap(({ owner, roles }) => [owner, ...roles.map(({ name }) => name)])
  const reach = await readReach(main, named, signal)
  const found = names.map(name =>
    foundBy(
      name,
      rows.find(row => row.name === name),
      reach,
    ),
  )
  return withEach(found, one => lookInside(links, one, asked, login))
}

function askedOf(change: Change): Asked {
  if (change.kind === 'create-user') {
    return { add: change.user.grants, remove: [], closePublic: change.closePublic === true }
  }
  if (change.kind === 'grant-user') return { ...change.grants, closePublic: change.closePublic === true }
  return { add: [], remove: [], closePublic: false }
}

function foundBy(name: string, row: Row | undefined, reach: readonly Reach[]): GrantDatabase {
  if (!row) return { name, publicConnect: false, mayGrantConnect: false, roles: [], direct: [] }
  const roles = row.roles.flatMap(role => {
    const kind = catalogueRoleIn(role.name)?.role
    const mine = reach.find(one => one.name === role.name)
    return kind && mine ? [{ ...role, role: kind, reach: mine }] : []
  })
  const closed = row.open ? {} : { closed: 'it takes no connections' }
  const ownerReach = reach.find(one => one.name === row.owner)
  return { ...row, ...closed, ownerReach, actsAs: row.actsAs ?? undefined, roles, direct: [] }
}

async function lookInside(
  links: Links,
  database: GrantDatabase,
  asked: Asked,
  login: UserRow | undefined,
): Promise<GrantDatabase> {
  if (!database.oid || database.closed !== undefined) return database
  const wanted = wantedRoles(database, asked.add)
  const takesDirect =
    login !== undefined &&
    asked.remove.some(grant => grant.database === database.name && !isMember(database, grant.role))
  if (wanted.length === 0 && !takesDirect && !asked.closePublic) return database
  try {
    return await links.within(database.name, async link => {
      const inside = await readInside(link, login?.oid, wanted, links.signal)
      return { ...database, inside, direct: takesDirect ? await readGrantsIn(link, login.oid, links.signal) : [] }
    })
  } catch (error) {
    return { ...database, closed: whyClosed(error) }
  }
}

/** Catalogue roles that the login is to be a member of here. One that it is in already may lack what came to be since. */
function wantedRoles(database: GrantDatabase, add: readonly Grant[]) {
  const roles = new Set(add.filter(grant => grant.database === database.name).map(({ role }) => role))
  return [...roles].map(role => ({ role, oid: database.roles.find(one => one.role === role)?.oid }))
}

export function isMember({ roles }: GrantDatabase, role: CatalogueRole): boolean {
  return roles.some(one => one.role === role && one.grantors.length > 0)
}
