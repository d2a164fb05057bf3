import Sqlite from 'better-sqlite3'
import { CamelCasePlugin, type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseWords } from '../context.ts'
import { codeOf } from '../faults.ts'
import { unwritable } from '../folder.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
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
  /** Changes with every commit of any other link, of this process or another. */
  readonly version: () => number
}

export function openSqlite(folder: string, path: string): SqliteFiles {
  const writer = refusingNonsense(folder, () => {
    const file = new Sqlite(path, { timeout: BLOCKING_MS })
    prepareFile(file)
    return kyselyOver(file)
  })
  return { writer, openReader: () => readerOf(new Sqlite(path, { readonly: true, timeout: BUSY_MS })) }
}

function readerOf(file: Sqlite.Database): SqliteReader {
  const version = file.prepare('pragma data_version').pluck()
  return { db: kyselyOver(file), version: () => version.get() as number }
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
export function kyselyOver(file: Sqlite.Database): Kysely<Schema> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver(file),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
  return new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] })
}
