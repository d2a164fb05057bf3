import { Fault } from '../../domain/fault.ts'

/** So many at once; the rest wait in line, in the order in which they came. */
export interface Turns {
  /** How many are not taken. */
  readonly free: number
  /** Dispose of it when done. Throws `unavailable` when `signal` aborts first. */
  take(signal: AbortSignal): Promise<Disposable>
  /** Several at one stroke: nobody holds some of them and waits for the others. */
  takeMany(many: number, signal: AbortSignal): Promise<readonly Disposable[]>
}

interface Waiting {
  readonly many: number
  readonly go: () => void
}

export function createTurns(limit: number): Turns {
  const waiting: Waiting[] = []
  let free = limit

  /** Whoever is first in line is served first, however little the next one wants. */
  function serve(): void {
    for (let first = waiting[0]; first && first.many <= free; first = waiting[0]) {
      waiting.shift()
      free -= first.many
      first.go()
    }
  }

  function giveBack(): void {
    free++
    serve()
  }

  async function takeMany(many: number, signal: AbortSignal): Promise<readonly Disposable[]> {
    if (waiting.length === 0 && many <= free) free -= many
    else await inLine(many, signal)
    return Array.from({ length: many }, () => ({ [Symbol.dispose]: giveBack }))
  }

  function inLine(many: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const mine: Waiting = {
        many,
        go: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(mine), 1)
        reject(new Fault('unavailable', 'server', 'Too much is waiting for this server', { retryAfterSeconds: 2 }))
        serve()
      }
      waiting.push(mine)
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) leave()
    })
  }

  return {
    take: async signal => (await takeMany(1, signal))[0]!,
    takeMany,
    get free() {
      return free
    },
  }
}
