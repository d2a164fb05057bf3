import type { Fault } from '../../domain/fault.ts'

/** Servers that gave their answer, and are not asked again each time that the rest of their operation is tried. */
export interface Rests {
  /** Why, and for how long still; undefined: it may be asked. */
  find(operationId: string, instanceId: string): Rest | undefined
  /** It refused once more. */
  note(operationId: string, instanceId: string, fault: Fault): void
}

export interface Rest {
  readonly fault: Fault
  readonly leftMs: number
}

interface Known {
  readonly fault: Fault
  readonly times: number
  /** By `performance.now()`. */
  readonly until: number
}

const FIRST_MS = 500
const LONGEST_MS = 30_000
/** What nobody asked for that long is over, or another replica's. */
const STALE_MS = 10 * 60_000

/** In memory: another process, or the next one, asks once more. */
export function createRests(): Rests {
  const all = new Map<string, Known>()

  function find(operationId: string, instanceId: string): Rest | undefined {
    const known = all.get(keyOf(operationId, instanceId))
    const leftMs = known ? Math.ceil(known.until - performance.now()) : 0
    return known && leftMs > 0 ? { fault: known.fault, leftMs } : undefined
  }

  function note(operationId: string, instanceId: string, fault: Fault): void {
    const now = performance.now()
    for (const [key, { until }] of all) if (until + STALE_MS < now) all.delete(key)
    const times = all.get(keyOf(operationId, instanceId))?.times ?? 0
    const until = now + Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(times, 10))
    all.set(keyOf(operationId, instanceId), { fault, times: times + 1, until })
  }

  return { find, note }
}

const keyOf = (operationId: string, instanceId: string) => `${operationId} ${instanceId}`
