import { type Kysely, sql } from 'kysely'
import { isFault } from '../../domain/fault.ts'
import { openPostgresql, postgresqlProblem } from '../databases/postgresql.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { SCHEMA } from '../schema-name.ts'
import { POSTGRESQL_CATALOGUE, tablesIn } from './catalogue.ts'
import { BATCH, masterKeysOf, type Row, type Snapshot } from './snapshot.ts'

/** Ours are called otherwise than those of servers, which are looked for. No statement has a deadline: tables may be large. */
const KEEPING = { name: 'rolecall keeping' }

/** Runs `work` over the store's PostgreSQL; whatever it says no to becomes a `StoreProblem`. */
export async function onPostgresql<T>(url: string, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  const db = openPostgresql(url, KEEPING)
  try {
    return await db.transaction().execute(work)
  } catch (error) {
    throw isFault(error) ? postgresqlProblem(error.details.cause ?? error) : error
  } finally {
    await db.destroy()
  }
}

export function withPostgresqlSnapshot<T>(url: string, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return onPostgresql(url, async db => {
    await sql`set transaction isolation level repeatable read, read only`.execute(db)
    return await work(await snapshotOf(db.withoutPlugins()))
  })
}

async function snapshotOf(db: Kysely<Schema>): Promise<Snapshot> {
  const names = await tablesIn(db, POSTGRESQL_CATALOGUE)
  if (!names.includes('installation')) throw nothingThere()
  const [known] = await ask(db, `select id, schema_version, release from ${SCHEMA}.installation`)
  if (!known) throw nothingThere()
  const keys = await ask(db, `select wrapped from ${SCHEMA}.data_keys`)
  return {
    schemaVersion: known.schema_version as number,
    release: known.release as string,
    installation: known.id as string,
    masterKeys: masterKeysOf(keys.map(({ wrapped }) => wrapped as string)),
    tables: await sizesOf(db, names),
    rows: table => batchesOf(db, table),
  }
}

async function sizesOf(db: Kysely<Schema>, names: readonly string[]) {
  const sizes = []
  for (const name of names) {
    const [counted] = await ask(db, `select count(*) as rows from ${POSTGRESQL_CATALOGUE.quoted(name)}`)
    sizes.push({ name, rows: counted!.rows as number })
  }
  return sizes
}

async function* batchesOf(db: Kysely<Schema>, table: string): AsyncGenerator<readonly Row[]> {
  const everything = `select * from ${POSTGRESQL_CATALOGUE.quoted(table)}`
  await ask(db, `declare rolecall_keeping no scroll cursor for ${everything}`)
  for (;;) {
    const rows = await ask(db, `fetch forward ${BATCH} from rolecall_keeping`)
    if (rows.length === 0) break
    yield rows
  }
  await ask(db, 'close rolecall_keeping')
}

async function ask(db: Kysely<Schema>, text: string): Promise<readonly Row[]> {
  return (await sql.raw<Row>(text).execute(db)).rows
}

function nothingThere(): StoreProblem {
  return new StoreProblem('refused', 'There is no Rolecall in that PostgreSQL: name the one that holds its store')
}
