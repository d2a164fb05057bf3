import type { Secret } from '../domain/secret.ts'

/** A user or a role of a project: what no single server can say of it. */
export interface ProjectRecord {
  readonly projectId: string
  readonly kind: 'user' | 'role'
  /** `userKeyText` of a user, the name of a role. */
  readonly key: string
  readonly createdAt: number
  readonly places: Places
  /** What its project wants it to be, opaque to the store; undefined while it is being made. */
  readonly current?: Readonly<Record<string, unknown>>
  /** For servers that join later. */
  readonly password?: Secret
  /** The change of it that is open. */
  readonly open?: { readonly operationId: string; readonly change: RecordChange }
}

/**
 * Which login it is on each instance that it was made on (`''`: nothing tells): where that is missing, somebody else dropped it. `null`:
 * that server refused it.
 */
export type Places = Readonly<Record<string, string | null>>

export type RecordChange = 'create' | 'change' | 'remove'

/** What an operation makes of a record once it has settled. */
export interface RecordPlan {
  readonly projectId: string
  readonly kind: ProjectRecord['kind']
  readonly key: string
  readonly operationId: string
  readonly change: RecordChange
  readonly next?: Readonly<Record<string, unknown>>
  /** Left out: as before. `null`: there is a new one, and none is kept from now on. */
  readonly password?: Secret | null
}
