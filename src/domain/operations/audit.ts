import type { Dialect } from '../callers/caller.ts'

/** One line per change, written in the transaction of the change itself; chained later, in order, by a worker. */
export interface AuditLine {
  readonly projectId?: string
  readonly at: number
  readonly operatorId: string
  readonly keyId?: string
  readonly address: string
  readonly dialect: Dialect
  readonly requestId: string
  readonly operationId?: string
  /** The instance that it is about, where neither the operation nor a connection says so. */
  readonly instanceId?: string
  /** `user.create`, `connection.change`, `key.revoke`, … */
  readonly action: string
  /** What was changed, in words a reader can search for. */
  readonly subject: string
  /** Statements as shown: masked. Field names that changed, for things of the store. */
  readonly detail: readonly string[]
  readonly outcome: 'begun' | 'settled' | 'undone' | 'done'
  readonly reason?: string
}
