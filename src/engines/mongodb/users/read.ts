import { toFault } from '../../../domain/fault.ts'
import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import { type DatabaseUser, type Mark, SERVER_ADMIN, type UserKey } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import { incarnationOf, isMarkerRole, markInData, markInRoles } from '../marks.ts'
import { type Account, accountOf, accountOrder, canBeThere, placeOf, placeText } from '../names.ts'
import { engineRolesIn, grantsIn } from '../roles/catalogue.ts'
import { heldRole, LOCKED, plain, type RoleName, sameRole, writtenText } from '../roles/names.ts'
import { mightyAmong, readPower } from '../roles/power.ts'
import { findRoles, learnNarrowed } from '../roles/read.ts'

/** A login as the server keeps it. */
export interface Login extends Account {
  readonly userId?: string
  readonly locked: boolean
  /** What it has; of a locked one, what it had. Marks and locks are none. */
  readonly roles: readonly RoleName[]
  /** Those of its roles that only mark it. */
  readonly markers: readonly RoleName[]
  readonly mark?: Mark
  readonly mechanisms: readonly string[]
  /** The role by which it has power over the whole server. */
  readonly power?: string
}

/** A page of logins by name and database, cut on the server over the index that it keeps of them. */
export async function listUsers(link: Link, page: KeyPage, signal: AbortSignal): Promise<Page<DatabaseUser>> {
  if (page.q !== undefined && !canBePart(page.q)) return { items: [] }
  const rows = await readPage(link, page, signal)
  const { items, next } = cutPage(rows, page.limit, row => placeText(row as unknown as Account))
  const logins = await withHeld(link, items.map(loginFrom), signal)
  return { items: logins.map(userFrom), next }
}

/** Not everybody may read the catalogue itself. A command tells the same, but all of it at once. */
async function readPage(link: Link, page: KeyPage, signal: AbortSignal): Promise<readonly Document[]> {
  const find = { find: 'system.users', filter: filterOf(page), sort: { user: 1, db: 1 }, limit: page.limit + 1 }
  const how = { projection: { credentials: 0 }, batchSize: page.limit + 1, singleBatch: true }
  try {
    return (await link.ask(signal, 'admin', { ...find, ...how })).cursor.firstBatch
  } catch (error) {
    if (toFault(error).code !== 'missing_right') throw error
    const all = await link.ask(signal, 'admin', { usersInfo: { forAllDBs: true }, showCustomData: true })
    return cutHere(all.users, page)
  }
}

/** Names get nowhere near as long as the longest pattern that every server takes. */
const LONGEST_PATTERN = 1_000

const canBePart = (q: string): boolean => canBeThere(q) && literal(q).length <= LONGEST_PATTERN

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function filterOf({ after = '', q }: KeyPage): Document {
  const { user, db } = placeOf(after)
  return {
    $or: [{ user: { $gt: user } }, { user, db: { $gt: db } }],
    ...(q === undefined ? {} : { $and: [{ user: { $regex: literal(q), $options: 'i' } }] }),
  }
}

/** The same cut and order as the server's, where it gives all there are. */
export function cutHere(rows: readonly Document[], { after = '', limit, q = '' }: KeyPage): readonly Document[] {
  const from = placeOf(after)
  const wanted = q.toLowerCase()
  return rows
    .filter(
      ({ user, db }) => accountOrder({ user, db } as Account, from) > 0 && String(user).toLowerCase().includes(wanted),
    )
    .toSorted((one, other) => accountOrder(one as unknown as Account, other as unknown as Account))
    .slice(0, limit + 1)
}

export async function findLogin(link: Link, key: UserKey, signal: AbortSignal): Promise<Login | undefined> {
  const [login] = await findLogins(link, [key], signal)
  return login
}

export async function findLogins(link: Link, keys: readonly UserKey[], signal: AbortSignal): Promise<readonly Login[]> {
  const accounts = keys.map(accountOf).filter(({ user, db }) => user !== '' && canBeThere(user) && canBeThere(db))
  if (accounts.length === 0) return []
  const { users } = await link.ask(signal, 'admin', { usersInfo: accounts, showCustomData: true })
  return withHeld(link, (users as readonly Document[]).map(loginFrom), signal)
}

/** Locked logins have their roles where the lock put them; what roles let do is said of them, and not of who has them. */
async function withHeld(link: Link, logins: readonly Login[], signal: AbortSignal): Promise<readonly Login[]> {
  const locked = logins.filter(login => login.locked)
  const held = await findRoles(link, locked.map(heldRole), signal)
  const whole = logins.map(login => {
    const role = login.locked ? held.find(one => sameRole(one, heldRole(login))) : undefined
    return role ? { ...login, roles: role.roles.filter(one => !isMarkerRole(one)) } : login
  })
  const roles = whole.flatMap(login => login.roles)
  await learnNarrowed(link, roles, signal)
  const known = await readPower(link, roles, signal)
  return whole.map(login => ({ ...login, power: mightyAmong(login.roles, known) }))
}

export function loginFrom({ user, db, userId, roles = [], customData, mechanisms = [] }: Document): Login {
  const all = (roles as readonly RoleName[]).map(plain)
  return {
    user,
    db,
    userId: userId === undefined ? undefined : String(userId),
    locked: all.some(role => sameRole(role, LOCKED)),
    roles: all.filter(role => !isMarkerRole(role) && !sameRole(role, LOCKED)),
    markers: all.filter(isMarkerRole),
    mark: markInData(customData) ?? markInRoles(all),
    mechanisms,
  }
}

export function incarnationOfLogin({ userId, mark }: Login): string | undefined {
  return userId ?? incarnationOf(mark)
}

export function userFrom(login: Login): DatabaseUser {
  const { user, db, locked, roles, mark, power } = login
  const isRoot = roles.some(role => role.role === 'root' && role.db === 'admin')
  return {
    name: user,
    authDatabase: db,
    incarnation: incarnationOfLogin(login),
    locked,
    settings: {},
    engineRoles: engineRolesIn(roles),
    roles: roles.map(writtenText),
    grants: grantsIn(roles),
    flags: [...(isRoot ? ['superuser'] : []), ...(power === undefined ? [] : [SERVER_ADMIN])],
    mark,
  }
}
