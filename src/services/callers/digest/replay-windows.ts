import type { Store } from '../../../store/store.ts'

/** A use of a nonce: the count must be one that nobody has used with it. */
export interface NonceUse {
  readonly nonce: string
  readonly keyId: string
  readonly count: number
  /** When the nonce ends. */
  readonly until: number
}

/** Tells a repeat from a first time. The first count of a nonce may be any; after it those up to 63 below the highest may come late. */
export interface ReplayWindows {
  /** False: used before, or too old to tell. */
  use(use: NonceUse): Promise<boolean>
}

const WIDTH = 64
const ALL = (1n << BigInt(WIDTH)) - 1n

/** For the only process of a store: its nonces end with it, so nothing has to outlast it, and no request waits for a disk. */
export function windowsInMemory(): ReplayWindows {
  const windows = new Map<string, Window>()
  return {
    async use({ nonce, keyId, count, until }) {
      forget(windows)
      const name = `${nonce} ${keyId}`
      const window = windows.get(name)
      if (window) return useAgain(window, count)
      windows.set(name, { highest: count, seen: 1n, until })
      return true
    },
  }
}

/** Bit n of `seen`: the count n below the highest was used. */
interface Window {
  highest: number
  seen: bigint
  readonly until: number
}

function useAgain(window: Window, count: number): boolean {
  const ahead = count - window.highest
  if (ahead > 0) {
    window.seen = ((window.seen << BigInt(Math.min(ahead, WIDTH))) & ALL) | 1n
    window.highest = count
    return true
  }
  if (-ahead >= WIDTH) return false
  const bit = 1n << BigInt(-ahead)
  if ((window.seen & bit) !== 0n) return false
  window.seen |= bit
  return true
}

/** Added in the order in which they began to be used, which is nearly that of their ends: looking stops at the first that goes on. */
function forget(windows: Map<string, Window>): void {
  const now = Date.now()
  for (const [name, { until }] of windows) {
    if (until > now) return
    windows.delete(name)
  }
}

/** For processes that share a store: one statement each, so that of two repeats at once one is refused. The worker removes what has ended. */
export function windowsInStore(store: Store): ReplayWindows {
  return { use: use => store.statement(tables => tables.nonceWindows.use(use)) }
}
