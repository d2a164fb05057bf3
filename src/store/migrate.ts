import { type Kysely, sql } from 'kysely'
import { newInstallationId } from '../domain/id.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { type ColumnWords, type Migration, tableMaker } from './migrations/columns.ts'
import { StoreProblem } from './problem.ts'
import type { InstallationRow } from './rows/installation.ts'
import type { Schema } from './schema.ts'

export interface MigrationOptions {
  readonly columns: ColumnWords
  /** Locks the one row of `installation`; empty where a transaction locks everything anyway. */
  readonly rowLocks: boolean
  /** Called before the first change to tables that somebody may be serving from; throws where somebody is. */
  readonly beforeChange: () => void
  readonly migrations?: readonly Migration[]
}

/**
 * Brings the tables to this release's schema, in the transaction of its caller. The one row of `installation` is locked
 * meanwhile, so of several replicas that start at once one migrates and the others find it done.
 */
export async function migrate(db: Kysely<Schema>, options: MigrationOptions): Promise<InstallationRow> {
  const { migrations = MIGRATIONS } = options
  const found = await findInstallation(db, options)
  const newest = migrations.at(-1)!
  if (found.schemaVersion > newest.version) throw newerSchema(found, newest)
  const missing = migrations.filter(({ version }) => version > found.schemaVersion)
  if (missing.length === 0) return found
  options.beforeChange()
  const make = tableMaker(db as unknown as Kysely<unknown>, options.columns)
  for (const migration of missing) await migration.up(make)
  const now = { schemaVersion: newest.version, release: newest.since }
  await db.updateTable('installation').set(now).execute()
  return { ...found, ...now }
}

async function findInstallation(db: Kysely<Schema>, options: MigrationOptions): Promise<InstallationRow> {
  await makeInstallation(db, options)
  const fresh = { one: 1 as const, id: newInstallationId(), schemaVersion: 0, release: '' }
  await db
    .insertInto('installation')
    .values(fresh)
    .onConflict(conflict => conflict.doNothing())
    .execute()
  const read = db.selectFrom('installation').selectAll()
  return await (options.rowLocks ? read.forUpdate() : read).executeTakeFirstOrThrow()
}

/** Not a numbered migration: it is what says which of them have run. */
async function makeInstallation(db: Kysely<Schema>, { columns }: MigrationOptions): Promise<void> {
  await db.schema
    .createTable('installation')
    .ifNotExists()
    .addColumn('one', columns.number, column => column.primaryKey().check(sql`one = 1`))
    .addColumn('id', columns.text, column => column.notNull())
    .addColumn('schemaVersion', columns.number, column => column.notNull())
    .addColumn('release', columns.text, column => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute()
}

function newerSchema(found: InstallationRow, newest: Migration): StoreProblem {
  return new StoreProblem(
    'newer-schema',
    `The store has schema ${found.schemaVersion}, which came with Rolecall ${found.release}; this release knows ` +
      `${newest.version}. Start Rolecall ${found.release} or later, or restore a backup from before the upgrade`,
  )
}
