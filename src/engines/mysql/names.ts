import type { ServerState } from './link/server.ts'

/** Names that the server's own accounts have, and a name for nobody. */
const RESERVED_USERS = /^(mysql\.|mariadb\.sys$)/
export const MARKER = 'rolecall_'

export const SYSTEM_DATABASES: readonly string[] = [
  'mysql',
  'information_schema',
  'performance_schema',
  'sys',
  'lost+found',
  '#mysql50#lost+found',
]

const DATABASE_CHARACTERS = 64

/** Why nobody may make a login of this name; undefined where it is fine. */
export function wrongUserName(name: string, { nameLength }: Pick<ServerState, 'nameLength'>): string | undefined {
  if (RESERVED_USERS.test(name)) return `The server keeps the name ${name} for itself`
  if (name.startsWith(MARKER)) return `Names that begin with ${MARKER} belong to our marks`
  // As the server reads it when somebody logs in, whatever it reads when the login is made.
  if (/^'.*'$/s.test(name)) return 'The server takes quotes around a whole name off, so nobody could log in'
  return wrongName(name, 'User', nameLength)
}

const HOST = /^[^\s@'"`\\]{1,255}$/

/** The same for the host part of a login. */
export function wrongHost(host: string): string | undefined {
  if (HOST.test(host) && canBeHost(host)) return undefined
  return 'A host is %, an address, a network such as 10.0.0.0/255.0.0.0, or a host name'
}

/** The same for a database. */
export function wrongDatabaseName(name: string): string | undefined {
  if (SYSTEM_DATABASES.includes(name.toLowerCase())) return `${name} is a database of the system`
  if (/[ .]$/.test(name)) return 'Database names end in no space or dot'
  if (/[/\\]/.test(name)) return 'Database names have no slash or backslash here'
  return wrongName(name, 'Database', DATABASE_CHARACTERS)
}

function wrongName(name: string, what: string, longest: number): string | undefined {
  if (name === '') return `${what} names can't be empty`
  if (!canBeThere(name)) return `${what} names have only characters of the basic plane here, and no NUL`
  if (/^\s|\s$/.test(name)) return `${what} names neither begin nor end with a space`
  return [...name].length > longest ? `${what} names end at ${longest} characters here` : undefined
}

/** Could a thing on a server be called so at all? The catalogue keeps three bytes of a character: such names needn't be asked for. */
export function canBeThere(name: string): boolean {
  return !name.includes('\0') && isBasic(name)
}

/** Could an account have such a host? MySQL keeps hosts as ASCII, and compares with nothing else. */
export function canBeHost(host: string): boolean {
  return /^[ -~]*$/.test(host)
}

const isBasic = (text: string) => text.isWellFormed() && !/[\u{10000}-\u{10ffff}]/u.test(text)

/** Hosts are kept in lower case; without one, anywhere. */
export function hostOf({ host }: { readonly host?: string }): string {
  return host === undefined || host === '' ? '%' : host.toLowerCase()
}

/**
 * A database as a grant names it: there `_` and `%` are patterns unless they are escaped, but where the server takes them for letters
 * an escape would be two more.
 */
export function grantName(database: string, { plainNames }: Pick<ServerState, 'plainNames'>): string {
  return plainNames ? database : database.replace(/[_%\\]/g, '\\$&')
}

/** The database that a grant names. A pattern that somebody granted on is shown as it is. */
export function databaseIn(grantName: string, { plainNames }: Pick<ServerState, 'plainNames'>): string {
  return plainNames ? grantName : grantName.replace(/\\([_%\\])/g, '$1')
}
