import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import {
  CamelCasePlugin,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Fault } from '../domain/fault.ts'
import type { DatabaseWords } from './context.ts'
import { away, codeOf, dangling, FaultingConnection, ourMistake, taken } from './faults.ts'
import { unwritable } from './folder.ts'
import { StoreProblem } from './problem.ts'
import type { Schema } from './schema.ts'

/** How long a transaction waits for another process (the command line) to finish its own. */
const BUSY_MS = 5_000
/** SQLite waits inside the event loop, so it may only wait this long; the rest is waited outside. */
const BLOCKING_MS = 50
/** Statements are compiled once; lists of values of every length could make too many. */
const KEPT_STATEMENTS = 400

export const SQLITE_WORDS: DatabaseWords = {
  positionOf: 'instr',
  rowLocks: false,
  now: async () => Date.now(),
  prepare: async () => {},
}

export interface SqliteFiles {
  readonly writer: Kysely<Schema>
  /** A link of its own, so that reads don't wait for a running transaction. Call once the tables are there. */
  openReader(): Kysely<Schema>
}

export function openSqlite(folder: string, path: string): SqliteFiles {
  const writer = refusingNonsense(folder, () => {
    const file = new Sqlite(path, { timeout: BLOCKING_MS })
    prepareFile(file)
    return kyselyOver(file)
  })
  return { writer, openReader: () => kyselyOver(new Sqlite(path, { readonly: true, timeout: BUSY_MS })) }
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

function kyselyOver(file: Sqlite.Database): Kysely<Schema> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver(file),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
  return new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] })
}

/** Begins `immediate`: a transaction that first reads and then writes would fail when another process wrote in between. */
class ImmediateDriver extends SqliteDriver {
  readonly #file: Sqlite.Database

  constructor(file: Sqlite.Database) {
    super({ database: keepingStatements(file) })
    this.#file = file
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new FaultingConnection(await super.acquireConnection(), toFault)
  }

  override async beginTransaction(): Promise<void> {
    const giveUp = Date.now() + BUSY_MS
    while (!this.#began()) {
      if (Date.now() > giveUp) throw away('The store is busy with another process', undefined)
      await sleep(10)
    }
  }

  #began(): boolean {
    try {
      this.#file.exec('begin immediate')
      return true
    } catch (error) {
      if (codeOf(error)?.startsWith('SQLITE_BUSY')) return false
      throw toFault(error)
    }
  }

  /** SQLite itself rolls back when the disk is full; what went wrong first is what the caller must hear. */
  override async rollbackTransaction(): Promise<void> {
    if (this.#file.inTransaction) this.#file.exec('rollback')
  }
}

function keepingStatements(file: Sqlite.Database): SqliteDatabase {
  const kept = new Map<string, Sqlite.Statement<unknown[]>>()
  return {
    close: () => file.close(),
    prepare(text) {
      const statement = kept.get(text) ?? file.prepare<unknown[]>(text)
      if (!kept.has(text) && kept.size >= KEPT_STATEMENTS) kept.delete(kept.keys().next().value!)
      kept.set(text, statement)
      return statement as unknown as ReturnType<SqliteDatabase['prepare']>
    },
  }
}

function toFault(error: unknown): Fault {
  const code = codeOf(error) ?? ''
  if (/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)/.test(code)) return taken(tableIn(error), error)
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return dangling(error)
  if (code.startsWith('SQLITE_FULL')) return away('The disk that holds the store is full', error)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return away('The store is busy', error)
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|CORRUPT|NOMEM|NOTADB|PERM)/.test(code)) {
    return away(`The store's file can't be used (${code})`, error)
  }
  return ourMistake(error)
}

/** `UNIQUE constraint failed: api_keys.public_key` */
function tableIn(error: unknown): string | undefined {
  return /failed: (\w+)\./.exec((error as Error).message)?.[1]
}
