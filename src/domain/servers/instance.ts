import type { Policy } from './policy.ts'

export const ENGINES = ['postgresql', 'mysql', 'mongodb', 'kafka', 'redis', 'sqlserver', 'oracle'] as const
export type EngineName = (typeof ENGINES)[number]

/** `manage`, or `observe`: lists everything, changes nothing. */
export type Mode = 'manage' | 'observe'

/** One database server (or cluster of them), reached through its connections. */
export interface Instance {
  /** UUID; Atlas shows its first 24 hex digits. */
  readonly id: string
  readonly projectId: string
  readonly engine: EngineName
  /** `[A-Za-z0-9][A-Za-z0-9-]*`, unique in its project. */
  readonly name: string
  /** `[a-z0-9-]{1,63}`, unique in its project; a DigitalOcean region. */
  readonly slug: string
  /** The version slug that dialects show; detected unless a connection says it. */
  readonly versionSlug?: string
  readonly mode: Mode
  readonly policy: Policy
  readonly tags: readonly string[]
  readonly advertise: Advertise
  /** Host part of accounts made by dialects that have none (MySQL family). */
  readonly accountHost?: string
  readonly defaultDatabase?: string
  readonly managingConnectionId?: string
  /** What the server said of itself on last contact; undefined before the first. */
  readonly server?: ServerFacts
  /** Set when a connection led to another server than before; all changes wait until an operator accepts it. */
  readonly changedServer?: ChangedServer
  /** Its last connection is gone, but promises are still open. */
  readonly leaving: boolean
  readonly createdAt: number
  readonly updatedAt: number
  readonly version: number
}

/** What applications dial, where that differs from what we dial. */
export interface Advertise {
  readonly host?: string
  readonly port?: number
  readonly privateHost?: string
  readonly privatePort?: number
}

/** What a server says of itself. */
export interface ServerFacts {
  /** Full version, such as `16.4`. */
  readonly version: string
  /** `mariadb`, `valkey`: found by asking. */
  readonly variant?: string
  /** True on a standby: never written to. */
  readonly readOnly: boolean
  /** What tells this server from another; undefined where the engine has nothing of the kind. */
  readonly fingerprint?: string
  readonly seenAt: number
}

export interface ChangedServer {
  readonly fingerprint: string
  readonly since: number
}
