import type { Mark } from '../../../domain/users/user.ts'
import type { Facts } from '../../engine.ts'
import type { DatabaseFound } from '../databases/facts.ts'
import type { GrantDatabase } from '../grants/facts.ts'
import type { ServerState } from '../link/server.ts'
import type { PasswordHash } from '../users/hashes.ts'
import type { Account } from '../users/read.ts'
import type { Rights } from './rights.ts'

/** What a plan on this family knows. Absent parts are of no matter to the change at hand. */
export interface MysqlFacts extends Facts {
  readonly state: ServerState
  readonly rights: Rights
  /** What this operation leaves on the engine. */
  readonly mark: Mark
  readonly account?: Account
  /** A login or a role of the subject's name that is none of the users we show. */
  readonly nameTaken: boolean
  /** Is this operation's marker role there; always false where accounts carry their marks themselves. */
  readonly markerRole: boolean
  /** Roles that can be granted. */
  readonly roles: readonly string[]
  /** Of the password that the change sets; undefined where the server has no way of keeping one that we can compute. */
  readonly password?: PasswordHash
  readonly passwordRefusal?: string
  readonly sessions: number
  /** Hosts of all accounts of the subject's name. */
  readonly hosts: readonly string[]
  /** Databases that the change grants on, or takes grants away from. */
  readonly grants: readonly GrantDatabase[]
  readonly database?: DatabaseFound
  readonly rename?: RenameFacts
}

/** What a rename has to know beside its subject. */
export interface RenameFacts {
  /** Some other account has the new name. */
  readonly taken: boolean
  /** It says which operation is giving it its name. */
  readonly begun: boolean
  readonly done: boolean
}
