import type { FaultRecord } from '../../domain/fault.ts'
import type { Expiry } from '../../domain/users/expiry.ts'
import type { Places, ProjectRecord, RecordPlan } from '../project-record.ts'
import type { UserRecord } from '../user-record.ts'

export interface UserRecords {
  find(instanceId: string, key: string): Promise<UserRecord | undefined>
  findMany(instanceId: string, keys: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>
  /** Adds, or replaces the record of that key. Its end, if it has one, is a promise from then on, and begins anew when it is moved. */
  put(record: UserRecord): Promise<void>
  /** The same with what `change` makes of the record that is there; nobody else writes it in between. Undefined: nothing is written. */
  change(
    instanceId: string,
    key: string,
    change: (before: UserRecord | undefined) => UserRecord | undefined,
  ): Promise<UserRecord | undefined>
  remove(instanceId: string, key: string): Promise<void>
  count(instanceId: string): Promise<number>
}

/** Promises to drop logins, kept in step with their records by `users.put` and `users.remove`. */
export interface Expiries {
  findMany(instanceId: string, keys: readonly string[]): Promise<ReadonlyMap<string, Expiry>>
  /** Instances with logins whose time has come and that nobody looks after, those that wait longest first. */
  waitingInstances(now: number): Promise<readonly string[]>
  /** Takes up to `limit` of them on one instance, until `leaseUntil`; counts the try. `open`: only such as nobody has shut out yet. */
  claim(
    instanceId: string,
    worker: string,
    now: number,
    leaseUntil: number,
    limit: number,
    which?: 'open',
  ): Promise<readonly ClaimedExpiry[]>
  /** It is shut out, and still there. Answers false unless it is as it was claimed; so do the next three. */
  locked(expiry: ClaimedExpiry, now: number): Promise<boolean>
  /** It is shut out, and may be claimed again at once: that was no try to drop it. */
  shutOut(expiry: ClaimedExpiry, now: number): Promise<boolean>
  /** It could not be dropped, and waits for its next try. */
  postpone(expiry: ClaimedExpiry, tryAt: number, fault: FaultRecord): Promise<boolean>
  /** Nothing is left to be done; what else is known of the login stays. */
  remove(expiry: ClaimedExpiry): Promise<boolean>
  /** Frees what is claimed: only for the start of a process that has its store alone. */
  release(): Promise<void>
  count(instanceId: string): Promise<number>
  backlog(now: number): Promise<ExpiryBacklog>
}

export interface ClaimedExpiry extends Expiry {
  readonly worker: string
}

/** Logins whose time is over, and that are still there. */
export interface ExpiryBacklog {
  readonly open: number
  readonly locked: number
  /** When the first of those that nobody has shut out yet fell due. */
  readonly oldestOpen?: number
  readonly oldestLocked?: number
}

/** Users and roles of projects. A change of one is as open as the operation that makes it. */
export interface ProjectRecords {
  /** By creation. */
  list(projectId: string, kind: ProjectRecord['kind']): Promise<readonly ProjectRecord[]>
  find(projectId: string, kind: ProjectRecord['kind'], key: string): Promise<ProjectRecord | undefined>
  /** As `find`, and whoever else changes it waits until this transaction is over. */
  hold(record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>): Promise<ProjectRecord | undefined>
  /** Those of its name that other projects have. */
  namesakes(record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>): Promise<readonly ProjectRecord[]>
  /** Projects that have any. */
  projects(): Promise<readonly string[]>
  /** Adds or replaces it, without an operation. */
  put(record: ProjectRecord): Promise<void>
  remove(record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>): Promise<void>
  /** What an operation is to make of it. Throws `conflict` while another change of it is open. */
  begin(plan: RecordPlan, now: number): Promise<void>
  /** It is so, though `open` servers are still to follow; what was to go is gone once there are none. */
  finish(operationId: string, open: number): Promise<void>
  /** It was made, or refused, on some instances, and dropped on others. */
  move(
    record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>,
    made: Places,
    dropped: readonly string[],
  ): Promise<void>
  /** It stays as it was. */
  undo(operationId: string): Promise<void>
}
