import { type Fault, isFault } from '../../domain/fault.ts'

/** With each round one request wins, so this many at once all come through. */
const ROUNDS = 20

/** Does the work again while it loses to another request in a way that a repeat settles. */
export async function untilWon<T>(isLost: (fault: Fault) => boolean, work: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await work()
    } catch (error) {
      if (round === ROUNDS || !isFault(error) || !isLost(error)) throw error
    }
  }
}

/** Who names no version has the last word: a change that came between is no conflict. */
export function lastWord<T>(version: number | undefined, work: () => Promise<T>): Promise<T> {
  return untilWon(({ code }) => version === undefined && code === 'precondition_failed', work)
}
