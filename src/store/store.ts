import type {
  AccessListEntries,
  Invitations,
  Keys,
  Members,
  NonceWindows,
  Operators,
  Projects,
  ServiceAccounts,
  Teams,
  Tokens,
} from './interface/callers.ts'
import type { Audit, Operations } from './interface/operations.ts'
import type { Replays } from './interface/replays.ts'
import type { AccessLists, Connections, DataSources, Instances } from './interface/servers.ts'
import type { Expiries, ProjectRecords, UserRecords } from './interface/users.ts'

/**
 * What Rolecall remembers. The same queries run over SQLite and PostgreSQL. Throws `Fault`s: `unavailable store` when it can't be
 * reached, `exists` where a unique index says so (subject: what is taken), `precondition_failed` where a version does not fit.
 */
export interface Store {
  /** 8 hex digits that tell this installation's marks from another's. */
  readonly installation: string
  /** True while no other process can serve from it: whatever is leased was left behind by a process that is gone. */
  readonly alone: boolean
  /** Reads, outside of any transaction; each sees what was committed before it began. */
  readonly read: Tables
  /**
   * All of `work`, or none of it. In `work` use `tables` alone, and wait for nothing but the store; a fault ends it: never carry on
   * after one. PostgreSQL may undo it to end a deadlock: `work` is then run again from its beginning.
   */
  transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T>
  /** A change that is one statement by itself: where the store is another process it costs one round trip, and no transaction. */
  statement<T>(work: (tables: Tables) => Promise<T>): Promise<T>
  /** The store's clock, in epoch milliseconds: the one that replicas agree on. */
  now(): Promise<number>
  /** Wraps every data key with the first master key of the ring, so that older ones may be put away. Answers how many. */
  rewrap(): Promise<number>
  /** Cheapest possible question; throws when the store is away. */
  ping(): Promise<void>
  /** Lets running transactions end first. */
  close(): Promise<void>
}

/** One member per table, or family of tables. */
export interface Tables {
  readonly now: () => Promise<number>
  readonly operators: Operators
  readonly projects: Projects
  readonly members: Members
  readonly keys: Keys
  readonly instances: Instances
  readonly connections: Connections
  readonly access: AccessLists
  readonly teams: Teams
  readonly invitations: Invitations
  readonly dataSources: DataSources
  readonly users: UserRecords
  readonly expiries: Expiries
  readonly projectRecords: ProjectRecords
  readonly operations: Operations
  readonly replays: Replays
  readonly tokens: Tokens
  readonly nonceWindows: NonceWindows
  readonly serviceAccounts: ServiceAccounts
  readonly accessListEntries: AccessListEntries
  readonly audit: Audit
}
