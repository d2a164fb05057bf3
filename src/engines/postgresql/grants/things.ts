import type { CatalogueRole } from '../../../domain/users/grant.ts'
import { realRole } from '../database-owner.ts'
import { RIGHTS } from './rights.ts'

/**
 * A catalogue role whose rights on what is in a database are looked at. In the queries $1 is its oid, or null; $2 are the owners that
 * the managing login could borrow.
 */
export interface Wanted {
  readonly role: CatalogueRole
  /** Undefined: it is yet to be made. */
  readonly oid?: string
}

const USER_SCHEMA = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

export const TABLES = `'r', 'p', 'v', 'm', 'f'`
export const SEQUENCES = `'S'`

const list = (rights: readonly string[]) => rights.map(right => `'${right}'`).join(', ')

const lacksFrom = (grantees: string) => (acl: string, rights: readonly string[]) =>
  `(
  select count(distinct a.privilege_type) from aclexplode(${acl}) a
  where a.grantee in (${grantees}) and a.privilege_type in (${list(rights)})) < ${rights.length}`

/** Has the role none, or not all, of these rights by name? What it has through PUBLIC may be closed tomorrow. */
const lacks = lacksFrom('$1::oid')

/** The same, where what PUBLIC has counts. */
const goesWithout = lacksFrom('0, $1::oid')

const mayGrant = (ask: string, oid: string, rights: readonly string[]) =>
  rights.map(right => `${ask}(${oid}, '${right} with grant option')`).join(' and ')

// Nobody expects grants on what an extension brought along.
const notOfExtension = (catalogue: string, oid: string) => `not exists (select from pg_depend d
  where d.classid = '${catalogue}'::regclass and d.objid = ${oid} and d.deptype = 'e')`

/**
 * Schemas. `mine`: the managing login may grant on it as it is; `usable`: it may name what is in it; `lacking`: the role has not all
 * rights by name, `without`: not even through PUBLIC; `plain`: it is part of no extension.
 */
export function schemas(role: CatalogueRole): string {
  const rights = RIGHTS[role].schemas
  return `select n.nspname::text as schema, quote_ident(n.nspname) as name, ${realRole('n.nspowner')} as owner,
    ${realRole('n.nspowner')} as "schemaOwner", ${mayGrant('has_schema_privilege', 'n.oid', rights)} as mine, true as usable,
    n.nspowner is distinct from $1::oid and ${lacks('n.nspacl', rights)} as lacking,
    n.nspowner is distinct from $1::oid and ${goesWithout('n.nspacl', rights)} as without,
    false as closed, true as opens, ${notOfExtension('pg_namespace', 'n.oid')} as plain
  from pg_namespace n where ${USER_SCHEMA}`
}

interface Thing {
  readonly name: string
  readonly owner: string
  readonly mine: string
  readonly lacking: string
  readonly without: string
  readonly plain: string
}

/** What is in a schema, in the same words. `closed`: the role may not look into that; `opens`: the managing login may let it. */
const inSchema = ({ name, owner, mine, lacking, without, plain }: Thing) => `
  select n.nspname::text as schema, ${name} as name, ${realRole(owner)} as owner, ${realRole('n.nspowner')} as "schemaOwner",
    ${mine} as mine, has_schema_privilege(n.oid, 'usage') or (${owner} = any($2::oid[]) and has_schema_privilege(${owner}, n.oid, 'usage')) as usable,
    ${owner} is distinct from $1::oid and ${lacking} as lacking, ${owner} is distinct from $1::oid and ${without} as without,
    n.nspowner is distinct from $1::oid and ${goesWithout('n.nspacl', ['USAGE'])} as closed,
    has_schema_privilege(n.oid, 'usage with grant option') as opens, ${plain} as plain`

export function relations(kinds: string, role: CatalogueRole): string {
  const ask = kinds === SEQUENCES ? 'has_sequence_privilege' : 'has_table_privilege'
  const rights = kinds === SEQUENCES ? RIGHTS[role].sequences : RIGHTS[role].tables
  const thing = {
    name: `format('%I.%I', n.nspname, c.relname)`,
    owner: 'c.relowner',
    mine: mayGrant(ask, 'c.oid', rights),
    lacking: lacks('c.relacl', rights),
    without: goesWithout('c.relacl', rights),
    plain: notOfExtension('pg_class', 'c.oid'),
  }
  return `${inSchema(thing)}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${USER_SCHEMA} and c.relkind in (${kinds})`
}

// A function is PUBLIC's to call unless somebody said otherwise: only then is a grant of its own worth writing.
export function routines(role: CatalogueRole): string {
  const rights = RIGHTS[role].routines
  const lacking = `p.proacl is not null and ${goesWithout('p.proacl', rights)}`
  const thing = {
    name: `format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))`,
    owner: 'p.proowner',
    mine: mayGrant('has_function_privilege', 'p.oid', rights),
    lacking,
    without: lacking,
    plain: notOfExtension('pg_proc', 'p.oid'),
  }
  return `${inSchema(thing)}
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${USER_SCHEMA}`
}

/** May the managing login grant on such a thing, as it is or with what it borrows? */
export const MAY = `((mine or owner = any($2::oid[])) and (usable or "schemaOwner" = any($2::oid[])))`

/** The database itself, in the same words. */
export function database(role: CatalogueRole): string {
  const rights = RIGHTS[role].database
  const without = `b.datdba is distinct from $1::oid and ${goesWithout(`coalesce(b.datacl, acldefault('d', b.datdba))`, rights)}`
  return `select null as schema, quote_ident(b.datname) as name, b.datdba as owner, b.datdba as "schemaOwner",
    ${mayGrant('has_database_privilege', 'b.oid', rights)} as mine, true as usable, false as lacking, ${without} as without,
    false as closed, true as opens, true as plain
  from pg_database b where b.datname = current_database()`
}

/** Everybody who owns something of all this. */
export const OWNERS_HERE = `select distinct pg_get_userbyid(owner)::text as name from (
  select ${realRole('n.nspowner')} as owner from pg_namespace n where ${USER_SCHEMA}
  union select datdba from pg_database where datname = current_database()
  union select c.relowner from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${USER_SCHEMA} and c.relkind in (${TABLES}, ${SEQUENCES})
  union select p.proowner from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${USER_SCHEMA}) t`

/** Who owns the schema `public`. */
export const PUBLIC_OWNER = `(select (${realRole('n.nspowner')})::text from pg_namespace n where n.nspname = 'public')`
