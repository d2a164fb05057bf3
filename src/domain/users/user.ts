import type { Grant, GrantShown } from './grant.ts'

/** What names a login on its engine. `host` on the MySQL family, `authDatabase` on MongoDB, neither elsewhere. */
export interface UserKey {
  readonly name: string
  readonly host?: string
  readonly authDatabase?: string
}

/** One text for a key, for unique indexes and comparisons: a JSON array, so no part can run into the next. */
export function userKeyText(key: UserKey): string {
  return JSON.stringify([key.name, key.host ?? '', key.authDatabase ?? ''])
}

/** The key that `userKeyText` made a text of. */
export function userKeyFrom(text: string): UserKey {
  const [name, host, authDatabase] = JSON.parse(text) as [string, string, string]
  return { name, host: host || undefined, authDatabase: authDatabase || undefined }
}

/** Which login it is. */
export interface UserIdentity extends UserKey {
  /** Changes when the login is dropped and made again; undefined where nothing tells. */
  readonly incarnation?: string
}

/** A login as its engine shows it now. Fields that the engine can't say are absent. */
export interface DatabaseUser extends UserIdentity {
  readonly locked: boolean
  /** Milliseconds; the engine's own end of the password (PostgreSQL `VALID UNTIL`), whoever set it. */
  readonly passwordUntil?: number
  readonly settings: UserSettings
  /** The engine's own roles that it is a member of, ours left out. */
  readonly engineRoles: readonly string[]
  readonly grants: readonly GrantShown[]
  /** All that it has, as `DATABASE.ROLE`, on engines where grants are roles too. */
  readonly roles?: readonly string[]
  /** Words for what a reader should know: `superuser`, `server-admin`, `no-password`. */
  readonly flags: readonly string[]
  /** The mark we left on it, if it is ours. */
  readonly mark?: Mark
}

/**
 * The flag of a login with power over its whole server: it could come, by itself, to everything that Rolecall may do there. Editors
 * neither change such logins nor make any.
 */
export const SERVER_ADMIN = 'server-admin'

export function isServerAdmin({ flags }: Pick<DatabaseUser, 'flags'>): boolean {
  return flags.includes(SERVER_ADMIN)
}

/** What an engine lets be set on a login beside grants. */
export interface UserSettings {
  readonly replication?: boolean
  /** -1 or absent: no limit. */
  readonly connectionLimit?: number
  /** How the server checks the password (MySQL family); changed by a reset alone. */
  readonly authPlugin?: string
}

/** Written on the engine in the same transaction as what it marks. */
export interface Mark {
  readonly installation: string
  readonly operation: string
}

/** What is wanted of a new login. */
export interface NewUser extends UserKey {
  readonly settings: UserSettings
  readonly engineRoles: readonly string[]
  readonly grants: readonly Grant[]
}

export interface Session {
  /** What the engine calls it; PostgreSQL's pid. */
  readonly id: string
  readonly database?: string
  readonly address?: string
  readonly application?: string
  readonly state?: string
  readonly since?: number
}
