import { OURS } from '../names.ts'
import { asWritten, onServer } from './narrowed.ts'

/** A role on the server: its name, and the database that it belongs to. */
export interface RoleName {
  readonly role: string
  readonly db: string
}

/** As people and the server's own catalogue write it: no database has a dot in its name. */
export function roleText({ role, db }: RoleName): string {
  return `${db}.${role}`
}

/** The same for a role that may be one of ours on a collection, which is called differently there. */
export function writtenText(name: RoleName): string {
  return roleText(asWritten(name))
}

/** By the name that it has on the server. Without a database it is one of `admin`. */
export function roleFrom(text: string): RoleName {
  const at = text.indexOf('.')
  return onServer(at < 0 ? { role: text, db: 'admin' } : { role: text.slice(at + 1), db: text.slice(0, at) })
}

export function sameRole(one: RoleName, other: RoleName): boolean {
  return one.role === other.role && one.db === other.db
}

export function without(roles: readonly RoleName[], gone: readonly RoleName[]): readonly RoleName[] {
  return roles.filter(role => !gone.some(one => sameRole(one, role)))
}

/** Only what the server gave back beside the two names is left out. */
export function plain({ role, db }: RoleName): RoleName {
  return { role, db }
}

export function isOurs({ role, db }: RoleName): boolean {
  return db === 'admin' && role.startsWith(OURS)
}

/** Who has this role is locked: it has no rights, and nothing beside it but marks. */
export const LOCKED: RoleName = { role: `${OURS}locked`, db: 'admin' }

/** The role that keeps what a locked login had, for the day when it is unlocked. Nobody has it. */
export function heldRole({ user, db }: { readonly user: string; readonly db: string }): RoleName {
  return { role: `${OURS}held.${db}.${user}`, db: 'admin' }
}
