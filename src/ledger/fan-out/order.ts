import type { Change } from '../../domain/users/change.ts'
import type { RecordPlan } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import type { Order, OrderTarget } from '../order.ts'
import type { RecordWish } from '../settlement.ts'

/** A change of one subject of a project on several instances, side by side. */
export interface FanOutOrder extends Omit<Order, 'targets'> {
  /** The first is about the subject that the record is of; what else is changed with it, if anything, comes after those that are. */
  readonly targets: readonly FanOutTarget[]
  /** Each instance has so long: a slow one keeps the others from nothing. */
  readonly perInstanceMs: number
  /**
   * What comes of the others where one fails: all is taken back; what is done stays, and the rest is done later; or nothing begins unless
   * every instance answers, a refusal takes all back, and what nobody can know is found out later, and finished if any of it was done.
   */
  readonly onFailure: 'undo' | 'leave' | 'finish'
  /** Closes what waits for its next try and this takes the place of; answers on which instances. In the transaction that writes the operation. */
  readonly supersede?: (tables: Tables) => Promise<readonly string[]>
  /** What becomes of the project's own record of the subject. */
  readonly record: Omit<RecordPlan, 'operationId' | 'projectId'>
}

export interface FanOutTarget extends OrderTarget {
  /** Which login it is about, where it can't be asked. */
  readonly incarnation?: string
  /** What waits there for its next try. Where this takes its place and comes to nothing, it waits on. */
  readonly instead?: Change
}

/** What a target's row says of itself, beside what is to be remembered. */
export interface FanOutWish extends RecordWish {
  readonly fanOut?: {
    /** It is done however late it is: it is not closed because nothing of it is there yet. */
    readonly forward?: boolean
  }
}

export function noteOf(record: unknown): FanOutWish['fanOut'] {
  return (record as FanOutWish | undefined)?.fanOut
}
