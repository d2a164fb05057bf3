import type { Link } from '../link/link.ts'
import { RIGHTS } from './rights.ts'
import { database, MAY, relations, routines, SEQUENCES, schemas, TABLES, type Wanted } from './things.ts'

/** What a catalogue role has not all its rights on, not even through PUBLIC. */
export interface Unreached {
  /** To whom it belongs. */
  readonly owners: readonly string[]
  readonly things: number
  /** There are tables, and it reaches none. */
  readonly noTable: boolean
}

// $3: without what the managing login may yet grant.
const unreached = ({ role }: Wanted) => `
select coalesce(array_agg(distinct pg_get_userbyid(owner)::text) filter (where beyond), '{}') as owners,
  (count(*) filter (where beyond))::int as things, coalesce(bool_and(beyond) filter (where kind = 'table'), false) as "noTable"
from (select kind, owner, (without and not ($3 and ${MAY}))
    or (closed and not ($3 and (opens or "schemaOwner" = any($2::oid[])))) as beyond
  from (${thingsFor(role).join('\nunion all ')}) t where plain) t`

function thingsFor(role: Wanted['role']): readonly string[] {
  const kinds = {
    database: database(role),
    schema: schemas(role),
    table: relations(TABLES, role),
    sequence: relations(SEQUENCES, role),
    ...(RIGHTS[role].routines.length > 0 ? { routine: routines(role) } : {}),
  }
  return Object.entries(kinds).map(([kind, things]) => `select '${kind}' as kind, t.* from (${things}) t`)
}

/** What the role does not reach as it is. */
export function readUnreached(link: Link, wanted: Wanted, signal: AbortSignal): Promise<Unreached> {
  return read(link, wanted, [], false, signal)
}

/** What it will not reach, once it was granted what the managing login may grant. */
export function readUnreachable(
  link: Link,
  wanted: Wanted,
  lenders: readonly string[],
  signal: AbortSignal,
): Promise<Unreached> {
  return read(link, wanted, lenders, true, signal)
}

async function read(
  link: Link,
  wanted: Wanted,
  lenders: readonly string[],
  planned: boolean,
  signal: AbortSignal,
): Promise<Unreached> {
  const [row] = await link.ask<Unreached>(signal, unreached(wanted), [wanted.oid ?? null, lenders, planned])
  return row!
}
