import {
  CamelCasePlugin,
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import pg from 'pg'
import type { DatabaseWords } from '../context.ts'
import { codeOf } from '../faults.ts'
import { StoreProblem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { SCHEMA } from '../schema-name.ts'
import { PoolDriver } from './postgresql-driver.ts'
import { reasonOf, withoutAddress } from './postgresql-reasons.ts'

const LINKS = 20
/** For a link, and for a free one among ours. */
const CONNECT_MS = 5_000
/** No statement of ours takes long: a server that is silent for so long is as good as gone, and callers wait ten seconds at most. */
const QUERY_MS = 8_000

export const POSTGRESQL_WORDS: DatabaseWords = {
  positionOf: 'strpos',
  rowLocks: true,
  async now(db) {
    const now = sql<{ now: number }>`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`
    return (await now.execute(db)).rows[0]!.now
  },
  prepare: makeSchema,
}

/** By this name replicas and commands find each other's sessions. */
export const STORE_SESSIONS = 'rolecall store'

export interface Sessions {
  readonly name: string
  /** Undefined: however long it takes. */
  readonly queryMs?: number
}

const USUAL: Sessions = { name: STORE_SESSIONS, queryMs: QUERY_MS }

export function openPostgresql(url: string, sessions: Sessions = USUAL): Kysely<Schema> {
  const dialect = dialectOver(openPool(url, sessions))
  return new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] }).withSchema(SCHEMA)
}

function openPool(url: string, { name, queryMs }: Sessions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: LINKS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: queryMs,
    keepAlive: true,
    types: { getTypeParser: numbersForBigints },
  })
  // A link that breaks while nobody waits for it has nobody to tell; whoever uses it next is told.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  return pool
}

const INT8 = 20

const numbersForBigints: typeof pg.types.getTypeParser = ((oid: number, format: 'text') =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** Asked first: `if not exists` wants the right to create even where there is nothing to create. */
async function makeSchema(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql`select from pg_catalog.pg_namespace where nspname = ${SCHEMA}`.execute(db)
  if (rows.length === 0) await sql`create schema if not exists ${sql.id(SCHEMA)}`.execute(db)
}

export function postgresqlProblem(error: unknown): StoreProblem {
  const cause = withoutAddress(error)
  const reason = reasonOf(cause)
  if (codeOf(cause) === '42501') return mayNot(reason, cause)
  const advice = 'Check ROLECALL_STORE, and that the server takes connections from here'
  return new StoreProblem('unreachable', `The store's PostgreSQL can't be used: ${reason}. ${advice}`, cause)
}

function mayNot(reason: string, cause: unknown): StoreProblem {
  const advice = `create schema ${SCHEMA} authorization the login of ROLECALL_STORE`
  return new StoreProblem(
    'forbidden',
    `The store's PostgreSQL does not let me make my tables: ${reason}. Remedy: ${advice}`,
    cause,
  )
}

function dialectOver(pool: pg.Pool): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PoolDriver(pool),
    createIntrospector: db => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}
