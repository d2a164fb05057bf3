import type { Mark } from '../../../domain/users/user.ts'
import type { Facts } from '../../engine.ts'
import type { DatabaseFound } from '../databases/facts.ts'
import type { ServerState } from '../link/server.ts'
import type { Account } from '../names.ts'
import type { RoleName } from '../roles/names.ts'
import type { RoleFound } from '../roles/read.ts'
import type { Login } from '../users/read.ts'
import type { Rights } from './rights.ts'

/** What a plan for this engine knows. Absent parts are of no matter to the change at hand. */
export interface MongodbFacts extends Facts {
  readonly state: ServerState
  readonly rights: Rights
  /** What this operation leaves on the engine. */
  readonly mark: Mark
  /** Does the server keep data beside a login? Else a role without rights is the mark. */
  readonly keepsData: boolean
  /** Does it let logins in from where a role of theirs says; asked where the role of the locked is to be made. */
  readonly closesSources?: boolean
  readonly account?: Account
  readonly login?: Login
  /** The new password opens it already. */
  readonly opens?: boolean
  /** Those of its roles on single collections that nobody else has. */
  readonly lonely?: readonly RoleName[]
  /** What the server knows that a role may allow; undefined where it does not say, or nobody asked. */
  readonly actions?: ReadonlySet<string>
  /** Those of the roles that a plan may need, as far as they are there. */
  readonly roles: readonly RoleFound[]
  /** Databases that the change grants on and that are there. */
  readonly databases: readonly string[]
  readonly database?: DatabaseFound
}
