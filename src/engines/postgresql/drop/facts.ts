import type { Link } from '../link/link.ts'
import { type Links, whyClosed, withEach } from '../link/links.ts'
import { type ForeignGrant, readForeignGrants } from './foreign-grants.ts'

/** Everything on a server that hangs on a role. */
export interface Holdings {
  /** Databases in which something does. */
  readonly databases: readonly HeldDatabase[]
  /** Databases in which something does, but which can't be looked into. */
  readonly closed: readonly { readonly database: string; readonly why: string }[]
  /** What it owns that belongs to no database: databases themselves, tablespaces, subscriptions. */
  readonly sharedOwned: Counts
  /** Rights on things that belong to no database, and memberships that it granted. */
  readonly sharedRights: boolean
  /** Roles that are members of it, and lose with it what they have through it. */
  readonly members: readonly string[]
}

export interface HeldDatabase {
  readonly name: string
  readonly owned: Counts
  readonly grants: readonly ForeignGrant[]
}

export type Counts = Readonly<Record<string, number>>

// The server notes for every role what depends on it, in all databases: the note says where to look.
const WHERE = `
select s.dbid::text as "databaseOid", b.datname::text as database, b.datallowconn as open, s.deptype::text as kind,
  s.classid::regclass::text as class, count(*)::int as count
from pg_shdepend s left join pg_database b on b.oid = s.dbid
where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::oid
group by s.dbid, b.datname, b.datallowconn, s.deptype, s.classid`

interface Where {
  readonly databaseOid: string
  readonly database: string | null
  readonly open: boolean | null
  readonly kind: string
  readonly class: string
  readonly count: number
}

const MEMBERS = `
select distinct r.rolname::text as member from pg_auth_members m join pg_roles r on r.oid = m.member
where m.roleid = $1::oid and r.rolname <> current_user order by 1`

export async function readHoldings(links: Links, roleOid: string): Promise<Holdings> {
  const { main, signal } = links
  const where = await main.ask<Where>(signal, WHERE, [roleOid])
  const shared = where.filter(({ databaseOid }) => databaseOid === '0')
  const looked = await withEach(databasesIn(where, main.state.database, shared), one => look(links, one, roleOid))
  const members = await main.ask<{ readonly member: string }>(signal, MEMBERS, [roleOid])
  return {
    databases: looked.flatMap(one => ('owned' in one ? [one] : [])),
    closed: looked.flatMap(one => ('why' in one ? [one] : [])),
    sharedOwned: sharedCounts(shared.filter(({ kind }) => kind === 'o')),
    sharedRights: shared.some(({ kind }) => kind !== 'o'),
    members: members.map(({ member }) => member),
  }
}

interface Place {
  readonly name: string
  readonly open: boolean
}

// What belongs to no database is looked at, and later cleaned, from the one that we are connected to.
function databasesIn(where: readonly Where[], main: string, shared: readonly Where[]): readonly Place[] {
  const places = new Map<string, Place>()
  if (shared.length > 0) places.set(main, { name: main, open: true })
  for (const { database: name, open } of where) if (name !== null) places.set(name, { name, open: open === true })
  return [...places.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function look(
  links: Links,
  { name, open }: Place,
  roleOid: string,
): Promise<HeldDatabase | { readonly database: string; readonly why: string }> {
  if (!open) return { database: name, why: 'it takes no connections' }
  try {
    return await links.within(name, async link => {
      const owned = await readOwned(link, roleOid, links.signal)
      return { name, owned, grants: await readForeignGrants(link, roleOid, link === links.main, links.signal) }
    })
  } catch (error) {
    return { database: name, why: whyClosed(error) }
  }
}

/** Catalogues of things that go with a role as a matter of course: nobody would want them reassigned. */
const OF_THE_ROLE_ITSELF = `'pg_default_acl'::regclass, 'pg_user_mapping'::regclass`

/** Objects of the current database that a role owns. */
export const OWNED_HERE = (roleOid: string) => `
  from pg_shdepend s where s.refclassid = 'pg_authid'::regclass and s.refobjid = ${roleOid} and s.deptype = 'o'
    and s.dbid = (select oid from pg_database where datname = current_database())
    and s.classid not in (${OF_THE_ROLE_ITSELF})`

const OWNED = `
select coalesce(i.type, 'object') as type, count(*)::int as count
from (select s.classid, s.objid ${OWNED_HERE('$1::oid')}) o, lateral pg_identify_object(o.classid, o.objid, 0) i
group by 1 order by 1`

async function readOwned(link: Link, roleOid: string, signal: AbortSignal): Promise<Counts> {
  const rows = await link.ask<{ readonly type: string; readonly count: number }>(signal, OWNED, [roleOid])
  return Object.fromEntries(rows.map(({ type, count }) => [plural(type), count]))
}

const SHARED_KINDS: Readonly<Record<string, string>> = {
  pg_database: 'databases',
  pg_tablespace: 'tablespaces',
  pg_subscription: 'subscriptions',
}

function sharedCounts(owned: readonly Where[]): Counts {
  return Object.fromEntries(owned.map(one => [SHARED_KINDS[one.class] ?? 'shared objects', one.count]))
}

function plural(type: string): string {
  if (type.endsWith('y')) return `${type.slice(0, -1)}ies`
  return /(ss|x)$/.test(type) ? `${type}es` : `${type}s`
}
