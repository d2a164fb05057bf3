import { AsyncLocalStorage } from 'node:async_hooks'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { DatabaseWords } from './context.ts'
import type { Changed } from './databases/sqlite-changes.ts'
import { causeCode } from './faults.ts'
import { remembering } from './remembered.ts'
import type { Schema } from './schema.ts'
import { rewrapDataKeys, type Sealing } from './sealing/data-keys.ts'
import type { Store, Tables } from './store.ts'
import { makeTables } from './tables/all.ts'

export interface StoreParts extends Sealing {
  readonly installation: string
  readonly alone: boolean
  readonly writer: Kysely<Schema>
  readonly reader: Kysely<Schema>
  readonly words: DatabaseWords
  /** What has been committed since it was asked last; undefined where only a round trip could tell. */
  readonly changes?: () => Changed
  readonly close: () => Promise<void>
}

/** How often a transaction that PostgreSQL undid, to end a deadlock or keep its order, is run anew. */
const TRIES = 4

export function storeOver({
  installation,
  alone,
  writer,
  reader,
  words,
  vault,
  master,
  changes,
  close,
}: StoreParts): Store {
  const running = new AsyncLocalStorage<{ over: boolean }>()
  const unfinished = new Set<Promise<unknown>>()
  const read = makeTables({ db: reader, vault, words, locking: false })
  const run = <T>(work: (tables: Tables) => Promise<T>) =>
    writer.transaction().execute(db => work(makeTables({ db, vault, words, locking: true })))
  const transaction: Store['transaction'] = work => {
    // SQLite has one writing link: the inner transaction would wait for the outer one, and that for the inner one.
    if (running.getStore()?.over === false) throw new Error('A transaction inside a transaction would wait for ever')
    const state = { over: false }
    const ended = running.run(state, () => repeating(() => run(work)))
    unfinished.add(ended)
    return ended.finally(() => {
      state.over = true
      unfinished.delete(ended)
    })
  }
  // A transaction of SQLite costs no round trip, and its driver takes turns by them.
  const single: Store['statement'] = work => work(makeTables({ db: writer, vault, words, locking: false }))
  return {
    installation,
    alone,
    read: changes ? remembering(read, changes) : read,
    transaction,
    statement: words.rowLocks ? single : transaction,
    now: () => words.now(reader),
    ping: async () => void (await sql`select 1`.execute(reader)),
    rewrap: () => writer.transaction().execute(db => rewrapDataKeys(db, master)),
    async close() {
      await Promise.allSettled(unfinished)
      await close()
    },
  }
}

async function repeating<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run()
    } catch (error) {
      if (tries === TRIES || !UNDONE.has(causeCode(error) ?? '')) throw error
      // Run anew at once, it would take its first row before the other has woken up to go on: the same deadlock again.
      await sleep(tries * randomInt(20, 60))
    }
  }
}

/** serialization_failure, deadlock_detected */
const UNDONE: ReadonlySet<string> = new Set(['40001', '40P01'])
