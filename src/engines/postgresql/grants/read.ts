import type { CatalogueRole, GrantShown } from '../../../domain/users/grant.ts'
import { OWNED_HERE } from '../drop/facts.ts'
import { type ForeignGrant, readGrantsIn } from '../drop/foreign-grants.ts'
import type { Link } from '../link/link.ts'
import { type Links, whyClosed, withEach } from '../link/links.ts'
import { findRole, grantsOf, type UserRow } from '../users/read.ts'
import { type Missing, readMissing, withMissing } from './missing.ts'

interface Listed {
  readonly grants: readonly GrantShown[]
  readonly unreadable: readonly string[]
}

// Wherever the server notes that a right, or an object, of the role is; rights on a database itself are noted for no database.
const PLACES = `
select b.datname::text as name, b.datallowconn as open from pg_database b
where b.datname = any($2::name[]) or exists (
  select from pg_shdepend s where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::oid
    and (s.dbid = b.oid or (s.classid = 'pg_database'::regclass and s.objid = b.oid and s.deptype = 'a')))
order by b.datname`

/** What a login may do in each database, with what the reader should know of its reach. */
export async function listGrants(links: Links, name: string): Promise<Listed> {
  const { main, signal } = links
  const role = await findRole(main, name, signal)
  if (!role) return { grants: [], unreadable: [] }
  const known = grantsOf(role)
  const places = await main.ask<Place>(signal, PLACES, [role.oid, [...new Set(known.map(({ database }) => database))]])
  const seen = await withEach(places, place => look(links, place, role))
  const elsewhere = known.filter(({ database }) => !seen.some(one => one.database === database && one.found))
  return {
    grants: [
      ...seen.flatMap(({ database, found }) => (found ? shownIn(database, found, known, role) : [])),
      ...elsewhere,
    ],
    unreadable: seen.filter(({ found }) => !found).map(({ database }) => database),
  }
}

interface Place {
  readonly name: string
  readonly open: boolean
}

interface Found {
  readonly direct: readonly ForeignGrant[]
  readonly ownsObjects: boolean
  /** Owners of tables that no catalogue role of ours makes. */
  readonly owners: readonly string[]
  readonly missing: Missing
}

async function look(
  links: Links,
  { name, open }: Place,
  role: UserRow,
): Promise<{ readonly database: string; readonly found?: Found }> {
  if (!open) return { database: name }
  try {
    return { database: name, found: await links.within(name, link => readIn(link, role, links.signal)) }
  } catch (error) {
    whyClosed(error)
    return { database: name }
  }
}

const OWNERS = `
select coalesce(array_agg(distinct o.rolname::text) filter (where o.rolname is not null), '{}') as owners,
  exists (select ${OWNED_HERE('$1::oid')}) as "ownsObjects"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_roles o on o.oid = c.relowner and o.rolname !~ '^rolecall_.*_owner$'
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'f')`

async function readIn(link: Link, role: UserRow, signal: AbortSignal): Promise<Found> {
  const [row] = await link.ask<{ readonly owners: readonly string[]; readonly ownsObjects: boolean }>(signal, OWNERS, [
    role.oid,
  ])
  const missing = await readMissing(link, role, signal)
  return { ...row!, missing, direct: await readGrantsIn(link, role.oid, signal) }
}

function shownIn(
  database: string,
  found: Found,
  known: readonly GrantShown[],
  { name }: UserRow,
): readonly GrantShown[] {
  const here = known.filter(one => one.database === database)
  const ownRights = here.some(({ by }) => by === 'ownership') ? undefined : nearestRole(found)
  const notCovered = found.owners.filter(owner => owner !== name)
  const shown = here.map(grant => withReach(grant, notCovered, ownRights !== undefined))
  return [
    ...withMissing(shown, database, found.missing),
    ...(ownRights === undefined ? [] : [{ role: ownRights, database, by: 'direct' } as const]),
  ]
}

function withReach(grant: GrantShown, notCovered: readonly string[], hasOwnRights: boolean): GrantShown {
  if (grant.by !== 'catalogue') return grant
  const asleep = [...(grant.sleeping ?? []), ...(hasOwnRights ? ['rights granted to it directly'] : [])]
  const sleeping = grant.role === 'owner' && asleep.length > 0 ? { sleeping: asleep } : {}
  return { ...grant, ...(notCovered.length > 0 ? { notCovered } : {}), ...sleeping }
}

const CHANGES_ROWS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])

/**
 * The catalogue role that rights which somebody gave come nearest to. Who owns things there or may make some is an `owner`, who may
 * change rows `readwrite`; any other right, even CONNECT alone, is `read`.
 */
function nearestRole({ direct, ownsObjects }: Found): CatalogueRole | undefined {
  const rights = direct.flatMap(one => one.rights)
  if (ownsObjects || rights.includes('CREATE')) return 'owner'
  if (rights.some(right => CHANGES_ROWS.has(right))) return 'readwrite'
  return rights.length > 0 ? 'read' : undefined
}
