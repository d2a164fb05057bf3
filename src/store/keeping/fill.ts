import { setImmediate as aTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { DatabaseWords } from '../context.ts'
import { migrate } from '../migrate.ts'
import { MIGRATIONS } from '../migrations/all.ts'
import type { ColumnWords } from '../migrations/columns.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { type Catalogue, inOrder, referencesIn, tablesIn } from './catalogue.ts'
import type { Row, Snapshot } from './snapshot.ts'

/** An empty database, in the one transaction that fills it. */
export interface Filling {
  readonly db: Kysely<Schema>
  readonly words: DatabaseWords
  readonly columns: ColumnWords
  readonly catalogue: Catalogue
}

export interface Progress {
  readonly table: string
  readonly done: number
  readonly total: number
}

export type OnProgress = (progress: Progress) => void

/**
 * Makes the tables as they were when the snapshot's release made them, fills them to the last row, and only then brings them to this
 * release's schema: so an older store comes over too, and the rows go through the very same migrations as anywhere else.
 */
export async function fill(to: Filling, snapshot: Snapshot, onProgress: OnProgress): Promise<void> {
  await to.words.prepare(to.db)
  await migrateTo(to, snapshot.schemaVersion)
  await to.db.deleteFrom('installation').execute()
  await copyTables(to, snapshot, onProgress)
  await checkCounts(to, snapshot)
  await migrateTo(to)
}

async function migrateTo({ db, words, columns }: Filling, version = Number.POSITIVE_INFINITY): Promise<void> {
  const migrations = MIGRATIONS.filter(one => one.version <= version)
  await migrate(db, { columns, rowLocks: words.rowLocks, beforeChange: () => {}, migrations })
}

/** Before anything is made: what this release does not know it can't copy either. */
export function checkKnown({ schemaVersion, release }: Snapshot): void {
  const newest = MIGRATIONS.at(-1)!.version
  if (schemaVersion <= newest) return
  throw new StoreProblem(
    'newer-schema',
    `It has schema ${schemaVersion}, which came with Rolecall ${release}; this release knows ${newest}. ` +
      `Use the command of Rolecall ${release} or later`,
  )
}

async function copyTables(to: Filling, snapshot: Snapshot, onProgress: OnProgress): Promise<void> {
  const names = snapshot.tables.map(({ name }) => name)
  checkSame(names, await tablesIn(to.db, to.catalogue))
  const total = snapshot.tables.reduce((sum, { rows }) => sum + rows, 0)
  let done = 0
  for (const table of inOrder(names, await referencesIn(to.db, to.catalogue))) {
    for await (const rows of snapshot.rows(table)) {
      await insert(to.db, table, rows)
      done += rows.length
      onProgress({ table, done, total })
      // SQLite never waits for anything: without this no signal would be heard before the end.
      await aTurn()
    }
  }
}

/** A table that somebody added by hand would be lost without a word. */
function checkSame(there: readonly string[], known: readonly string[]): void {
  const strange = there.filter(name => !known.includes(name))
  if (strange.length === 0) return
  throw new StoreProblem('refused', `Not a table of Rolecall: ${strange.join(', ')}. Move it elsewhere first`)
}

/** A statement takes so many values at most: 32,766 on SQLite, 65,535 on PostgreSQL. */
const VALUES = 20_000

async function insert(db: Kysely<Schema>, table: string, rows: readonly Row[]): Promise<void> {
  const atOnce = Math.floor(VALUES / Object.keys(rows[0]!).length)
  for (let at = 0; at < rows.length; at += atOnce) {
    const some = rows.slice(at, at + atOnce)
    await db
      .insertInto(table as keyof Schema)
      .values(some as never)
      .execute()
  }
}

async function checkCounts({ db, catalogue }: Filling, { tables }: Snapshot): Promise<void> {
  for (const { name, rows } of tables) {
    const count = sql.raw<{ rows: number }>(`select count(*) as rows from ${catalogue.quoted(name)}`)
    const there = (await count.execute(db)).rows[0]!.rows
    if (there !== rows) throw new Error(`${name} has ${there} rows instead of ${rows}`)
  }
}
