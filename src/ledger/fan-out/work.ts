import type { DoneTarget } from '../../store/interface/operations.ts'
import type { Planned } from '../attempt.ts'
import type { Begun } from '../begin.ts'
import type { HeldLease } from '../leases.ts'
import type { FanOutOrder } from './order.ts'
import type { Reached } from './reach.ts'

/** An operation that has been written, in the hands of the request that asked for it. */
export interface Work {
  readonly order: FanOutOrder
  readonly begun: Begun
  readonly lease: HeldLease
  readonly reached: readonly Reached[]
  readonly planned: Map<number, Planned>
  readonly done: Map<number, DoneTarget>
  /** Instances on which it took the place of what waited there. */
  readonly superseded: ReadonlySet<string>
  /** Gives its links back: whoever waits for another one of the same server must not hold one. */
  readonly letGo: () => Promise<void>
}
