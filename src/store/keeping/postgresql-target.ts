import { type Kysely, sql } from 'kysely'
import { POSTGRESQL_WORDS, STORE_SESSIONS } from '../databases/postgresql.ts'
import { POSTGRESQL_COLUMNS } from '../migrations/columns.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { POSTGRESQL_CATALOGUE, tablesIn } from './catalogue.ts'
import type { Filling } from './fill.ts'
import { onPostgresql } from './postgresql-snapshot.ts'

/** Fills the store's PostgreSQL in one transaction: before its end nobody sees anything of it, and after a failure there is nothing. */
export async function fillPostgresql(
  url: string,
  work: (filling: Filling) => Promise<void>,
  force: boolean,
): Promise<void> {
  await onPostgresql(url, async db => {
    const tables = await tablesIn(db, POSTGRESQL_CATALOGUE)
    if (tables.length > 0 && !force) throw filled()
    const sessions = await countSessions(db)
    if (sessions > 0) throw inUse(sessions)
    if (tables.length > 0) await dropAll(db, tables)
    await work({ db, words: POSTGRESQL_WORDS, columns: POSTGRESQL_COLUMNS, catalogue: POSTGRESQL_CATALOGUE })
  })
}

/** Replicas ask their store every second, so each has a session there at any time; commands have one while they run. */
export async function countSessions(db: Kysely<Schema>): Promise<number> {
  const found = sql<{ count: number }>`select count(*) as count from pg_catalog.pg_stat_activity
    where application_name = ${STORE_SESSIONS} and datname = current_database()`
  return (await found.execute(db)).rows[0]!.count
}

/** The tables and not the schema, which may be somebody else's to make. */
async function dropAll(db: Kysely<Schema>, tables: readonly string[]): Promise<void> {
  await sql.raw(`drop table ${tables.map(POSTGRESQL_CATALOGUE.quoted).join(', ')}`).execute(db)
}

function filled(): StoreProblem {
  const advice = 'name an empty database, or use --force, which throws away what is there'
  return new StoreProblem('refused', `There is a store in that PostgreSQL already: ${advice}`)
}

export function inUse(sessions: number): StoreProblem {
  const message = `Rolecall is running on that PostgreSQL store (${sessions} sessions): stop every replica first`
  return new StoreProblem('folder-in-use', message)
}
