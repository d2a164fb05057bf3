/** What an installation, a project or an instance decides for the users made on it. The nearest level that says something wins. */
export interface Policy {
  /** Shortest password a caller may choose. */
  readonly minPasswordLength?: number
  /** Days after which a new login goes at the latest; 0: it may stay. */
  readonly maxLifeDays?: number
  /** What to do with objects that a user owns when it is dropped; `drop` is accepted from callers only where this says so. */
  readonly onOwned?: OnOwned
  /** May `?onOwned=drop` be asked for. */
  readonly allowOwnedDrop?: boolean
  /** End the sessions of a database that is dropped, instead of refusing. */
  readonly forceDropDatabase?: boolean
  /** May logins that others made be reset, locked or dropped. */
  readonly manageExisting?: boolean
  /** Close PUBLIC's CONNECT, and its rights in schema public, on databases that are granted on. */
  readonly closePublic?: boolean
  readonly newUserGrants?: 'none' | 'read' | 'readwrite' | 'owner'
  readonly passwordRecall?: 'never' | 'stored'
  /** May a connection be led to another server only with its password typed again: else the stored one goes along. */
  readonly requirePasswordOnMove?: boolean
  /** What a dialect's delete of an instance does. */
  readonly onDelete?: 'release' | 'refuse'
}

/** `reassign:NAME` gives the objects to NAME. */
export type OnOwned = 'refuse' | 'drop' | `reassign:${string}`

export type PolicyLevel = 'built-in' | 'installation' | 'project' | 'instance'

/** A policy with every value decided. */
export type PolicyInForce = Required<Policy>

export const BUILT_IN_POLICY: PolicyInForce = {
  minPasswordLength: 8,
  maxLifeDays: 0,
  onOwned: 'refuse',
  allowOwnedDrop: false,
  forceDropDatabase: false,
  manageExisting: true,
  closePublic: false,
  newUserGrants: 'none',
  passwordRecall: 'never',
  requirePasswordOnMove: false,
  onDelete: 'release',
}

/** Every value in force, and the level that decided it. Levels are given from far to near. */
export function policyInForce(levels: readonly (readonly [PolicyLevel, Policy])[]): {
  readonly policy: PolicyInForce
  readonly from: Readonly<Record<keyof Policy, PolicyLevel>>
} {
  const all = [['built-in', BUILT_IN_POLICY] as const, ...levels]
  const names = Object.keys(BUILT_IN_POLICY) as (keyof Policy)[]
  const decided = names.map(name => [name, all.findLast(([, policy]) => policy[name] !== undefined)!] as const)
  return {
    policy: Object.fromEntries(decided.map(([name, [, policy]]) => [name, policy[name]])) as unknown as PolicyInForce,
    from: Object.fromEntries(decided.map(([name, [level]]) => [name, level])) as Record<keyof Policy, PolicyLevel>,
  }
}
