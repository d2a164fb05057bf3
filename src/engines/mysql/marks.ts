import { createHash } from 'node:crypto'
import type { Mark } from '../../domain/users/user.ts'
import { MARKER } from './names.ts'

/** What tells a login that we made from the next of its name: which operation made it. */
export function incarnationOf(mark: Mark | undefined): string | undefined {
  return mark && `${mark.installation}/${mark.operation}`
}

export function isSameMark(one: Mark | undefined, other: Mark): boolean {
  return one?.installation === other.installation && one.operation === other.operation
}

/**
 * The role by which MariaDB knows a login as made by an operation: it has no rights, and one member. An operation may make several
 * logins, so the role is named after the login, too.
 */
export function loginMarkerRole(mark: Mark, { name, host }: { readonly name: string; readonly host: string }): string {
  return `${MARKER}${mark.installation}_${mark.operation}_${digestOf(`${name}@${host}`, 16)}`
}

/** The role that says which operation makes a database, where that can't say so itself. To MySQL names end at 32 characters. */
export function databaseMarkerRole({ installation, operation }: Mark, database: string): string {
  return MARKER + digestOf(`${installation}/${operation}/${database}`, DATABASE_DIGITS)
}

const DATABASE_DIGITS = 32 - MARKER.length

export function isDatabaseMarkerRole(role: string): boolean {
  return role.length === MARKER.length + DATABASE_DIGITS && /^rolecall_[0-9a-f]+$/.test(role)
}

const digestOf = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits)

const MARKER_ROLE = /^rolecall_([^_]+)_(op_[^_]+)_[0-9a-f]{16}$/

export function markInRole(role: string): Mark | undefined {
  const found = MARKER_ROLE.exec(role)
  return found ? { installation: found[1]!, operation: found[2]! } : undefined
}

/** The role that says which operation is renaming a login. It is no mark of who made it. */
export function renameRole({ installation, operation }: Mark): string {
  return `${MARKER}${installation}_renamed_${operation}`
}

export function isRenameRole(role: string): boolean {
  return /^rolecall_[^_]+_renamed_/.test(role)
}

/** The same in MySQL's JSON, beside the mark of who made it. */
export function renameAttribute(mark: Mark): string {
  return JSON.stringify({ rolecall: { renamedBy: renameRole(mark) } })
}

/**
 * MariaDB can make no login and mark it in one statement. Until its role is there it carries the operation as the subject of a
 * certificate that nobody has, and is locked.
 */
export function subjectMark({ installation, operation }: Mark): string {
  return `/O=rolecall/OU=${installation}/CN=${operation}`
}

const SUBJECT = /^\/O=rolecall\/OU=([^/]+)\/CN=([^/]+)$/

export function markInSubject(subject: string | undefined): Mark | undefined {
  const found = subject === undefined ? null : SUBJECT.exec(subject)
  return found ? { installation: found[1]!, operation: found[2]! } : undefined
}

/** MySQL's accounts carry JSON; what people keep there stays, since the server merges. */
export function markAttribute({ installation, operation }: Mark): string {
  return JSON.stringify({ rolecall: { installation, operation } })
}

export function markInAttribute(attribute: string | undefined): Mark | undefined {
  const { installation, operation } = ownAttribute(attribute)
  return typeof installation === 'string' && typeof operation === 'string' ? { installation, operation } : undefined
}

export function renameInAttribute(attribute: string | undefined): string | undefined {
  const { renamedBy } = ownAttribute(attribute)
  return typeof renamedBy === 'string' ? renamedBy : undefined
}

function ownAttribute(attribute = '{}'): Readonly<Record<string, unknown>> {
  const { rolecall } = (JSON.parse(attribute) ?? {}) as { readonly rolecall?: Readonly<Record<string, unknown>> }
  return rolecall ?? {}
}

const COMMENT = /(?:^|\n)\[rolecall (\S+) (\S+)\]$/

/** The mark of a database, where databases have comments. */
export function markComment({ installation, operation }: Mark): string {
  return `[rolecall ${installation} ${operation}]`
}

export function markInComment(comment: string | undefined): Mark | undefined {
  const found = comment === undefined ? null : COMMENT.exec(comment)
  return found ? { installation: found[1]!, operation: found[2]! } : undefined
}
