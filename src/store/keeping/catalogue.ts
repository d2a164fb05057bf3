import { type Kysely, sql } from 'kysely'
import { SCHEMA } from '../schema-name.ts'

/** A foreign key: rows of `to` have to be there first. */
export interface Reference {
  readonly from: string
  readonly to: string
}

/** How each database is asked for the tables that are really there, so that no list of ours can miss one. */
export interface Catalogue {
  readonly tables: string
  readonly references: string
  /** A table's full name, for statements. */
  readonly quoted: (table: string) => string
}

export const SQLITE_CATALOGUE: Catalogue = {
  tables: "select name from sqlite_schema where type = 'table' and name not like 'sqlite@_%' escape '@' order by name",
  references: `select distinct t.name as "from", f."table" as "to" from sqlite_schema t, pragma_foreign_key_list(t.name) f
    where t.type = 'table'`,
  quoted: table => `"${table}"`,
}

export const POSTGRESQL_CATALOGUE: Catalogue = {
  tables: `select tablename::text as name from pg_catalog.pg_tables where schemaname = '${SCHEMA}' order by name`,
  references: `select distinct t.relname::text as "from", f.relname::text as "to"
    from pg_catalog.pg_constraint c
    join pg_catalog.pg_class t on t.oid = c.conrelid
    join pg_catalog.pg_class f on f.oid = c.confrelid
    join pg_catalog.pg_namespace n on n.oid = c.connamespace
    where c.contype = 'f' and n.nspname = '${SCHEMA}'`,
  quoted: table => `${SCHEMA}."${table}"`,
}

// biome-ignore lint/suspicious/noExplicitAny: whatever tables there are.
type AnyDatabase = Kysely<any>

export async function tablesIn(db: AnyDatabase, { tables }: Catalogue): Promise<readonly string[]> {
  return (await sql.raw<{ name: string }>(tables).execute(db)).rows.map(({ name }) => name)
}

export async function referencesIn(db: AnyDatabase, { references }: Catalogue): Promise<readonly Reference[]> {
  return (await sql.raw<Reference>(references).execute(db)).rows
}

/** Every table after those that it refers to. */
export function inOrder(tables: readonly string[], references: readonly Reference[]): readonly string[] {
  const left = new Set(tables)
  const ordered: string[] = []
  while (left.size > 0) {
    const waits = (table: string) => references.some(({ from, to }) => from === table && left.has(to))
    const ready = [...left].filter(table => !waits(table))
    if (ready.length === 0) throw new Error(`Tables refer to one another in a circle: ${[...left].join(', ')}`)
    for (const table of ready) left.delete(table)
    ordered.push(...ready)
  }
  return ordered
}
