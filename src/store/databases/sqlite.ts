import Sqlite from 'better-sqlite3'
import { CamelCasePlugin, type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseWords } from '../context.ts'
import { codeOf } from '../faults.ts'
import { unwritable } from '../folder.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { type Changed, changesOf, READS, type StatementWatch, type Written, watchWrites } from './sqlite-changes.ts'
import { BUSY_MS, ImmediateDriver } from './sqlite-driver.ts'

/** SQLite waits inside the event loop, so it may only wait this long; the rest is waited outside. */
const BLOCKING_MS = 50

export const SQLITE_WORDS: DatabaseWords = {
  positionOf: 'instr',
  rowLocks: false,
  now: async () => Date.now(),
  prepare: async () => {},
}

export interface SqliteFiles {
  readonly writer: Kysely<Schema>
  /** A link of its own, so that reads don't wait for a running transaction. Call once the tables are there. */
  openReader(): SqliteReader
}

export interface SqliteReader {
  readonly db: Kysely<Schema>
  /** What any other link, of this process or another, has committed since this was asked last. */
  readonly changes: () => Changed
}

export function openSqlite(folder: string, path: string): SqliteFiles {
  const file = refusingNonsense(folder, () => {
    const opened = new Sqlite(path, { timeout: BLOCKING_MS })
    prepareFile(opened)
    return opened
  })
  const written = watchWrites(file)
  return { writer: kyselyOver(file, written), openReader: () => readerBeside(file, written, path) }
}

function readerBeside(writer: Sqlite.Database, written: Written, path: string): SqliteReader {
  const file = new Sqlite(path, { readonly: true, timeout: BUSY_MS })
  return { db: kyselyOver(file, READS), changes: changesOf(file, writer, written) }
}

function prepareFile(file: Sqlite.Database): void {
  // Another process may be making the very same change right now: this once, wait inside.
  file.pragma(`busy_timeout = ${BUSY_MS}`)
  file.pragma('journal_mode = wal')
  file.pragma('synchronous = full')
  file.pragma('foreign_keys = on')
  file.pragma(`busy_timeout = ${BLOCKING_MS}`)
}

function refusingNonsense<T>(folder: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    throw sqliteProblem(folder, error)
  }
}

export function sqliteProblem(folder: string, cause: unknown): StoreProblem {
  if (!/^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(cause) ?? '')) return unwritable(folder, cause)
  return new StoreProblem('damaged', `${folder}/rolecall.db is not a readable database: restore a backup of it`, cause)
}

/** Queries over an open file, which closes with them. */
export function kyselyOver(file: Sqlite.Database, watch?: StatementWatch): Kysely<Schema> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver(file, watch),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
  return new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] })
}
