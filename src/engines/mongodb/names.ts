import type { UserKey } from '../../domain/users/user.ts'
import type { Refusal } from '../engine.ts'

/** Where a login is kept, and proves who it is, if its key doesn't say. */
export const DEFAULT_AUTH_DATABASE = 'admin'

export const SYSTEM_DATABASES: readonly string[] = ['admin', 'local', 'config']

/** Roles and collections that begin so are ours. */
export const OURS = 'rolecall.'

const USER_BYTES = 255
const DATABASE_BYTES = 63

const bytesOf = (text: string) => Buffer.byteLength(text)

/** Why nobody may make a login of this name; undefined where it is fine. */
export function wrongUserName(name: string): string | undefined {
  if (name === '__system') return 'The server keeps the name __system for itself'
  return wrongName(name, 'User', USER_BYTES)
}

/** The same for a database that is to be made or dropped. */
export function wrongDatabaseName(name: string): string | undefined {
  if (SYSTEM_DATABASES.includes(name.toLowerCase())) return `${name} is a database of the system`
  return wrongPlace(name)
}

/** The same for a database that logins are kept in. It needn't be there; `$external` is for other ways to prove who one is. */
export function wrongAuthDatabase(name: string): string | undefined {
  if (name === 'local') return 'Logins that are kept in local are not known to other members of a replica set'
  return wrongPlace(name)
}

/** Nothing is granted on what no database can be called: a server would keep it all the same. */
export function refusalsOfPlaces(databases: readonly string[]): readonly Refusal[] {
  const wrong = new Set(databases.flatMap(database => wrongPlace(database) ?? []))
  return [...wrong].map(message => ({ code: 'invalid', subject: 'database', message }))
}

function wrongPlace(name: string): string | undefined {
  if (/[/\\. "$*<>:|?]/.test(name)) return 'Database names have none of / \\ . " $ * < > : | ? and no space here'
  return wrongName(name, 'Database', DATABASE_BYTES)
}

function wrongName(name: string, what: string, longest: number): string | undefined {
  if (name === '') return `${what} names can't be empty`
  if (!canBeThere(name)) return `${what} names have no NUL and no half of a character`
  return bytesOf(name) > longest ? `${what} names end at ${longest} bytes here` : undefined
}

export function canBeThere(name: string): boolean {
  return !name.includes('\0') && name.isWellFormed()
}

/** The two names that a login has on the server. */
export interface Account {
  readonly user: string
  readonly db: string
}

export function accountOf({ name, authDatabase }: UserKey): Account {
  return { user: name, db: authDatabase || DEFAULT_AUTH_DATABASE }
}

/** As the server compares texts: by their bytes. */
export function accountOrder(one: Account, other: Account): number {
  return (
    Buffer.compare(Buffer.from(one.user), Buffer.from(other.user)) ||
    (one.db < other.db ? -1 : one.db === other.db ? 0 : 1)
  )
}

/** A login's place in lists. No database has a slash in its name, so the last one parts the two. */
export function placeText({ user, db }: Account): string {
  return `${user}/${db}`
}

export function placeOf(after: string): Account {
  const at = after.lastIndexOf('/')
  return at < 0 ? { user: after, db: '' } : { user: after.slice(0, at), db: after.slice(at + 1) }
}
