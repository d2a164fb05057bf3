import { isFanOut } from '../ledger/fan-out/outcome.ts'
import { recoverFanOut } from '../ledger/fan-out/recover.ts'
import { createRests } from '../ledger/fan-out/rests.ts'
import { LEASE_MS } from '../ledger/leases.ts'
import { type RecoveryParts, recover } from '../ledger/recover.ts'

/** How often the store is asked for operations that nobody looks after. */
const TICK_MS = 1_000

/** Answers, replays and tokens whose time is over are erased this often. */
const SWEEP_MS = 60_000

/** At most this many operations are brought to their end at once. */
const AT_ONCE = 8

export interface Worker {
  /** Takes up what was left behind; answers when it has all been taken up, not when it is done. Call it before the first request. */
  start(): Promise<void>
  /** An operation waits: looks at once instead of at the next tick. */
  wake(): void
  /** Gives up what it has taken up, for the next process to go on with. */
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
  let atStart = true
  let ticking: Promise<void> | undefined
  let again = false
  const stopping = new AbortController()
  const rests = createRests()

  function tick(): Promise<void> {
    again = ticking !== undefined
    ticking ??= takeUp()
      .catch(parts.onFault)
      .then(() => {
        ticking = undefined
        if (again) void tick()
      })
    return ticking
  }

  /** At the start of a process that has its store alone, every lease is a dead one's, and so is every request that is under way. */
  async function takeUp(): Promise<void> {
    const { store, leases } = parts
    const allAreDead = store.alone && atStart
    atStart = false
    const since = performance.now()
    const now = await store.now()
    const due = allAreDead ? now + LEASE_MS : now
    if (allAreDead) await store.transaction(tables => tables.replays.removeUnfinished())
    const claimed = await store.transaction(tables =>
      tables.operations.claim(leases.worker, due, now + LEASE_MS, AT_ONCE - running.size),
    )
    for (const operation of claimed)
      follow(
        isFanOut(operation)
          ? recoverFanOut({ ...parts, rests }, operation, since, stopping.signal)
          : recover(parts, operation, since, stopping.signal),
      )
    if (now - sweptAt < SWEEP_MS) return
    sweptAt = now
    await store.transaction(tables => tables.operations.sweep(now))
    await store.transaction(tables => tables.tokens.sweep(now))
    // Nonces end by the clocks of replicas: what ended a minute ago by the store's has ended for all of them.
    await store.transaction(tables => tables.nonceWindows.sweep(now - 60_000))
    await store.transaction(tables => tables.accessListEntries.sweep(now))
    await removeLeft()
  }

  /** An instance whose last connection is gone goes when its last operation is done. */
  function removeLeft(): Promise<void> {
    return parts.store.transaction(tables => tables.instances.removeLeft())
  }

  function follow(work: Promise<void>): void {
    const followed = work
      .then(removeLeft)
      .catch(parts.onFault)
      .finally(() => running.delete(followed))
    running.add(followed)
  }

  return {
    start: async () => {
      await tick()
      timer = setInterval(tick, TICK_MS)
    },
    wake: () => void tick(),
    stop: async () => {
      clearInterval(timer)
      stopping.abort(new Error('stopping'))
      await ticking
      await Promise.all(running)
    },
  }
}
