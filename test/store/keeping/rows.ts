import Sqlite from 'better-sqlite3'
import pg from 'pg'

/** Every row of every table as a text, in the order of these texts: what two stores are compared by. */
export type Rows = Readonly<Record<string, readonly string[]>>

// biome-ignore lint/suspicious/noExplicitAny: rows of all tables.
type Row = Record<string, any>

export function rowsInFile(path: string): Rows {
  const file = new Sqlite(path, { readonly: true })
  try {
    const names = file.prepare<[], string>("select name from sqlite_schema where type = 'table'").pluck().all()
    return collected(names.map(name => [name, file.prepare<[], Row>(`select * from ${name}`).all()]))
  } finally {
    file.close()
  }
}

export async function rowsInPostgresql(url: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query("select tablename from pg_tables where schemaname = 'rolecall'")
    const all: [string, Row[]][] = []
    for (const { tablename } of rows)
      all.push([tablename, (await client.query(`select * from rolecall.${tablename}`)).rows])
    return collected(all)
  } finally {
    await client.end()
  }
}

function collected(tables: readonly (readonly [string, readonly Row[]])[]): Rows {
  const shown = tables.map(([name, rows]) => [name, rows.map(textOf).sort()] as const)
  return Object.fromEntries(shown.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Numbers as texts: that is how pg brings a bigint. */
const textOf = (row: Row): string =>
  JSON.stringify(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]))
