import { createHash } from 'node:crypto'
import { CATALOGUE_ROLES, type CatalogueRole } from '../../domain/users/grant.ts'
import type { Mark } from '../../domain/users/user.ts'

/** PostgreSQL cuts longer names without a word, and two that share 63 bytes would become one. */
export const NAME_BYTES = 63

const RESERVED_USERS = /^pg_/
const NO_USERS: ReadonlySet<string> = new Set(['public', 'none'])
const SYSTEM_DATABASES: ReadonlySet<string> = new Set(['template0', 'template1', 'postgres'])

/** Why nobody may make a login of this name; undefined where it is fine. */
export function wrongUserName(name: string): string | undefined {
  if (RESERVED_USERS.test(name)) return 'PostgreSQL keeps names that begin with pg_ for itself'
  if (NO_USERS.has(name)) return `PostgreSQL keeps the name ${name} for itself`
  if (isCatalogueRole(name)) return 'Names of this form belong to our catalogue roles'
  return wrongName(name, 'User')
}

/** The same for a database. */
export function wrongDatabaseName(name: string): string | undefined {
  if (SYSTEM_DATABASES.has(name)) return `${name} is a database of the system`
  if (name.startsWith(HALF_MADE)) return `Names that begin with ${HALF_MADE} belong to databases in the making`
  return wrongName(name, 'Database')
}

function wrongName(name: string, what: string): string | undefined {
  if (name === '') return `${what} names can't be empty`
  if (!canBeThere(name)) return `${what} names can't have a NUL character, or half of one`
  return Buffer.byteLength(name) > NAME_BYTES ? `${what} names end at ${NAME_BYTES} bytes here` : undefined
}

/** Could a thing on a server be called so at all? Such names needn't, and can't, be asked for. */
export function canBeThere(name: string): boolean {
  return !name.includes('\0') && name.isWellFormed()
}

/** How a name begins while its database is in the making. */
export const HALF_MADE = 'rolecall_op_'

/** The name under which an operation makes a database; it may make several, so what that is to be called has its part in it. */
export function halfMadeName({ installation, operation }: Mark, database: string): string {
  const own = operation.toLowerCase().replace(/^op_/, '')
  const readable = /^[a-z0-9]{1,40}$/.test(own) ? own : hexOf(`${installation}/${operation}`, 32)
  return `${HALF_MADE}${readable}_${hexOf(database, 8)}`
}

const hexOf = (text: string, length: number) => createHash('sha256').update(text).digest('hex').slice(0, length)

/** Of all 63 bytes: `rolecall_`, 8 of oid, the longest ending `readwrite`, and two underlines leave this many. */
const DATABASE_BYTES = 35

/** The catalogue role of a database. The oid makes it its own; the database's name is there for people only. */
export function catalogueRoleName(
  database: { readonly name: string; readonly oid: string },
  role: CatalogueRole,
): string {
  return `rolecall_${cutAt(database.name, DATABASE_BYTES)}_${oidHex(database.oid)}_${role}`
}

const CATALOGUE = new RegExp(`^rolecall_.*_([0-9a-f]{8})_(${CATALOGUE_ROLES.join('|')})$`, 's')

/** The same for the server's regular expressions; the oid is its one group. */
export const CATALOGUE_PATTERN = `^rolecall_.*_([0-9a-f]{8})_(?:${CATALOGUE_ROLES.join('|')})$`

/** Which database, by oid, and which role a catalogue role's name says; a database may have been renamed since. */
export function catalogueRoleIn(name: string): { readonly oid: string; readonly role: CatalogueRole } | undefined {
  const found = CATALOGUE.exec(name)
  return found ? { oid: String(Number.parseInt(found[1]!, 16)), role: found[2] as CatalogueRole } : undefined
}

export function isCatalogueRole(name: string): boolean {
  return CATALOGUE.test(name)
}

/** A pattern that only catalogue roles of one database match. */
export function catalogueRolesOf(oid: string): string {
  return `^rolecall_.*_${oidHex(oid)}_(?:${CATALOGUE_ROLES.join('|')})$`
}

const oidHex = (oid: string) => Number(oid).toString(16).padStart(8, '0')

function cutAt(text: string, bytes: number): string {
  let cut = ''
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytes) return cut
    cut += character
  }
  return cut
}
