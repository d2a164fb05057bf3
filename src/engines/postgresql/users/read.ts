import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import type { CatalogueRole, GrantShown } from '../../../domain/users/grant.ts'
import { type DatabaseUser, SERVER_ADMIN } from '../../../domain/users/user.ts'
import type { KnownLogins } from '../../engine.ts'
import { HIDDEN_DATABASES } from '../databases/read.ts'
import type { Link } from '../link/link.ts'
import type { ServerState } from '../link/server.ts'
import { MARKED, markIn } from '../marks.ts'
import { CATALOGUE_PATTERN, canBeThere, catalogueRoleIn, isCatalogueRole } from '../names.ts'
import { powerOf } from './power.ts'

/** Accounts that a cloud provider keeps on its servers. */
const PROVIDERS =
  'rdsadmin$|rds_|rdsrepladmin$|rdstopmgr$|rdsproxyadmin$|rdswriteforwarduser$|cloudsql|alloydb|azure_|azuresu$'

/** System accounts, by PostgreSQL's own rule (`pg_`) and those of the known providers. */
const HIDDEN = `^(pg_|${PROVIDERS})`

// One look into an index for each role: as a plain join, it would be planned as a walk through all comments.
const COMMENT = `left join lateral (
    select d.description from pg_shdescription d where d.objoid = r.oid and d.classoid = 'pg_authid'::regclass offset 0) d on true`

// `rolname` is compared as a name: its index sorts by bytes, and a text in the database's own order couldn't use it.
const PAGE = `
  select r.*, d.description as comment
  from pg_roles r ${COMMENT}
  where (r.rolcanlogin or (($4 or d.description ~ '${MARKED}') and r.rolname !~ '${CATALOGUE_PATTERN}')) and r.rolname !~ '${HIDDEN}' and r.rolname > $1::name
    and ($3::text is null or position(lower($3) in lower(r.rolname::text)) > 0)
  order by r.rolname limit $2`

const ONE = `
  select r.*, d.description as comment
  from pg_roles r ${COMMENT}
  where r.rolname = $1::text::name and r.rolname::text = $1::text` // as a name for the index; as a text because a name is cut without a word

// As a value, not as `exists`: that may be planned as a look at every role's password first, for a page of twenty.
const NO_PASSWORD = '(select a.rolpassword is null from pg_authid a where a.oid = u.oid)'

// The server's times reach further than ours, and begin with one before all others, which is what a password that ended at once has.
const PASSWORD_UNTIL = `case when u.rolvaliduntil < 'infinity'
    then extract(epoch from least(greatest(u.rolvaliduntil, '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999+00'))::float8 * 1000 end`

/** One row for each login of `which`, with everything that the cluster-wide catalogue says of it. */
const rows = (which: string, state: ServerState) => `
select u.oid::text as oid, u.rolname::text as name, u.rolcanlogin as "canLogIn", u.rolsuper as superuser,
  u.rolreplication as replication, u.rolcreaterole as "createRole", u.rolcreatedb as "createDb", u.rolbypassrls as "bypassRls",
  u.rolinherit as inherit, u.rolconnlimit as "connectionLimit", u.comment, u.rolname ~ '${HIDDEN}' as hidden,
  ${PASSWORD_UNTIL} as "passwordUntil",
  ${state.me.superuser ? NO_PASSWORD : 'false'} as "noPassword",
  (select coalesce(json_agg(distinct jsonb_build_object('role', g.rolname, 'roleOid', g.oid::text, 'database', b.datname, 'grantor', pg_get_userbyid(m.grantor))), '[]')
   from pg_auth_members m join pg_roles g on g.oid = m.roleid
   left join pg_database b on b.oid = ('x' || substring(g.rolname from '${CATALOGUE_PATTERN}'))::bit(32)::int8::oid
   where m.member = u.oid ${membershipsThatCount(state)}) as memberships,
  (select coalesce(json_agg(b.datname), '[]') from pg_database b where b.datdba = u.oid and b.datname !~ '${HIDDEN_DATABASES}') as owned,
  ${powerOf('u.oid', state)} as power
from (${which}) u order by u.rolname`

// From 16 on who makes a role is made its member, so that it may administer it: that says nothing of what it may do.
function membershipsThatCount(state: ServerState): string {
  return state.version >= 160000 ? 'and (m.inherit_option or m.set_option)' : ''
}

/** From 16 on each grantor's grant of a membership is one of its own. */
interface Membership {
  readonly role: string
  readonly roleOid: string
  readonly database: string | null
  readonly grantor: string
}

export interface UserRow {
  readonly oid: string
  readonly name: string
  readonly canLogIn: boolean
  readonly superuser: boolean
  readonly replication: boolean
  readonly createRole: boolean
  readonly createDb: boolean
  readonly bypassRls: boolean
  readonly inherit: boolean
  readonly connectionLimit: number
  readonly comment: string | null
  readonly hidden: boolean
  /** Within the years 1 to 9999; null: never, which is also what `infinity` says. */
  readonly passwordUntil: number | null
  readonly noPassword: boolean
  readonly memberships: readonly Membership[]
  readonly owned: readonly string[]
  /** The role by which it has power over the whole server. */
  readonly power: string | null
}

