import { createTurns, type Turns } from './turns.ts'

/** So many links to each instance, and so many to all of them together. */
export interface InstanceTurns {
  /** How many are not taken, of all together. */
  readonly free: number
  take(instanceId: string, signal: AbortSignal): Promise<Disposable>
  /** One on each, asked for at one moment; left out is where there was none in `waitMs`. */
  takeEach(
    instanceIds: readonly string[],
    waitMs: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Disposable>>
}

export function createInstanceTurns(perInstance: number, inAll: number): InstanceTurns {
  const all = new Map<string, Turns>()
  const common = createTurns(inAll)

  function turnsOf(instanceId: string): Turns {
    const known = all.get(instanceId) ?? createTurns(perInstance)
    all.set(instanceId, known)
    return known
  }

  async function take(instanceId: string, signal: AbortSignal): Promise<Disposable> {
    using taken = new DisposableStack()
    taken.use(await turnsOf(instanceId).take(signal))
    taken.use(await common.take(signal))
    return taken.move()
  }

  /** Whoever waits for those that are common to all has its own, and waits for no other instance any more. */
  async function takeEach(instanceIds: readonly string[], waitMs: number, signal: AbortSignal) {
    const soon = <T>(work: (until: AbortSignal) => Promise<T>) => within(waitMs, signal, work)
    // In line for all before anything is waited for.
    const asked = await soon(until => Promise.allSettled(instanceIds.map(id => turnsOf(id).take(until))))
    const own = asked.map(one => (one.status === 'fulfilled' ? one.value : undefined))
    const ids = instanceIds.filter((_, at) => own[at]).slice(0, inAll)
    const ofAll = await soon(until => common.takeMany(ids.length, until)).catch(() => [])
    const found = new Map<string, Disposable>()
    for (const [at, turn] of own.entries()) {
      const other = ofAll[ids.indexOf(instanceIds[at]!)]
      if (turn && other) found.set(instanceIds[at]!, both(turn, other))
      else turn?.[Symbol.dispose]()
    }
    return found
  }

  return {
    take,
    takeEach,
    get free() {
      return common.free
    },
  }
}

function both(one: Disposable, other: Disposable): Disposable {
  const stack = new DisposableStack()
  stack.use(one)
  stack.use(other)
  return stack
}

/** A deadline that is gone with the work: `AbortSignal.timeout` is kept until it passes. */
async function within<T>(ms: number, signal: AbortSignal, work: (until: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), ms).unref()
  try {
    return await work(AbortSignal.any([signal, late.signal]))
  } finally {
    clearTimeout(timer)
  }
}
