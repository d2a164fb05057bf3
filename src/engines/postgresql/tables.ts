import { Fault } from '../../domain/fault.ts'
import type { Rows } from '../../domain/servers/data-source.ts'
import type { Link } from './link/link.ts'
import { canBeThere } from './names.ts'
import { quoteName } from './sql.ts'

/** A cell may hold a gigabyte, and a preview is looked at by people. */
const CELL_CHARACTERS = 1_000

// A name alone is looked for as a statement would; `schema.name` is both names in their own spelling. The server's own catalogues are no
// tables here: whoever looks is not whom the connection logs in as, and hashes of all passwords are in there.
const FIND = `
select c.oid::text as oid, n.nspname::text as schema, c.relname::text as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not pg_catalog.starts_with(n.nspname::text, 'pg_') and n.nspname::text <> 'information_schema'
  and ((c.relname::text = $1 and pg_table_is_visible(c.oid)) or n.nspname::text || '.' || c.relname::text = $1)
order by c.relname::text = $1 desc limit 1`

const COLUMNS = `
select a.attname::text as name from pg_attribute a
where a.attrelid = $1::text::oid and a.attnum > 0 and not a.attisdropped order by a.attnum`

// Our sessions look in no schema but the system's; names are looked for where the login itself would, until the transaction ends.
const OWN_PATH = `
select pg_catalog.set_config('search_path', reset_val, true) from pg_catalog.pg_settings where name = 'search_path'`

interface Column {
  readonly name: string
}

interface Table {
  readonly oid: string
  readonly schema: string
  readonly name: string
}

/** Columns and first rows of a table or view, as texts; what is null is an empty one. */
export async function previewTable(link: Link, name: string, limit: number, signal: AbortSignal): Promise<Rows> {
  if (!canBeThere(name)) throw noTable(name)
  // A view may call functions: in here none of them can change anything.
  await link.ask(signal, 'begin transaction read only')
  try {
    await link.ask(signal, OWN_PATH)
    const [table] = await link.ask<Table>(signal, FIND, [name])
    if (!table) throw noTable(name)
    const columns = await link.ask<Column>(signal, COLUMNS, [table.oid])
    const rows = await link.ask<{ readonly cells: readonly string[] }>(signal, rowsOf(table, columns), [limit])
    return { columns, rows: rows.map(({ cells }) => cells) }
  } finally {
    await link.ask(AbortSignal.timeout(ROLLBACK_MS), 'rollback').catch(() => {})
  }
}

const ROLLBACK_MS = 2_000

function noTable(name: string): Fault {
  return new Fault('not_found', 'table', `No table or view ${name} in the database of this connection`)
}

function rowsOf({ schema, name }: Table, columns: readonly Column[]): string {
  const cells = columns.map(
    column => `pg_catalog.left(coalesce(t.${quoteName(column.name)}::text, ''), ${CELL_CHARACTERS})`,
  )
  return `select array[${cells.join(', ')}]::text[] as cells from ${quoteName(schema)}.${quoteName(name)} t limit $1`
}
