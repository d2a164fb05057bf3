import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import pg from 'pg'
import { Fault } from '../../domain/fault.ts'
import { asFault, away, dangling, ourMistake, taken } from '../faults.ts'
import { withoutAddress } from './postgresql-reasons.ts'

/** Ours and not Kysely's, because a link that once failed to answer must not go back into the pool. */
export class PoolDriver implements Driver {
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
  #turn: Promise<unknown> = Promise.resolve()

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  /** One after the other: pg will not queue statements itself any more, and a transaction may ask several things at once. */
  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = this.#turn.then(() => this.#run<R>(query))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #run<R>(query: CompiledQuery): Promise<QueryResult<R>> {
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
  if (!isServersOwn(error)) return away('The store does not answer', withoutAddress(error))
  const code = error.code ?? ''
  if (code === '23505') return taken(error.table, error)
  if (code === '23503') return dangling(error)
  if (UNACCEPTABLE.has(code)) return new Fault('invalid', 'request', `The store can't keep that text: ${error.message}`)
  if (PASSING.test(code)) return away(`The store can't do that now (${code})`, error)
  return ourMistake(error)
}
