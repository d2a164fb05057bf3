import { Fault } from '../domain/fault.ts'
import type { Held } from '../store/interface/operations.ts'
import type { Store } from '../store/store.ts'

/** How long an operation stays with a worker that has stopped saying that it lives. */
export const LEASE_MS = 5_000

/** Three chances to renew before a lease runs out. */
const HEARTBEAT_MS = 1_500

/** What was sent by then arrives before anybody else begins; later, the store is asked first whether the lease is still ours. */
const SURE_MS = LEASE_MS - 1_500

/** The operations that this process works on: one statement renews them all, and none is sent while there are none. */
export interface Leases extends Disposable {
  readonly worker: string
  /** Keeps the lease on an attempt at an operation, had since `since` by `performance.now()`, until the answer is disposed of. */
  hold(operationId: string, attempt: number, since: number): HeldLease
}

export interface HeldLease extends Disposable {
  readonly held: Held
  /** Aborts when a heartbeat finds that the lease is lost. */
  readonly signal: AbortSignal
  /** Before whatever is sent: throws `conflict` if the lease is lost. A process that stood still asks the store first. */
  check(): Promise<void>
  /** Asks the store now: throws `conflict` if the operation is somebody else's, or was abandoned, and what the store throws. */
  confirm(): Promise<void>
}

/** A lease of this process. Two attempts at one operation may both be here: the first may not know yet that it has lost it. */
interface Own {
  readonly operationId: string
  readonly attempt: number
  readonly lost: AbortController
  /** When the last renewal that went through was asked for, by `performance.now()`. */
  renewedAt: number
}

export function createLeases(store: Pick<Store, 'transaction'>, worker: string): Leases {
  const all = new Set<Own>()
  let timer: NodeJS.Timeout | undefined

  async function renew(some: readonly Own[]): Promise<void> {
    const askedAt = performance.now()
    const kept = await store.transaction(async tables =>
      tables.operations.renew(worker, some, (await tables.now()) + LEASE_MS),
    )
    const isKept = (own: Own) => kept.some(one => one.operationId === own.operationId && one.attempt === own.attempt)
    for (const own of some) {
      if (isKept(own)) own.renewedAt = Math.max(own.renewedAt, askedAt)
      else own.lost.abort(new Error('lease lost'))
    }
  }

  // The store is away: whether the lease is lost shows when it is back.
  const beat = () => renew([...all]).catch(() => undefined)

  function hold(operationId: string, attempt: number, since: number): HeldLease {
    const own: Own = { operationId, attempt, lost: new AbortController(), renewedAt: since }
    all.add(own)
    timer ??= setInterval(beat, HEARTBEAT_MS)
    return {
      held: { worker, attempt },
      signal: own.lost.signal,
      check: () => check(own),
      confirm: () => confirm(own),
      [Symbol.dispose]: () => release(own),
    }
  }

  async function check(own: Own): Promise<void> {
    if (own.lost.signal.aborted) throw takenOver()
    if (performance.now() - own.renewedAt > SURE_MS) await confirm(own)
  }

  async function confirm(own: Own): Promise<void> {
    await renew([own])
    if (own.lost.signal.aborted) throw takenOver()
  }

  function release(own: Own): void {
    all.delete(own)
    if (all.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return { worker, hold, [Symbol.dispose]: () => clearInterval(timer) }
}

export function takenOver(operationId?: string): Fault {
  return new Fault('conflict', 'operation', 'Another worker has taken this operation over', { operationId })
}

/** Somebody else has it: there is nothing for us to do, and nothing to undo. */
export function isTakenOver({ code, subject }: Fault): boolean {
  return code === 'conflict' && subject === 'operation'
}
