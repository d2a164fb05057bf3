import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { isFault } from '../../domain/fault.ts'
import type { DatabaseWords } from '../context.ts'
import { openSqlite, SQLITE_WORDS, sqliteProblem } from '../databases/sqlite.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import type { StorePlace } from './place.ts'

export interface Changing {
  readonly db: Kysely<Schema>
  readonly words: DatabaseWords
}

/** Works on a store without opening its vault, in one transaction, one process at a time; a server may run beside. */
export async function changing<T>(place: StorePlace, work: (on: Changing) => Promise<T>): Promise<T> {
  if ('file' in place) throw new StoreProblem('refused', `${place.file} is a backup: restore it first`)
  if ('folder' in place) return await onSqlite(place.folder, db => work({ db, words: SQLITE_WORDS }))
  const { onPostgresql } = await import('./postgresql-snapshot.ts')
  const { POSTGRESQL_WORDS } = await import('../databases/postgresql.ts')
  return await onPostgresql(place.url, async db => {
    const turn = await sql`select to_regclass('rolecall.installation') is not null as there`.execute(db)
    if (!(turn.rows[0] as { there: boolean }).there) throw nothingIn('that PostgreSQL')
    await db.selectFrom('installation').select('id').forUpdate().execute()
    return await work({ db, words: POSTGRESQL_WORDS })
  })
}

async function onSqlite<T>(folder: string, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  const path = join(folder, 'rolecall.db')
  if (!existsSync(path)) throw nothingIn(folder)
  const { writer } = openSqlite(folder, path)
  try {
    return await writer.transaction().execute(work)
  } catch (error) {
    throw isFault(error) ? sqliteProblem(folder, error.details.cause ?? error) : error
  } finally {
    await writer.destroy()
  }
}

const nothingIn = (where: string) => new StoreProblem('refused', `There is no Rolecall in ${where}: name its store`)
