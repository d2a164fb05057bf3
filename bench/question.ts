import type pg from 'pg'
import { firstMessage, stateFrom } from '../src/engines/postgresql/link/server.ts'
import { pageQuery } from '../src/engines/postgresql/users/read.ts'

const DEADLINE_MS = 10_000

/** Prepares every session of the pool as Rolecall prepares its own, and answers the statement that Rolecall lists logins by. */
export async function listQuery(pool: pg.Pool): Promise<string> {
  const asked = (await pool.query(firstMessage(DEADLINE_MS))) as unknown as pg.QueryResult[]
  pool.on('connect', client => void client.query(firstMessage(DEADLINE_MS)))
  return pageQuery(stateFrom(asked.at(-1)!.rows[0], undefined))
}
