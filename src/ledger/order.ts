import type { ApiKey } from '../domain/callers/api-key.ts'
import type { Caller } from '../domain/callers/caller.ts'
import type { Operator } from '../domain/callers/operator.ts'
import type { Fault } from '../domain/fault.ts'
import type { TargetOutcome } from '../domain/operations/operation.ts'
import type { Change } from '../domain/users/change.ts'
import type { Facts } from '../engines/engine.ts'
import type { ClaimedReplay } from '../store/interface/replays.ts'
import type { Tables } from '../store/store.ts'
import type { RecordWish } from './settlement.ts'

/** What a caller wants done, to one subject or several, as one operation. */
export interface Order {
  readonly caller: OrderedBy
  readonly projectId: string
  readonly targets: readonly OrderTarget[]
  /** A repeat of the same request finds this operation by it. */
  readonly replay?: Omit<ClaimedReplay, 'operationId' | 'answer'>
  /** Done in the transaction that writes the operation, before that. */
  readonly prepare?: (tables: Tables) => Promise<void>
  /** Asked in the transaction that writes the operation, when no other is open on its subjects any more; throws why it must not be done after all. */
  readonly confirm?: (tables: Tables) => Promise<void>
  /** Passes at the request's deadline: the caller then gets a 503, and the outcome is kept for it. */
  readonly signal: AbortSignal
}

/** A caller; or our own worker, which has no key. */
export interface OrderedBy extends Pick<Caller, 'address' | 'dialect' | 'requestId'> {
  readonly operator: Pick<Operator, 'id'>
  readonly key?: Pick<ApiKey, 'id'>
}

export interface OrderTarget {
  readonly instanceId: string
  readonly change: Change
  readonly wish: RecordWish
  /** The managing login changes its own password: recovery must try the new one too. */
  readonly ownLogin?: boolean
  /** Where it can't be finished, what was done of it stays: who is to be shut out is not let in again. */
  readonly keepHalf?: boolean
  /** Thrown when the subject is not there: to an engine, dropping what is missing is no work at all. */
  readonly ifMissing?: Fault
  /** Throws why it must not be done after all, from what was read just now. */
  readonly check?: (facts: Facts) => void
}

export interface Performed {
  readonly operationId: string
  readonly outcomes: readonly TargetOutcome[]
}
