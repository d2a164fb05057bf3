import {
  CamelCasePlugin,
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  sql,
} from 'kysely'
import pg from 'pg'
import { Fault } from '../domain/fault.ts'
import type { DatabaseWords } from './context.ts'
import { asFault, away, codeOf, dangling, ourMistake, taken } from './faults.ts'
import { StoreProblem } from './problem.ts'
import type { Schema } from './schema.ts'

/** Where our tables live: named in every statement, because poolers between us and the server don't keep a search path. */
const SCHEMA = 'rolecall'
const LINKS = 20
/** For a link, and for a free one among ours. */
const CONNECT_MS = 5_000
/** No statement of ours takes long; a server that is silent for so long is as good as gone. */
const QUERY_MS = 15_000

export const POSTGRESQL_WORDS: DatabaseWords = {
  positionOf: 'strpos',
  rowLocks: true,
  async now(db) {
    const now = sql<{ now: number }>`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`
    return (await now.execute(db)).rows[0]!.now
  },
  prepare: makeSchema,
}

export function openPostgresql(url: string): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: dialectOver(openPool(url)), plugins: [new CamelCasePlugin()] }).withSchema(
    SCHEMA,
  )
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'rolecall store',
    max: LINKS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
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

export function postgresqlProblem(cause: unknown): StoreProblem {
  const reason = cause instanceof Error ? cause.message : String(cause)
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

/** Ours and not Kysely's, because a link that once failed to answer must not go back into the pool. */
class PoolDriver implements Driver {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PoolLink> {
    return new PoolLink(await asFault(toFault, () => this.#pool.connect()))
  }

  async beginTransaction(link: DatabaseConnection): Promise<void> {
    await link.executeQuery(CompiledQuery.raw('begin'))
  }

  async commitTransaction(link: DatabaseConnection): Promise<void> {
    const { rows } = await link.executeQuery<{ command: string }>(CompiledQuery.raw('commit'))
    // PostgreSQL answers so, without an error, when a statement had failed and the failure was swallowed.
    if (rows[0]?.command === 'ROLLBACK') throw ourMistake(new Error('A transaction went on after a fault'))
  }

  /** What went wrong first is what the caller must hear: a rollback that fails costs the link, and nothing else. */
  async rollbackTransaction(link: DatabaseConnection): Promise<void> {
    await link.executeQuery(CompiledQuery.raw('rollback')).catch(() => (link as PoolLink).spoil())
  }

  async releaseConnection(link: DatabaseConnection): Promise<void> {
    ;(link as PoolLink).release()
  }

  async destroy(): Promise<void> {
    await this.#pool.end()
  }
}

class PoolLink implements DatabaseConnection {
  readonly #client: pg.PoolClient
  #spoilt = false

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { command, rows, rowCount } = await this.#client.query(query.sql, [...query.parameters])
      if (command === 'COMMIT' || command === 'ROLLBACK') return { rows: [{ command }] as R[] }
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    } catch (error) {
      if (!isServersOwn(error)) this.spoil()
      throw toFault(error)
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for the method; nothing of ours streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('The store does not stream')
  }

  spoil(): void {
    this.#spoilt = true
  }

  release(): void {
    this.#client.release(this.#spoilt)
  }
}

/** An answer of the server, in contrast to having none. */
function isServersOwn(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError
}

/** Out of resources, shutting down, a standby after a switch, waited too long, undone for the sake of others. */
const PASSING = /^(08|53|57|25006|55P03|40)/

/** A NUL in a text, a name longer than an index can hold: both are the caller's, wherever nobody has checked before us. */
const UNACCEPTABLE: ReadonlySet<string> = new Set(['22021', '22P05', '54000'])

function toFault(error: unknown): Fault {
  if (!isServersOwn(error)) return away('The store does not answer', error)
  const code = error.code ?? ''
  if (code === '23505') return taken(error.table, error)
  if (code === '23503') return dangling(error)
  if (UNACCEPTABLE.has(code)) return new Fault('invalid', 'request', `The store can't keep that text: ${error.message}`)
  if (PASSING.test(code)) return away(`The store can't do that now (${code})`, error)
  return ourMistake(error)
}
