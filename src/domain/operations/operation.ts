import type { Dialect } from '../callers/caller.ts'
import type { FaultRecord } from '../fault.ts'
import type { Secret } from '../secret.ts'
import type { Change, ChangeKind, Subject } from '../users/change.ts'
import type { DatabaseUser } from '../users/user.ts'

/** `open` until settled or undone; one that failed and waits for its next try is shown as `stuck`. */
export type OperationState = 'open' | 'settled' | 'undone'

/** One change that Rolecall was asked to make: written before the first statement, settled after the last. */
export interface Operation {
  /** `op_` and a ULID. */
  readonly id: string
  readonly projectId: string
  readonly state: OperationState
  readonly operatorId: string
  readonly keyId?: string
  readonly address: string
  readonly dialect: Dialect
  readonly requestId: string
  readonly createdAt: number
  readonly settledAt?: number
  readonly targets: readonly OperationTarget[]
  /** Counted before each attempt, so a crash in the middle still uses one up. */
  readonly attempts: number
  /** When the worker tries again; set while it is stuck. */
  readonly nextTryAt?: number
  readonly lastFault?: FaultRecord
  readonly abandonedBy?: string
  readonly answer: AnswerState
}

/** `none`: nothing to hand over. `undelivered` until its caller has taken the last byte, or fetched it, or 24 h passed. */
export type AnswerState = 'none' | 'undelivered' | 'delivered'

/** What an operation touches: one subject on one instance. */
export interface OperationTarget {
  readonly instanceId: string
  readonly subject: Subject
  readonly kind: ChangeKind
  readonly change: Change
  /** The subject's incarnation when the operation began; undefined where it did not exist. */
  readonly incarnation?: string
  readonly steps: readonly StepShown[]
  /** What the ledger wants remembered beside the engine once it settles; opaque to the store. */
  readonly record?: Readonly<Record<string, unknown>>
  readonly outcome?: TargetOutcome
  /** It has come to its end, and others of its operation have not. */
  readonly isOver?: boolean
}

/** A step as people and the store see it: secrets masked. */
export interface StepShown {
  readonly database?: string
  readonly statement: string
  readonly why: string
}

/** What came of a target; with `password`, kept sealed until it is handed over. */
export interface TargetOutcome {
  readonly user?: DatabaseUser
  readonly password?: Secret
}

export function isStuck(operation: Pick<Operation, 'state' | 'nextTryAt'>): boolean {
  return operation.state === 'open' && operation.nextTryAt !== undefined
}
