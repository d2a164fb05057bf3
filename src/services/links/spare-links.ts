import type { Spare, Spares } from '../../engines/engine.ts'

/** Sessions that wait for the next attempt on their instance. */
export interface SpareLinks extends AsyncDisposable {
  of(instanceId: string): Spares
}

interface Kept {
  readonly instanceId: string
  readonly spare: Spare
  readonly timer: NodeJS.Timeout
}

/** A session serves attempts for this long after its log-in: what its server would say to that log-in today, it says soon. */
const SERVES_MS = 30_000

/** At most `room()` at a time, beside those that attempts use; those that nobody used for longest make room. */
export function createSpareLinks(room: () => number): SpareLinks {
  const kept: Kept[] = []
  let closed = false

  function take(instanceId: string): Spare | undefined {
    const newest = kept.findLast(one => one.instanceId === instanceId)
    if (newest) remove(newest)
    else makeRoom(room())
    return newest?.spare
  }

  function keep(instanceId: string, spare: Spare): void {
    const left = spare.since + SERVES_MS - performance.now()
    if (closed || left <= 0) return void spare.close()
    const one: Kept = { instanceId, spare, timer: setTimeout(() => close(one), left).unref() }
    kept.push(one)
    // Whoever leaves it still has its own turn.
    makeRoom(room() + 1)
  }

  function makeRoom(most: number): void {
    for (const one of kept.slice(0, Math.max(0, kept.length - most))) void close(one)
  }

  function close(one: Kept): Promise<void> {
    remove(one)
    return one.spare.close()
  }

  function remove(one: Kept): void {
    clearTimeout(one.timer)
    kept.splice(kept.indexOf(one), 1)
  }

  return {
    of: instanceId => ({ take: () => take(instanceId), keep: spare => keep(instanceId, spare) }),
    [Symbol.asyncDispose]: async () => {
      closed = true
      await Promise.all([...kept].map(close))
    },
  }
}
