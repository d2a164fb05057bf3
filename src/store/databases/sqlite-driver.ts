import { setTimeout as sleep } from 'node:timers/promises'
import type Sqlite from 'better-sqlite3'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
  type SqliteDatabase,
  SqliteDriver,
} from 'kysely'
import type { Fault } from '../../domain/fault.ts'
import { away, codeOf, dangling, FaultingConnection, ourMistake, taken } from '../faults.ts'
import type { StatementWatch } from './sqlite-changes.ts'

/** How long a transaction waits for another process (the command line) to finish its own. */
export const BUSY_MS = 5_000
/** Statements are compiled once; lists of values of every length could make too many. */
const KEPT_STATEMENTS = 400

/** Begins `immediate`: a transaction that first reads and then writes would fail when another process wrote in between. */
export class ImmediateDriver extends SqliteDriver {
  readonly #file: Sqlite.Database
  /** A statement of the running transaction failed. */
  #failed = false

  readonly #watch?: StatementWatch

  constructor(file: Sqlite.Database, watch?: StatementWatch) {
    super({ database: keepingStatements(file) })
    this.#file = file
    this.#watch = watch
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = new FaultingConnection(await super.acquireConnection(), error => {
      this.#failed = true
      return toFault(error)
    })
    return this.#watch ? new WatchedConnection(connection, this.#watch) : connection
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
      this.#failed = false
      this.#watch?.began()
      return true
    } catch (error) {
      if (codeOf(error)?.startsWith('SQLITE_BUSY')) return false
      throw toFault(error)
    }
  }

  /** As PostgreSQL has it: code that carries on after a fault must not work on one store and fail on the other. */
  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#failed) throw ourMistake(new Error('A transaction went on after a fault'))
    this.#watch?.commits()
    await super.commitTransaction(connection)
  }

  /** SQLite itself rolls back when the disk is full; what went wrong first is what the caller must hear. */
  override async rollbackTransaction(): Promise<void> {
    if (this.#file.inTransaction) this.#file.exec('rollback')
  }
}

class WatchedConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection
  readonly #watch: StatementWatch

  constructor(inner: DatabaseConnection, watch: StatementWatch) {
    this.#inner = inner
    this.#watch = watch
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.#watch.ran(query)
    return this.#inner.executeQuery<R>(query)
  }

  streamQuery<R>(query: CompiledQuery, chunk: number): AsyncIterableIterator<QueryResult<R>> {
    this.#watch.ran(query)
    return this.#inner.streamQuery<R>(query, chunk)
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
