import type { Connection } from '../../domain/servers/connection.ts'
import type { ReadPool } from '../../engines/engine.ts'

/** Links for reading, kept per connection; those that nobody used for longest make room for new ones. */
export interface ReadPools extends AsyncDisposable {
  /** The pool of the connection as it is now: a changed one gets a new pool. */
  of(connection: Connection): Promise<ReadPool>
  /** The next one to ask gets a new pool, with the credential as it is then. */
  forget(connection: Connection): void
}

interface KeptPool {
  /** Of the connection that it was made from. */
  readonly version: number
  readonly pool: Promise<ReadPool>
}

/** `most` pools at a time. */
export function createReadPools(make: (connection: Connection) => Promise<ReadPool>, most: number): ReadPools {
  const pools = new Map<string, KeptPool>()

  function of(connection: Connection): Promise<ReadPool> {
    const known = pools.get(connection.id)
    pools.delete(connection.id) // Put back at the end: the first in the map is the one that nobody used for longest.
    const kept = known?.version === connection.version ? known : replace(known, connection)
    pools.set(connection.id, kept)
    return kept.pool
  }

  function replace(known: KeptPool | undefined, connection: Connection): KeptPool {
    if (known) void close(known)
    makeRoom()
    const kept = { version: connection.version, pool: make(connection) }
    kept.pool.catch(() => pools.get(connection.id) === kept && pools.delete(connection.id))
    return kept
  }

  function forget({ id }: Connection): void {
    const known = pools.get(id)
    pools.delete(id)
    if (known) void close(known)
  }

  function makeRoom(): void {
    for (const [id, kept] of [...pools].slice(0, Math.max(0, pools.size - most + 1))) {
      pools.delete(id)
      void close(kept)
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.all([...pools.values()].map(close))
    pools.clear()
  }

  return { of, forget, [Symbol.asyncDispose]: closeAll }
}

function close({ pool }: KeptPool): Promise<void> {
  return pool.then(
    open => open[Symbol.asyncDispose](),
    () => undefined,
  )
}
