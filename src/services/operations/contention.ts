import { isFault } from '../../domain/fault.ts'

/** With each round one request wins, so this many at once all come through. */
const ROUNDS = 20

/** Who names no version has the last word: a change that came between is no conflict, and the work is done again. */
export async function lastWord<T>(version: number | undefined, work: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await work()
    } catch (error) {
      const isLost = version === undefined && isFault(error) && error.code === 'precondition_failed'
      if (round === ROUNDS || !isLost) throw error
    }
  }
}
