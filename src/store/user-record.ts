import type { Dialect } from '../domain/callers/caller.ts'
import type { Secret } from '../domain/secret.ts'

/** What the engine cannot say about one of its users. Tied to key and incarnation: a re-made login is not this one. */
export interface UserRecord {
  readonly instanceId: string
  /** `userKeyText`. */
  readonly key: string
  /** Undefined where the engine has nothing that tells. */
  readonly incarnation?: string
  /** Who made it; undefined: others did, and we only keep labels. */
  readonly madeBy?: {
    readonly operationId: string
    readonly operatorId: string
    readonly username: string
    readonly dialect: Dialect
    readonly at: number
  }
  readonly passwordChangedAt?: number
  readonly labels: Readonly<Record<string, string>>
  readonly description?: string
  readonly validUntil?: number
  /** Dialects that must echo what was asked keep it here, under their own name. */
  readonly asked: Readonly<Record<string, unknown>>
  /** Only where policy `passwordRecall` is `stored`. */
  readonly password?: Secret
}
