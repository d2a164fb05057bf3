import type { FaultRecord } from '../fault.ts'

/** The promise that a login goes at a moment, and how far it has come. */
export interface Expiry {
  readonly instanceId: string
  /** `userKeyText`. */
  readonly key: string
  /** The one login that it is about: a later one of the same name is none of its business. */
  readonly incarnation: string
  /** By the store's clock. */
  readonly due: number
  /** Counted before each try, so a crash in the middle still uses one up. */
  readonly tries: number
  /** When somebody looks after it next. */
  readonly tryAt: number
  /** Since when it is shut out because its time is over. */
  readonly lockedAt?: number
  /** Why it is not gone yet. */
  readonly fault?: FaultRecord
}

/** A new end of a login. */
export interface EndWish {
  /** Left out: it has none any more. */
  readonly until?: number
  /** The end that we had set: only that one is ours to move on the server. */
  readonly before?: number
}

const UNIT_MS = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, S: 1_000 } as const

const DURATION = /^P(?!$)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$/

/** An ISO 8601 duration in milliseconds; undefined for anything else, and for months and years, which differ in length. */
export function durationMs(text: string): number | undefined {
  const found = DURATION.exec(text)
  if (!found) return undefined
  const units = Object.values(UNIT_MS)
  return found.slice(1).reduce((sum, count, at) => sum + Number(count ?? 0) * units[at]!, 0)
}

/** Where clocks differ by more, nobody can say whose time it is. */
export const CLOCKS_MAY_DIFFER_MS = 5 * 60_000

export function clocksAgree(store: number, engine: number): boolean {
  return Math.abs(store - engine) <= CLOCKS_MAY_DIFFER_MS
}
