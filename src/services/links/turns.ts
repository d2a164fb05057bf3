import { Fault } from '../../domain/fault.ts'

/** So many at once; the rest wait in line, in the order in which they came. */
export interface Turns {
  /** How many are not taken. */
  readonly free: number
  /** Dispose of it when done. Throws `unavailable` when `signal` aborts first. */
  take(signal: AbortSignal): Promise<Disposable>
}

export function createTurns(limit: number): Turns {
  const waiting: (() => void)[] = []
  let free = limit

  function giveBack(): void {
    const next = waiting.shift()
    if (next) next()
    else free++
  }

  async function take(signal: AbortSignal): Promise<Disposable> {
    if (free > 0) free--
    else await inLine(signal)
    return { [Symbol.dispose]: giveBack }
  }

  function inLine(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const mine = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(mine), 1)
        reject(new Fault('unavailable', 'server', 'Too much is waiting for this server', { retryAfterSeconds: 2 }))
      }
      waiting.push(mine)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  return {
    take,
    get free() {
      return free
    },
  }
}
