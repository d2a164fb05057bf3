import { realRole } from '../database-owner.ts'
import type { Reach } from '../facts/reach.ts'
import { readReach } from '../facts/reach.ts'
import type { Link } from '../link/link.ts'

/**
 * A right that somebody gave a role and that does not go when the role's rights are dropped: a grant goes only as its grantor, and
 * DROP OWNED acts as the owner of the object.
 */
export interface ForeignGrant {
  /** As REVOKE names the object: `table public.orders`. */
  readonly on: string
  readonly grantor: Reach
  readonly rights: readonly string[]
}

/** Where the server keeps rights: catalogue, owner, access list. */
const ACCESS_LISTS: readonly (readonly [table: string, owner: string, acl: string])[] = [
  ['pg_class', 'relowner', 'relacl'],
  ['pg_proc', 'proowner', 'proacl'],
  ['pg_namespace', 'nspowner', 'nspacl'],
  ['pg_database', 'datdba', 'datacl'],
  ['pg_type', 'typowner', 'typacl'],
  ['pg_language', 'lanowner', 'lanacl'],
  ['pg_foreign_data_wrapper', 'fdwowner', 'fdwacl'],
  ['pg_foreign_server', 'srvowner', 'srvacl'],
  ['pg_tablespace', 'spcowner', 'spcacl'],
  ['pg_largeobject_metadata', 'lomowner', 'lomacl'],
]

// Columns have access lists of their own; REVOKE on the table takes them along.
const COLUMNS = `
select h.classid, h.objid, c.relowner as owner, a.attacl as acl from held h
  join pg_attribute a on h.classid = 'pg_class'::regclass and a.attrelid = h.objid and a.attnum = h.objsubid and h.objsubid > 0
  join pg_class c on c.oid = h.objid`

const lists = ACCESS_LISTS.map(
  ([table, owner, acl]) =>
    `select h.classid, h.objid, o.${owner} as owner, o.${acl} as acl from held h
  join ${table} o on h.classid = '${noteOf(table)}'::regclass and o.oid = h.objid and h.objsubid = 0`,
)

// Large objects are noted under the catalogue of their pages.
function noteOf(table: string): string {
  return table === 'pg_largeobject_metadata' ? 'pg_largeobject' : table
}

const GRANTS = `
with held as (
  select s.classid, s.objid, s.objsubid from pg_shdepend s
  where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::oid and s.deptype = 'a'
    and (s.dbid = (select oid from pg_database where datname = current_database()) or (s.dbid = 0 and $2))
), lists as (${[...lists, COLUMNS].join('\nunion all ')})
select i.type, i.identity, pg_get_userbyid(${realRole('e.grantor')})::text as grantor, pg_get_userbyid(${realRole('l.owner')})::text as owner,
  pg_has_role(${realRole('l.owner')}, 'usage') as "ownerAtHand", array_agg(distinct e.privilege_type) as rights,
  bool_or(l.classid = 'pg_database'::regclass and l.objid = (select oid from pg_database where datname = current_database())) as "isThisDatabase"
from lists l, aclexplode(l.acl) e, pg_identify_object(l.classid, l.objid, 0) i
where e.grantee = $1::oid and e.grantor <> $1::oid group by 1, 2, 3, 4, 5 order by 1, 2, 3`

interface Row {
  readonly type: string
  readonly isThisDatabase: boolean
  readonly identity: string
  readonly grantor: string
  readonly rights: readonly string[]
  readonly owner: string
  readonly ownerAtHand: boolean
}

export async function readForeignGrants(
  link: Link,
  roleOid: string,
  withShared: boolean,
  signal: AbortSignal,
): Promise<readonly ForeignGrant[]> {
  const rows = await link.ask<Row>(signal, GRANTS, [roleOid, withShared])
  return withGrantors(
    link,
    rows.filter(({ grantor, owner, ownerAtHand }) => grantor !== owner || !ownerAtHand),
    signal,
  )
}

/** Every right that a role was given in the current database, and on it. */
export async function readGrantsIn(link: Link, roleOid: string, signal: AbortSignal): Promise<readonly ForeignGrant[]> {
  const rows = await link.ask<Row>(signal, GRANTS, [roleOid, true])
  const here = ({ type, isThisDatabase }: Row) => isThisDatabase || !SHARED.has(type)
  return withGrantors(link, rows.filter(here), signal)
}

const SHARED: ReadonlySet<string> = new Set(['database', 'tablespace', 'role', 'parameter ACL'])

async function withGrantors(link: Link, rows: readonly Row[], signal: AbortSignal): Promise<readonly ForeignGrant[]> {
  const grantors = await readReach(
    link,
    rows.map(({ grantor }) => grantor),
    signal,
  )
  return rows.flatMap(({ type, identity, ...row }) => {
    const grantor = grantors.find(({ name }) => name === row.grantor)
    return grantor ? [{ on: `${WORDS[type] ?? type} ${identity}`, grantor, rights: row.rights }] : []
  })
}

/** What REVOKE calls the kinds that `pg_identify_object` names otherwise. */
const WORDS: Readonly<Record<string, string>> = {
  view: 'table',
  'materialized view': 'table',
  'foreign table': 'table',
  procedure: 'routine',
  aggregate: 'routine',
  server: 'foreign server',
  'foreign-data wrapper': 'foreign data wrapper',
}