/** The statement that a page of logins is read by: after `$1`, at most `$2`, whose name has `$3` in it; `$4`: groups, too. */
export const pageQuery = (state: ServerState): string => rows(PAGE, state)

/**
 * A page of logins in the order of their names' bytes, cut inside the server: one round trip. Groups come along where some of them may be
 * remembered as logins, which others shut out; as many more are read as were none.
 */
export async function listUsers(
  link: Link,
  page: KeyPage,
  signal: AbortSignal,
  known?: KnownLogins,
): Promise<Page<DatabaseUser>> {
  const found: UserRow[] = []
  for (let after = page.after ?? ''; ; ) {
    const values = [after, page.limit + 1, page.q ?? null, known !== undefined]
    const rows = await link.ask<UserRow>(signal, pageQuery(link.state), values)
    found.push(...(await loginsAmong(rows, known)))
    if (rows.length <= page.limit || found.length > page.limit) break
    after = rows.at(-1)!.name
  }
  return cutPage(found.slice(0, page.limit + 1).map(userFrom), page.limit, ({ name }) => name)
}

async function loginsAmong(rows: readonly UserRow[], known?: KnownLogins): Promise<readonly UserRow[]> {
  const doubtful = rows.filter(row => !isUser(row))
  if (!known || doubtful.length === 0) return rows
  const remembered = await known(doubtful.map(({ name }) => name))
  return rows.filter(row => isUser(row, remembered.get(row.name)))
}

/** The role of this name, login or not. */
export async function findRole(link: Link, name: string, signal: AbortSignal): Promise<UserRow | undefined> {
  if (!canBeThere(name)) return undefined
  return (await link.ask<UserRow>(signal, rows(ONE, link.state), [name]))[0]
}

/** What the role of this oid is called now. */
export async function nameOf(
  link: Link,
  oid: string,
  signal: AbortSignal,
): Promise<{ readonly name: string } | undefined> {
  const query = 'select rolname::text as name from pg_roles where oid = $1::oid'
  return (await link.ask<{ readonly name: string }>(signal, query, [oid]))[0]
}

/**
 * A role that we call a user: it may log in, and isn't the system's own. One that may not, whoever saw to that, is a login and no group
 * if it has our mark, as logins alone do beside catalogue roles, or if it is the one that is remembered as a login.
 */
export function isUser({ hidden, canLogIn, comment, name, oid }: UserRow, incarnation?: string): boolean {
  if (hidden || canLogIn) return !hidden
  return oid === incarnation || (markIn(comment ?? undefined) !== undefined && !isCatalogueRole(name))
}

export function userFrom(row: UserRow): DatabaseUser {
  const mark = markIn(row.comment ?? undefined)
  return {
    name: row.name,
    incarnation: row.oid,
    locked: !row.canLogIn,
    passwordUntil: row.passwordUntil ?? undefined,
    settings: { replication: row.replication, connectionLimit: row.connectionLimit },
    engineRoles: engineRolesOf(row),
    grants: grantsOf(row),
    flags: flagsOf(row),
    mark: mark && { installation: mark.installation, operation: mark.operation },
  }
}

export function engineRolesOf({ memberships }: UserRow): readonly string[] {
  return [...new Set(memberships.map(({ role }) => role))].filter(role => !catalogueRoleIn(role))
}

export interface CatalogueMembership {
  /** Of the catalogue role itself. */
  readonly oid: string
  readonly role: CatalogueRole
  /** Absent: the database is gone, and its catalogue role with it in all but name. */
  readonly database?: string
}

export function catalogueMemberships({ memberships }: UserRow): readonly CatalogueMembership[] {
  const distinct = [...new Map(memberships.map(one => [one.role, one])).values()]
  return distinct.flatMap(({ role: name, roleOid: oid, database }) => {
    const found = catalogueRoleIn(name)
    return found ? [{ oid, role: found.role, database: database ?? undefined }] : []
  })
}

/** What the cluster-wide catalogue says of a login's grants: memberships in catalogue roles, and databases it owns. */
export function grantsOf(row: UserRow): readonly GrantShown[] {
  const sleeping = engineRolesOf(row)
  const members = catalogueMemberships(row).flatMap(({ role, database }): readonly GrantShown[] => {
    if (database === undefined) return []
    const asOwner = role === 'owner' && sleeping.length > 0 ? { sleeping } : {}
    return [{ role, database, by: 'catalogue', ...asOwner }]
  })
  return [...members, ...row.owned.map((database): GrantShown => ({ role: 'owner', database, by: 'ownership' }))]
}

function flagsOf(row: UserRow): readonly string[] {
  const flags: readonly (readonly [boolean, string])[] = [
    [row.superuser, 'superuser'],
    [row.replication, 'replication'],
    [row.createRole, 'createrole'],
    [row.createDb, 'createdb'],
    [row.bypassRls, 'bypassrls'],
    [row.noPassword, 'no-password'],
    [row.power !== null, SERVER_ADMIN],
  ]
  return flags.filter(([is]) => is).map(([, flag]) => flag)
}
