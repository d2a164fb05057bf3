import { type ColumnDefinitionBuilder, type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely'

/** How the two databases name the two kinds of column that we use. */
export interface ColumnWords {
  readonly text: RawBuilder<string>
  readonly number: RawBuilder<number>
  /** What ends a `create table`. */
  readonly tableEnd: RawBuilder<unknown>
}

/** `strict`: SQLite would otherwise take any text for a number. */
export const SQLITE_COLUMNS: ColumnWords = { text: sql`text`, number: sql`integer`, tableEnd: sql`strict` }

/** Collated by bytes, as SQLite does it: lists are paged by key, and both stores must agree on the order. */
export const POSTGRESQL_COLUMNS: ColumnWords = { text: sql`text collate "C"`, number: sql`bigint`, tableEnd: sql`` }

export interface Migration {
  readonly version: number
  /** The release that brought it: what a refusal of a newer store names. */
  readonly since: string
  up(make: TableMaker): Promise<void>
}

type Finish = (table: CreateTableBuilder<string, string>) => CreateTableBuilder<string, string>

/** Makes tables of the four kinds of column that we use; everything else is plain Kysely on `db`. */
export interface TableMaker {
  readonly db: Kysely<unknown>
  table(name: string, columns: Columns, finish?: Finish): Promise<void>
  /** Adds a column that older rows have nothing in. */
  column(table: string, name: string, kind: 'text?' | 'number?'): Promise<void>
  index(name: string, table: string, columns: readonly string[]): Promise<void>
  unique(name: string, table: string, columns: readonly string[]): Promise<void>
}

export type Columns = Readonly<Record<string, 'text' | 'text?' | 'number' | 'number?'>>

export function tableMaker(db: Kysely<unknown>, words: ColumnWords): TableMaker {
  return {
    db,
    table: (name, columns, finish = same => same) => createTable(db, words, name, columns, finish),
    column: (table, name, kind) => db.schema.alterTable(table).addColumn(name, typeOf(words, kind)).execute(),
    index: (name, table, columns) =>
      db.schema
        .createIndex(name)
        .on(table)
        .columns([...columns])
        .execute(),
    unique: (name, table, columns) =>
      db.schema
        .createIndex(name)
        .on(table)
        .unique()
        .columns([...columns])
        .execute(),
  }
}

async function createTable(db: Kysely<unknown>, words: ColumnWords, name: string, columns: Columns, finish: Finish) {
  const empty: CreateTableBuilder<string, string> = db.schema.createTable(name)
  const filled = Object.entries(columns).reduce(
    (table, [column, kind]) => table.addColumn(column, typeOf(words, kind), nullability(kind)),
    empty,
  )
  await finish(filled).modifyEnd(words.tableEnd).execute()
}

function typeOf(words: ColumnWords, kind: string) {
  return kind.startsWith('text') ? words.text : words.number
}

function nullability(kind: string) {
  return (column: ColumnDefinitionBuilder) => (kind.endsWith('?') ? column : column.notNull())
}
