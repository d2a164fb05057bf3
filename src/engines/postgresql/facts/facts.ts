import type { Secret } from '../../../domain/secret.ts'
import type { Mark } from '../../../domain/users/user.ts'
import type { Facts } from '../../engine.ts'
import type { DatabaseFound } from '../databases/facts.ts'
import type { Holdings } from '../drop/facts.ts'
import type { ForeignGrant } from '../drop/foreign-grants.ts'
import type { GrantDatabase } from '../grants/facts.ts'
import type { ServerState } from '../link/server.ts'
import type { MarkFound } from '../marks.ts'
import type { UserRow } from '../users/read.ts'
import type { Reach } from './reach.ts'

/** What a plan on PostgreSQL knows. Absent parts are of no matter to the change at hand. */
export interface PostgresFacts extends Facts {
  readonly state: ServerState
  /** What this operation leaves on the engine. */
  readonly mark: Mark
  /** The role of the subject's name: a login, a group, or one of the system's. */
  readonly role?: UserRow
  /** Our mark on that role. */
  readonly roleMark?: MarkFound
  /** What the managing login may do with it. */
  readonly reach?: Reach
  /** Roles that the change names beside its subject, as far as they exist. */
  readonly others: readonly Reach[]
  /** Of the password that the change sets; it may still be computed. */
  readonly verifier?: Promise<Secret>
  readonly sessions: number
  /** Databases that the change grants on, or takes grants away from. */
  readonly grants: readonly GrantDatabase[]
  readonly holdings?: Holdings
  /** Catalogue roles that carry this operation's mark; read only to take them back. */
  readonly madeRoles: readonly MadeRole[]
  readonly database?: DatabaseFound
  readonly rename?: RenameFacts
}

/** Where a step runs: left out, it is the database that Rolecall is connected to. */
export function inDatabase(name: string, { state }: PostgresFacts): { readonly database?: string } {
  return name === state.database ? {} : { database: name }
}

/** What a rename has to know beside its subject. */
export interface RenameFacts {
  /** Some other role has the new name. */
  readonly taken: boolean
  /** The server would clear such a password without a word: the name is part of its hash. */
  readonly md5: boolean
}

/** A catalogue role that an operation made on the way. */
export interface MadeRole {
  readonly name: string
  /** Undefined: its database is gone. */
  readonly database?: string
  /** Others have come to use it, or things have come to belong to it. */
  readonly inUse: boolean
  readonly reach: Reach
  /** What owners whose rights were borrowed granted it: that goes only as them. */
  readonly grants: readonly ForeignGrant[]
}
