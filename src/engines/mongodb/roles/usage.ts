import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import type { Account } from '../names.ts'
import { heldRole, plain, type RoleName, sameRole } from './names.ts'
import { isNarrowed } from './narrowed.ts'
import { findRoles, type RoleFound } from './read.ts'

/** Those of a login's narrowed roles that nobody else has: they go when it lets go of them. */
export async function lonelyRoles(
  link: Link,
  account: Account,
  roles: readonly RoleName[],
  signal: AbortSignal,
): Promise<readonly RoleName[]> {
  const lonely: RoleName[] = []
  // A drop that was cut off has dropped some of them already.
  for (const role of await findRoles(link, roles.filter(isNarrowed), signal))
    if (!(await othersHave(link, account, role, signal))) lonely.push(plain(role))
  return lonely
}

async function othersHave(link: Link, account: Account, role: RoleName, signal: AbortSignal): Promise<boolean> {
  if (await hasAny(link, role, { $or: notOf(account) }, signal)) return true
  // What locked logins had is kept in roles.
  const { roles } = await link.ask(signal, 'admin', { rolesInfo: 1 })
  const others = (roles as readonly RoleFound[]).filter(one => !sameRole(one, heldRole(account)))
  return others.some(one => one.roles.some(handed => sameRole(handed, role)))
}

const notOf = ({ user, db }: Account) => [{ user: { $ne: user } }, { db: { $ne: db } }]

/** Asked again at the last moment: a login may have got it since. */
export function isHeld(link: Link, role: RoleName, signal: AbortSignal): Promise<boolean> {
  return hasAny(link, role, {}, signal)
}

/** Where the catalogue can't be read, everybody may have it: nothing is dropped that somebody needs. */
async function hasAny(link: Link, role: RoleName, among: Document, signal: AbortSignal): Promise<boolean> {
  const filter = { roles: { $elemMatch: plain(role) }, ...among }
  const find = { find: 'system.users', filter, limit: 1, batchSize: 1, singleBatch: true }
  try {
    const { cursor } = await link.ask(signal, 'admin', find)
    return (cursor.firstBatch as readonly Document[]).length > 0
  } catch {
    return true
  }
}
