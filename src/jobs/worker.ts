import { LEASE_MS } from '../ledger/leases.ts'
import { type RecoveryParts, recover } from '../ledger/recover.ts'

/** How often the store is asked for operations that nobody looks after. */
const TICK_MS = 1_000

/** Answers and replays whose time is over are erased this often. */
const SWEEP_MS = 60_000

/** At most this many operations are brought to their end at once. */
const AT_ONCE = 8

export interface Worker {
  start(): void
  /** An operation waits: looks at once instead of at the next tick. */
  wake(): void
  /** Finishes what it has taken up. */
  stop(): Promise<void>
}

export interface WorkerParts extends RecoveryParts {
  readonly onFault: (error: unknown) => void
}

/** Takes up operations whose process died or whose server did not answer, and brings each to its end. Any replica may run one. */
export function createWorker(parts: WorkerParts): Worker {
  const running = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let sweptAt = 0
  let ticking: Promise<void> | undefined
  let again = false

  function tick(): void {
    if (ticking) {
      again = true
      return
    }
    ticking = takeUp().catch(parts.onFault)
    void ticking.then(() => {
      ticking = undefined
      if (!again) return
      again = false
      tick()
    })
  }

  async function takeUp(): Promise<void> {
    const { store, leases } = parts
    const now = await store.now()
    const claimed = await store.transaction(tables =>
      tables.operations.claim(leases.worker, now, now + LEASE_MS, AT_ONCE - running.size),
    )
    for (const operation of claimed) follow(recover(parts, operation))
    if (now - sweptAt < SWEEP_MS) return
    sweptAt = now
    await store.transaction(tables => tables.operations.sweep(now))
  }

  function follow(work: Promise<void>): void {
    const followed = work.catch(parts.onFault).finally(() => running.delete(followed))
    running.add(followed)
  }

  return {
    start: () => {
      timer = setInterval(tick, TICK_MS)
      tick()
    },
    wake: tick,
    stop: async () => {
      clearInterval(timer)
      await ticking
      await Promise.all(running)
    },
  }
}
