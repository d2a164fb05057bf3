import { createHash } from 'node:crypto'
import type { Mark } from '../../domain/users/user.ts'
import { type Account, OURS } from './names.ts'
import type { RoleName } from './roles/names.ts'

/** What tells a login that we made from the next of its name, on servers that number none: which operation made it. */
export function incarnationOf(mark: Mark | undefined): string | undefined {
  return mark && `${mark.installation}/${mark.operation}`
}

/** Those of other operations of the same installation. */
export function marksOf(mark: Mark, operations: readonly string[]): readonly Mark[] {
  return operations.map(operation => ({ ...mark, operation }))
}

export function isSameMark(one: Mark | undefined, other: Mark): boolean {
  return one?.installation === other.installation && one.operation === other.operation
}

/**
 * The role by which a login carries our mark where the server keeps no data of ours beside it: it has no rights. An operation may make
 * several logins, so each has its own.
 */
export function markerRole({ installation, operation }: Mark, { user, db }: Account): RoleName {
  const login = createHash('sha256')
    .update(JSON.stringify([db, user]))
    .digest('hex')
    .slice(0, 12)
  return { role: `${OURS}mark.${installation}.${operation}.${login}`, db: 'admin' }
}

export const MARKER = /^rolecall\.mark\.([^.]+)\.([^.]+)\.[0-9a-f]{12}$/

export function isMarkerRole({ role, db }: RoleName): boolean {
  return db === 'admin' && MARKER.test(role)
}

export function markInRoles(roles: readonly RoleName[]): Mark | undefined {
  const found = roles.find(isMarkerRole)
  return found && markIn(MARKER, found.role)
}

/** The data that a login is made with. It is merged into what others keep there by nobody having kept any yet. */
export function markData({ installation, operation }: Mark): Readonly<Record<string, unknown>> {
  return { rolecall: { installation, operation } }
}

export function markInData(data: unknown): Mark | undefined {
  const { rolecall } = (data ?? {}) as { readonly rolecall?: Partial<Mark> }
  const { installation, operation } = rolecall ?? {}
  return typeof installation === 'string' && typeof operation === 'string' ? { installation, operation } : undefined
}

/** A database is there once it has a collection: its first one says which operation made it. */
export function markerCollection({ installation, operation }: Mark): string {
  return `${OURS}made.${installation}.${operation}`
}

function markIn(form: RegExp, text: string): Mark | undefined {
  const found = form.exec(text)
  return found ? { installation: found[1]!, operation: found[2]! } : undefined
}
