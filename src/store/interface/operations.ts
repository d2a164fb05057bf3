import type { FaultRecord } from '../../domain/fault.ts'
import type { AuditLine } from '../../domain/operations/audit.ts'
import type { Operation, OperationState, StepShown, TargetOutcome } from '../../domain/operations/operation.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Change, Subject } from '../../domain/users/change.ts'

/** What `begin` writes, in one transaction of its caller. */
export interface NewOperation {
  readonly id: string
  readonly projectId: string
  readonly operatorId: string
  readonly keyId?: string
  readonly address: string
  readonly dialect: Operation['dialect']
  readonly requestId: string
  readonly createdAt: number
  readonly worker: string
  readonly leaseUntil: number
  readonly targets: readonly {
    readonly instanceId: string
    readonly subject: Subject
    /** Passwords in it are sealed apart. */
    readonly change: Change
    readonly incarnation?: string
    readonly steps: readonly StepShown[]
    /** What the record beside the engine becomes when the target settles; opaque to the store, which keeps it as JSON: no secrets. */
    readonly record?: Readonly<Record<string, unknown>>
  }[]
}

export interface OperationFilter {
  readonly projectId: string
  readonly state?: OperationState | 'stuck'
  readonly instanceId?: string
  readonly subject?: Subject
  readonly visibleTo?: string
}

/** An operation as the worker takes it up. */
export interface ClaimedOperation extends Operation {
  readonly worker: string
}

export interface Operations {
  /**
   * Throws `conflict` (subject: the target's kind) when another operation is open on one of the subjects. Answers whether one may have
   * ended there since `plannedAt`.
   */
  begin(operation: NewOperation, plannedAt?: number): Promise<boolean>
  find(id: string): Promise<Operation | undefined>
  /** Newest first; pages after an id. */
  list(filter: OperationFilter, page: KeyPage): Promise<Page<Operation>>
  /** The open operation on a subject. */
  findOpen(instanceId: string, subject: Subject): Promise<Operation | undefined>
  countOpen(instanceId: string): Promise<number>
  /** Of the whole installation. */
  backlog(): Promise<OperationBacklog>
  /** Makes the worker's leases on these attempts last until `until`; answers those that are still its own. */
  renew(worker: string, attempts: readonly AttemptId[], until: number): Promise<readonly AttemptId[]>
  /** Writes anew what was seen before the first statement, of each target; false unless the operation is open and held so. */
  replan(id: string, held: Held, targets: readonly TargetSeen[]): Promise<boolean>
  /** Takes up to `limit` open operations whose lease ran out and whose next try has come; counts the attempt. */
  claim(worker: string, now: number, leaseUntil: number, limit: number): Promise<readonly ClaimedOperation[]>
  /** Every one of the following does nothing and answers false unless the operation is open and leased to `worker` in `attempt`. */
  /**
   * One outcome (none: it was not done, and `fault` says why) and one list of steps for each target; without, they were run as they were
   * written. The answer is undelivered until `answerUntil`; none to hand over: 0.
   */
  settle(
    id: string,
    held: Held,
    outcomes: readonly (TargetOutcome | undefined)[],
    steps: readonly (readonly StepShown[])[] | undefined,
    now: number,
    answerUntil: number,
    fault?: FaultRecord,
  ): Promise<boolean>
  undo(id: string, held: Held, fault: FaultRecord, now: number): Promise<boolean>
  /**
   * These targets are done, or (without an outcome) left alone; `fault`: why not. New passwords among the outcomes are undelivered until
   * `answerUntil`. Answers how many are still open: with the last it settles.
   */
  finishTargets(
    id: string,
    held: Held,
    done: readonly DoneTarget[],
    now: number,
    answerUntil: number,
    fault?: FaultRecord,
  ): Promise<number | undefined>
  /** From now on this is what is to be done of these targets: taken back, or what they had taken the place of. */
  turnBack(
    id: string,
    held: Held,
    back: readonly (Pick<NewOperation['targets'][number], 'change' | 'record'> & { readonly position: number })[],
  ): Promise<boolean>
  /** Closes the target on a subject of an operation that waits for its next try: a later change takes its place. Answers whose it was. */
  supersede(instanceId: string, subject: Subject, now: number): Promise<string | undefined>
  /** It failed, and waits until `nextTryAt`; the lease is given up. */
  postpone(id: string, held: Held, fault: FaultRecord, nextTryAt: number): Promise<boolean>
  /** An operator gives it up; whoever holds it. Answers false unless it is open. */
  abandon(id: string, operatorId: string, now: number): Promise<boolean>
  /** Lets the worker try a stuck one at once. */
  hurry(id: string, now: number): Promise<boolean>
  /** The client took the last byte: the sealed answer is erased, unless `keep` (an Idempotency-Key wants it until its time is over). */
  delivered(id: string, keep?: boolean): Promise<void>
  /** The undelivered answer, once: erases it. Only for its own caller. */
  takeAnswer(id: string, operatorId: string, now: number): Promise<readonly TargetOutcome[] | undefined>
  /** Reads the outcomes without taking them, for a replay. */
  outcomes(id: string): Promise<readonly TargetOutcome[] | undefined>
  /** Erases answers and replays whose time is over; answers how many. */
  sweep(now: number): Promise<number>
}

/** What is under way. */
export interface OperationBacklog {
  /** Those that somebody works on. */
  readonly open: number
  /** Those that failed, and wait for their next try. */
  readonly stuck: number
  /** What is not done of each: a change on several servers has one target on each. */
  readonly openTargets: number
  readonly stuckTargets: number
  readonly oldestOpen?: number
  readonly oldestStuck?: number
}

/** A target that has come to its end before others. */
export interface DoneTarget {
  readonly position: number
  readonly outcome?: TargetOutcome
  readonly steps: readonly StepShown[]
}

/** One try at an operation. */
export interface AttemptId {
  readonly operationId: string
  readonly attempt: number
}

/** What `begin` wrote of a target that depends on how the engine was found. */
export type TargetSeen = Pick<NewOperation['targets'][number], 'incarnation' | 'steps' | 'record'>

/** Whose turn it is: settle, undo and postpone only count for the attempt that holds the lease. */
export interface Held {
  readonly worker: string
  readonly attempt: number
}

export interface Audit {
  add(line: AuditLine): Promise<void>
  list(projectId: string, page: KeyPage): Promise<Page<AuditLine & { readonly id: string }>>
  /** In the order in which they were written, after a line's id. */
  listAfter(
    projectId: string,
    after: string,
    limit: number,
    visibleTo?: string,
  ): Promise<readonly (AuditLine & { readonly id: string })[]>
  /** Id of the newest line. */
  lastId(projectId: string): Promise<string | undefined>
}
