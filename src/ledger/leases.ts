import { Fault } from '../domain/fault.ts'
import type { Store } from '../store/store.ts'

/** How long an operation stays with a worker that has stopped saying that it lives. */
export const LEASE_MS = 5_000

/** Three chances to renew before a lease runs out. */
const HEARTBEAT_MS = 1_500

/** The operations that this process works on: one statement renews them all, and none is sent while there are none. */
export interface Leases extends Disposable {
  readonly worker: string
  /** Keeps the lease on an operation until the answer is disposed of; `signal` aborts if somebody else got it. */
  hold(operationId: string): HeldLease
}

export interface HeldLease extends Disposable {
  /** Aborts when a heartbeat finds that the lease is lost. */
  readonly signal: AbortSignal
  /** Asks the store now: throws `conflict` if the operation is somebody else's, or was abandoned. */
  confirm(): Promise<void>
}

export function createLeases(store: Pick<Store, 'transaction'>, worker: string): Leases {
  const held = new Map<string, AbortController>()
  let timer: NodeJS.Timeout | undefined

  async function renew(ids: readonly string[] = [...held.keys()]): Promise<void> {
    const kept = await store
      .transaction(async tables => tables.operations.renew(worker, ids, (await tables.now()) + LEASE_MS))
      .catch(() => ids) // The store is away: whether the lease is lost shows when it is back.
    for (const id of ids.filter(id => !kept.includes(id))) held.get(id)?.abort(new Error('lease lost'))
  }

  function hold(operationId: string): HeldLease {
    const lost = new AbortController()
    held.set(operationId, lost)
    timer ??= setInterval(() => void renew(), HEARTBEAT_MS)
    return {
      signal: lost.signal,
      confirm: () => confirm(operationId, lost.signal),
      [Symbol.dispose]: () => release(operationId),
    }
  }

  async function confirm(operationId: string, lost: AbortSignal): Promise<void> {
    await renew([operationId])
    if (lost.aborted) throw new Fault('conflict', 'operation', 'Another worker has taken this operation over')
  }

  function release(operationId: string): void {
    held.delete(operationId)
    if (held.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return { worker, hold, [Symbol.dispose]: () => clearInterval(timer) }
}
