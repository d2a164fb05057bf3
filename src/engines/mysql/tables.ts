import { Fault } from '../../domain/fault.ts'
import type { Rows } from '../../domain/servers/data-source.ts'
import type { Link } from './link/link.ts'
import { canBeThere, SYSTEM_DATABASES } from './names.ts'
import { quoteName, quoteText } from './sql.ts'

/** A cell may hold a gigabyte, and a preview is looked at by people. */
const CELL_CHARACTERS = 1_000

// A name alone is looked for in the database of the connection; `database.name` is both names in their own spelling. The server's own
// databases have no tables here: whoever looks is not whom the connection logs in as, and hashes of all passwords are in there.
const FIND = `
select t.TABLE_SCHEMA as db, t.TABLE_NAME as name from information_schema.tables t
where ((t.TABLE_SCHEMA = database() and t.TABLE_NAME = ?) or (t.TABLE_SCHEMA = ? and t.TABLE_NAME = ?))
  and lower(t.TABLE_SCHEMA) not in (${SYSTEM_DATABASES.map(quoteText).join(', ')})
order by t.TABLE_SCHEMA = database() and t.TABLE_NAME = ? desc limit 1`

const COLUMNS = `
select c.COLUMN_NAME as name from information_schema.columns c
where c.TABLE_SCHEMA = ? and c.TABLE_NAME = ? order by c.ORDINAL_POSITION`

/** Columns and first rows of a table or view, as texts; what is null is an empty one. */
export async function previewTable(link: Link, name: string, limit: number, signal: AbortSignal): Promise<Rows> {
  if (!canBeThere(name)) throw noTable(name)
  // A view may call functions: in here none of them can change anything.
  await link.ask(signal, 'start transaction read only')
  try {
    const dot = name.indexOf('.')
    const values = [name, name.slice(0, Math.max(0, dot)), name.slice(dot + 1), name]
    const [table] = await link.ask<{ readonly db: string; readonly name: string }>(signal, FIND, values)
    if (!table) throw noTable(name)
    const columns = await link.ask<{ readonly name: string }>(signal, COLUMNS, [table.db, table.name])
    const rows = await link.ask<Readonly<Record<string, string>>>(signal, rowsOf(table, columns, limit))
    return {
      columns: columns.map(column => ({ name: column.name })),
      rows: rows.map(row => columns.map((_, at) => row[`c${at}`] ?? '')),
    }
  } finally {
    await link.ask(AbortSignal.timeout(ROLLBACK_MS), 'rollback').catch(() => {})
  }
}

const ROLLBACK_MS = 2_000

function noTable(name: string): Fault {
  return new Fault('not_found', 'table', `No table or view ${name} in the database of this connection`)
}

function rowsOf(
  table: { readonly db: string; readonly name: string },
  columns: readonly { readonly name: string }[],
  limit: number,
): string {
  const cells = columns.map(
    ({ name }, at) => `left(coalesce(convert(t.${quoteName(name)} using utf8mb4), ''), ${CELL_CHARACTERS}) as c${at}`,
  )
  return `select ${cells.join(', ')} from ${quoteName(table.db)}.${quoteName(table.name)} t limit ${Math.trunc(limit)}`
}
