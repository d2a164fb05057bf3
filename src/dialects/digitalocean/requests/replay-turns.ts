import { orLate, tooLate } from '../../../ledger/deadline.ts'

/** A place in the line of equal requests. */
export interface Turn {
  /** Resolves when it is known of every earlier one whether its answer was taken. Throws at the deadline. */
  begins(deadline: AbortSignal): Promise<void>
  /** It is known of this one. */
  leave(): void
}

/**
 * Equal requests, one after the other, as long as their answers are on their way: of one that is still being sent nobody can say whether
 * the next is its repeat.
 */
export function createTurns(): { enter(key: string): Turn } {
  const last = new Map<string, Promise<void>>()

  function enter(key: string): Turn {
    const before = last.get(key) ?? Promise.resolve()
    const { promise: left, resolve } = Promise.withResolvers<void>()
    const all = before.then(() => left)
    last.set(key, all)
    all.then(() => last.get(key) === all && last.delete(key))
    return { begins: deadline => orLate(before, deadline, tooLate), leave: resolve }
  }

  return { enter }
}
