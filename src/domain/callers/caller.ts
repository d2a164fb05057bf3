import type { Role } from '../users/role.ts'
import type { ApiKey } from './api-key.ts'
import type { Operator } from './operator.ts'

/** Who asks, with what, from where, through which door: what the ledger and the audit write down. */
export interface Caller {
  readonly operator: Operator
  readonly key: ApiKey
  /** The role in each project: the weaker of the key's and the operator's. Projects without one are absent. */
  readonly roles: ReadonlyMap<string, Role>
  /** Projects where the key is weaker than its operator: what access lists give the operator is cut there, too. */
  readonly narrowed?: ReadonlySet<string>
  readonly address: string
  readonly dialect: Dialect
  readonly requestId: string
}

/** The HTTP APIs we speak; `command` is the command line on the machine itself, `system` our own worker. */
export type Dialect = 'native' | 'wiremock' | 'digitalocean' | 'trove' | 'atlas' | 'command' | 'system'
