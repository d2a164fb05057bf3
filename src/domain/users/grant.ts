/** What a database user may do in a database, by a catalogue role that means the same on every engine that has it. */
export const CATALOGUE_ROLES = ['read', 'readwrite', 'owner'] as const
export type CatalogueRole = (typeof CATALOGUE_ROLES)[number]

export interface Grant {
  readonly role: CatalogueRole
  readonly database: string
}

/** A grant as the engine tells it, with what the reader must know about its reach. */
export interface GrantShown extends Grant {
  /** `catalogue`: by membership in our catalogue role. `direct`: rights that somebody gave without us. `ownership`: it owns the database. */
  readonly by: 'catalogue' | 'direct' | 'ownership'
  /** Owners of things that are there and that it has not all its rights on; absent where that was not looked at. */
  readonly missing?: readonly string[]
  /** Owners whose future tables this grant does not reach. */
  readonly notCovered?: readonly string[]
  /** Rights that sleep while the login acts as the owner role. */
  readonly sleeping?: readonly string[]
}

export interface GrantChange {
  readonly add: readonly Grant[]
  readonly remove: readonly Grant[]
}

export function sameGrant(one: Grant, other: Grant): boolean {
  return one.role === other.role && one.database === other.database
}
