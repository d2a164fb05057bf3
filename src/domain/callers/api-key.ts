import type { Role } from '../users/role.ts'

/** One credential in four forms (Bearer, Token, X-Auth-Token, Digest). The private half is never stored. */
export interface ApiKey {
  readonly id: string
  /** 8 lower-case letters. */
  readonly publicKey: string
  readonly operatorId: string
  readonly homeProjectId: string
  readonly description?: string
  /** Client networks (CIDR) it may be used from; none means any. */
  readonly networks: readonly string[]
  readonly projects: readonly KeyProject[]
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  readonly lastUsedAt?: number
  /** Somebody else who made it for its operator over an API, or made the key that it was made with: who may know it, too. */
  readonly madeBy?: string
}

/** What a key may do in one project; scopes only narrow. */
export interface KeyProject {
  readonly projectId: string
  readonly role: Role
  readonly scopes?: readonly string[]
}

/** Undefined: it has none, and may do there what its role says. */
export function scopesOf({ projects }: Pick<ApiKey, 'projects'>, projectId: string): readonly string[] | undefined {
  return projects.find(project => project.projectId === projectId)?.scopes
}
