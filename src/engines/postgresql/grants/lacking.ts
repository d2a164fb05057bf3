import type { Link } from '../link/link.ts'
import { RIGHTS } from './rights.ts'
import { MAY, relations, routines, SEQUENCES, schemas, TABLES, type Wanted } from './things.ts'

/** What a catalogue role lacks, and the managing login may grant, itself or with what it borrows. */
export interface Lacking {
  readonly schemas: readonly string[]
  readonly tables: readonly Group[]
  readonly sequences: readonly Group[]
  readonly routines: readonly Group[]
  /** Owners (by oid) that it has to borrow for that. */
  readonly owners: readonly string[]
}

/** Things of one kind in one schema. `whole`: all of them lack it, and may be granted at once. */
export interface Group {
  readonly schema: string
  readonly whole: boolean
  readonly names: readonly string[]
}

const grouped = (things: string) => `
select schema, bool_and(may and lacking) as whole, array_agg(name order by name) filter (where may and lacking) as names,
  coalesce(array_agg(distinct owner::text) filter (where may and lacking and not mine), '{}') as owners,
  coalesce(array_agg(distinct "schemaOwner"::text) filter (where may and lacking and not usable), '{}') as "schemaOwners"
from (select *, ${MAY} as may from (${things}) t) t
group by schema having bool_or(may and lacking) order by schema`

interface Row extends Group {
  readonly owners: readonly string[]
  readonly schemaOwners: readonly string[]
}

export async function readLacking(
  link: Link,
  { role, oid }: Wanted,
  lenders: readonly string[],
  signal: AbortSignal,
): Promise<Lacking> {
  const ask = (things: string) => link.ask<Row>(signal, grouped(things), [oid ?? null, lenders])
  const spaces = await ask(schemas(role))
  const tables = await ask(relations(TABLES, role))
  const counters = await ask(relations(SEQUENCES, role))
  const functions = RIGHTS[role].routines.length > 0 ? await ask(routines(role)) : []
  const all = [...spaces, ...tables, ...counters, ...functions]
  return {
    schemas: spaces.map(({ schema }) => schema),
    tables,
    sequences: counters,
    routines: functions,
    owners: [...new Set(all.flatMap(({ owners, schemaOwners }) => [...owners, ...schemaOwners]))],
  }
}

export function lacksNothing({ schemas, tables, sequences, routines }: Lacking): boolean {
  return [schemas, tables, sequences, routines].every(({ length }) => length === 0)
}
