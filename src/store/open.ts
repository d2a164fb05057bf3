import type { Kysely } from 'kysely'
import { isFault } from '../domain/fault.ts'
import type { DatabaseWords } from './context.ts'
import { openSqlite, SQLITE_WORDS, sqliteProblem } from './databases/sqlite.ts'
import { causeCode } from './faults.ts'
import { type FolderLock, lockFolder, prepareFolder, refuseWhileServed } from './folder.ts'
import { migrate } from './migrate.ts'
import { type ColumnWords, POSTGRESQL_COLUMNS, SQLITE_COLUMNS } from './migrations/columns.ts'
import { StoreProblem } from './problem.ts'
import type { Schema } from './schema.ts'
import { openVault, type Sealing } from './sealing/data-keys.ts'
import type { KeyPlace, MasterKey } from './sealing/master-key.ts'
import type { Store } from './store.ts'
import { storeOver } from './store-over.ts'

export interface StoreOptions {
  /** `postgres://…`; without it the store is a SQLite file in `folder`. Our tables live in its schema `rolecall`. */
  readonly url?: string
  /** The data folder. */
  readonly folder?: string
  /** The key itself, or where to look for it; made in `masterKey.folder` when the store is new. */
  readonly masterKey: MasterKey | KeyPlace
  /** A serving process has the folder for itself; without, the store is opened beside one, for the command line. */
  readonly serve: boolean
}

/** Opens the store, makes or migrates its tables, and unwraps its keys. Throws `StoreProblem`s only. */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (options.url !== undefined) return await openOnPostgresql(options.url, options)
  if (options.folder !== undefined) return await openOnSqlite(options.folder, options)
  throw new StoreProblem('folder-unwritable', 'Name a data folder, or a postgres:// address, for the store')
}

async function openOnSqlite(folder: string, { masterKey, serve }: StoreOptions): Promise<Store> {
  const path = prepareFolder(folder)
  const lock = serve ? lockFolder(folder) : undefined
  return await releasingOnFailure(lock, async () => {
    const { writer, openReader } = openSqlite(folder, path)
    const ready = await prepare({
      db: writer,
      words: SQLITE_WORDS,
      columns: SQLITE_COLUMNS,
      masterKey,
      beforeChange: () => serve || refuseWhileServed(folder),
      problemOf: cause => sqliteProblem(folder, cause),
    })
    const reader = openReader()
    return storeOver({
      ...ready,
      alone: serve,
      writer,
      reader: reader.db,
      changes: reader.changes,
      words: SQLITE_WORDS,
      async close() {
        await reader.db.destroy()
        await writer.destroy()
        lock?.release()
      },
    })
  })
}

async function openOnPostgresql(url: string, { masterKey }: StoreOptions): Promise<Store> {
  // Loaded here, so that a SQLite store never pays for the driver.
  const {
    openPostgresql,
    postgresqlProblem: problemOf,
    POSTGRESQL_WORDS: words,
  } = await import('./databases/postgresql.ts')
  const db = openPostgresql(url)
  const ready = await prepare({ db, words, columns: POSTGRESQL_COLUMNS, masterKey, beforeChange: () => {}, problemOf })
  return storeOver({ ...ready, alone: false, writer: db, reader: db, words, close: () => db.destroy() })
}

interface Preparation {
  readonly db: Kysely<Schema>
  readonly words: DatabaseWords
  readonly columns: ColumnWords
  readonly masterKey: MasterKey | KeyPlace
  readonly beforeChange: () => void
  /** What a driver's error means for whoever starts us. */
  readonly problemOf: (cause: unknown) => StoreProblem
}

type Prepared = Sealing & { readonly installation: string }

async function prepare(how: Preparation): Promise<Prepared> {
  try {
    return await prepareOnce(how)
  } catch (error) {
    await how.db.destroy()
    throw isFault(error) ? how.problemOf(error.details.cause ?? error) : error
  }
}

/** Tables and keys in one transaction: a first start that dies leaves nothing half made. */
async function prepareOnce(how: Preparation, triesLeft = 5): Promise<Prepared> {
  try {
    return await how.db.transaction().execute(async db => {
      await how.words.prepare(db)
      const { id } = await migrate(db, { ...how, rowLocks: how.words.rowLocks })
      return { ...(await openVault(db, how.masterKey, await how.words.now(db))), installation: id }
    })
  } catch (error) {
    if (triesLeft === 0 || !RACED.has(causeCode(error) ?? '')) throw error
    return await prepareOnce(how, triesLeft - 1)
  }
}

/** `if not exists` of two replicas at once on PostgreSQL: the one that comes second collides with what has just been made. */
const RACED: ReadonlySet<string> = new Set(['23505', '42P06', '42P07', '40001', '40P01'])

async function releasingOnFailure<T>(lock: FolderLock | undefined, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    lock?.release()
    throw error
  }
}
