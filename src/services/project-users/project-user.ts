import type { Secret } from '../../domain/secret.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { UserKey } from '../../domain/users/user.ts'
import type { Store } from '../../store/store.ts'
import type { Links } from '../links/links.ts'

/** What a project wants one of its users to be, on each server that it lives on. */
export interface WantedUser {
  /** As `DATABASE.ROLE`, in the order in which they were asked for. */
  readonly roles: readonly string[]
  /** Where it lives; none: on every server of the project. */
  readonly scopes: readonly Scope[]
  readonly labels: readonly Label[]
  readonly description?: string
  readonly validUntil?: number
}

/** A server, by its id, so that it may be renamed; or something else that a dialect has a word for, and that nothing is done on. */
export interface Scope {
  readonly type: string
  readonly name: string
  readonly instanceId?: string
}

export interface Label {
  readonly key: string
  readonly value: string
}

/** A user as its project sees it. */
export interface ProjectUser extends WantedUser {
  readonly key: UserKey
  /** False: others made it, and it is only found here. */
  readonly managed: boolean
}

/** A scope as callers name it: of type `clusterType` it is a server. */
export type ScopeNamed = Pick<Scope, 'type' | 'name'>

export interface NewProjectUser extends Omit<WantedUser, 'scopes'> {
  readonly key: UserKey
  readonly password: Secret
  readonly scopes: readonly ScopeNamed[]
}

/** What is left out stays. */
export interface ProjectUserChange {
  readonly password?: Secret
  readonly roles?: readonly string[]
  readonly scopes?: readonly ScopeNamed[]
  readonly labels?: readonly Label[]
  readonly description?: string
  /** `null`: it may stay. */
  readonly validUntil?: number | null
}

/** Which projects' servers there are, how they are called, and what is done where one is away. */
export interface ProjectRules {
  /** Whose names and releases of servers count. */
  readonly dialect: 'atlas'
  /** Scopes of this type are servers. */
  readonly clusterType: string
  readonly partialFailure: 'all' | 'eventual'
  readonly perInstanceMs: number
  /** Passwords are kept sealed for servers that join later. */
  readonly lateJoin: 'sealed' | 'ask'
  /** What becomes of roles that others changed on a server. */
  readonly drift: 'report' | 'revert' | 'adopt'
  readonly unknownScope: 'error' | 'accept'
  readonly listUnmanaged: boolean
  /** Users go from a server that leaves. */
  readonly cleanOnLeave: boolean
  readonly mostUsers: number
  readonly mostRoles: number
}

export interface ProjectParts {
  readonly store: Store
  readonly links: Links
  readonly rules: ProjectRules
}

/** A server of a project, under the name that its dialect has for it. */
export interface Cluster {
  readonly instance: Instance
  readonly name: string
}
