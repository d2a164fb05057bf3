import type { CatalogueRole } from '../../../domain/grant.ts'
import { OWNED_HERE } from '../drop/facts.ts'
import type { Link } from '../link/link.ts'
import { RIGHTS } from './rights.ts'

/** What only the database itself can say. */
export interface Inside {
  /** What each wanted catalogue role lacks so far; what it has is left as it is, since every grant writes its object's row anew. */
  readonly lacking: ReadonlyMap<CatalogueRole, Lacking>
  /** Does PUBLIC have rights in the schema `public`, and may the managing login take them away. */
  readonly publicSchema: { readonly open: boolean; readonly mine: boolean }
  /** Does the login own objects here. */
  readonly ownsObjects: boolean
  /** Does it own tablespaces or subscriptions, which would go along with those. */
  readonly ownsShared: boolean
}

export interface Lacking {
  readonly schemas: readonly string[]
  readonly tables: readonly Group[]
  readonly sequences: readonly Group[]
  readonly routines: readonly Group[]
  /** Things on which the managing login may grant nothing. */
  readonly beyond: number
}

/** Things of one kind in one schema. `whole`: all of them lack it, and may be granted at once. */
export interface Group {
  readonly schema: string
  readonly whole: boolean
  readonly names: readonly string[]
}

const USER_SCHEMA = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** Does the role $1 have none, or not all, of these rights by name? What it has through PUBLIC may be closed tomorrow. */
const lacks = (acl: string, rights: readonly string[]) => `(
  select count(distinct a.privilege_type) from aclexplode(${acl}) a
  where a.grantee = $1::oid and a.privilege_type in (${list(rights)})) < ${rights.length}`

const list = (rights: readonly string[]) => rights.map(right => `'${right}'`).join(', ')

const mayGrant = (ask: string, oid: string, rights: readonly string[]) =>
  rights.map(right => `${ask}(${oid}, '${right} with grant option')`).join(' and ')

const schemas = (rights: readonly string[]) => `
select n.nspname::text as name, ${mayGrant('has_schema_privilege', 'n.oid', rights)} as may
from pg_namespace n where ${USER_SCHEMA} and n.nspowner is distinct from $1::oid and ${lacks('n.nspacl', rights)}
order by n.nspname`

const groups = (things: string) => `
select schema, bool_and(may and lacking) as whole, count(*) filter (where lacking and not may)::int as beyond,
  coalesce(array_agg(name order by name) filter (where may and lacking), '{}') as names
from (${things}) t group by schema having bool_or(lacking) order by schema`

const relations = (kinds: string, rights: readonly string[]) =>
  groups(`select n.nspname::text as schema, format('%I.%I', n.nspname, c.relname) as name,
    ${mayGrant('has_table_privilege', 'c.oid', rights)} as may,
    c.relowner is distinct from $1::oid and ${lacks('c.relacl', rights)} as lacking
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${USER_SCHEMA} and c.relkind in (${kinds})`)

const sequences = (rights: readonly string[]) =>
  relations(`'S'`, rights).replaceAll('has_table_privilege', 'has_sequence_privilege')

// A function is PUBLIC's to call unless somebody said otherwise: only then is a grant of its own worth writing.
const routines = (rights: readonly string[]) =>
  groups(`select n.nspname::text as schema,
    format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name,
    ${mayGrant('has_function_privilege', 'p.oid', rights)} as may,
    p.proowner is distinct from $1::oid and p.proacl is not null
      and not exists (select from aclexplode(p.proacl) a where a.grantee = 0) and ${lacks('p.proacl', rights)} as lacking
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${USER_SCHEMA}`)

const ABOUT = `
select coalesce((select bool_or(true) from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'public' and a.grantee = 0), false) as open,
  coalesce((select has_schema_privilege(n.oid, 'usage with grant option') from pg_namespace n where n.nspname = 'public'), false) as mine,
  exists (select ${OWNED_HERE('$1::oid')}) as "ownsObjects",
  exists (select from pg_shdepend s where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::oid and s.deptype = 'o'
    and s.classid in ('pg_tablespace'::regclass, 'pg_subscription'::regclass)) as "ownsShared"`

interface Wanted {
  readonly role: CatalogueRole
  /** Undefined: it is yet to be made. */
  readonly oid?: string
}

export async function readInside(
  link: Link,
  login: string | undefined,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<Inside> {
  const [about] = await link.ask<AboutRow>(signal, ABOUT, [login ?? '0'])
  const { open, mine, ...owns } = about!
  const lacking = new Map<CatalogueRole, Lacking>()
  for (const one of wanted) lacking.set(one.role, await readLacking(link, one, signal))
  return { lacking, publicSchema: { open, mine }, ...owns }
}

type AboutRow = Inside['publicSchema'] & Pick<Inside, 'ownsObjects' | 'ownsShared'>

type GroupRow = Group & { readonly beyond: number }

async function readLacking(link: Link, { role, oid }: Wanted, signal: AbortSignal): Promise<Lacking> {
  const rights = RIGHTS[role]
  const ask = <T>(text: string) => link.ask<T>(signal, text, [oid ?? null])
  const spaces = await ask<{ readonly name: string; readonly may: boolean }>(schemas(rights.schemas))
  const tables = await ask<GroupRow>(relations(`'r', 'p', 'v', 'm', 'f'`, rights.tables))
  const counters = await ask<GroupRow>(sequences(rights.sequences))
  const functions = rights.routines.length > 0 ? await ask<GroupRow>(routines(rights.routines)) : []
  const beyond = [...tables, ...counters, ...functions].reduce((sum, group) => sum + group.beyond, 0)
  return {
    schemas: spaces.filter(({ may }) => may).map(({ name }) => name),
    tables,
    sequences: counters,
    routines: functions,
    beyond: beyond + spaces.filter(({ may }) => !may).length,
  }
}
