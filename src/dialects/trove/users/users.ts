import type { DatabaseUser } from '../../../domain/users/user.ts'
import type { UserShown } from '../../../services/users/user-view.ts'
import { type Datastore, isReserved } from '../datastores/datastores.ts'
import { orNone, type Place, type UserPlace } from '../instances/place.ts'
import { badRequest, notFound, type Refusal } from '../refusals/refusal.ts'
import { suffixIn } from '../requests/answers.ts'
import { resolveMarker } from '../requests/markers.ts'
import { collect, type Wanted } from '../requests/pages.ts'
import { readingsOf, splitUser, strictReadingsOf, type UserName, userKey } from './user-segment.ts'

/** A user as this API shows it. */
export interface TroveUser extends UserName {
  readonly databases: readonly { readonly name: string }[]
}

export type UserVerb = 'create' | 'show' | 'delete' | 'update'

/** In the order of their keys, without those that nobody sees. */
export async function listUsers(place: UserPlace, { limit, marker }: Wanted) {
  const { parts, request, datastore, id, signal } = place
  const after = marker === undefined ? undefined : datastore.afterOf(await userMarker(place, marker))
  const list = (page: { readonly after?: string; readonly limit: number }) =>
    parts.services.users.list(request.caller, id, page, signal)
  const { items, more } = await collect<UserShown>(limit, after, list, ({ user }) => isShown(place, user))
  return { users: items.map(({ user }) => toTroveUser(datastore, user)), more }
}

async function userMarker(place: UserPlace, marker: string): Promise<string> {
  return resolveMarker(marker, async key => (await findUser(place, splitUser(key))) !== undefined)
}

function isShown(place: UserPlace, user: DatabaseUser): boolean {
  const name = place.datastore.nameOf(user)
  return isRoot(place.datastore, name) ? isEnabledRoot(place, user) : !isHidden(place, name)
}

/** System users, and the login that Rolecall itself has there. */
function isHidden({ datastore, own }: Sight, name: UserName): boolean {
  return isReserved(inFull(datastore, name).name, datastore.reservedUsers) || isOwn({ datastore, own }, name)
}

/** Of several ways to say one name the one that answers have: on MongoDB `root` is `admin.root`. */
function inFull({ keyOf, nameOf }: Datastore, name: UserName): UserName {
  return { ...name, name: nameOf(keyOf(name)).name }
}

type Sight = Pick<UserPlace, 'datastore' | 'own'>

function isOwn({ datastore, own }: Sight, { name, host }: UserName): boolean {
  if (own === undefined) return false
  const isSame = inFull(datastore, { name, host }).name === datastore.nameOf(own).name
  return isSame && (own.host === undefined || host === own.host)
}

function isRoot(datastore: Datastore, name: UserName): boolean {
  const { root } = datastore
  return inFull(datastore, name).name === root.name && name.host === root.host
}

/** Rolecall itself logs in as root. */
export const isOwnRoot = (place: Sight): boolean => isOwn(place, place.datastore.root)

/** It is there, it can log in, and it is not the login that Rolecall itself has. */
export function isEnabledRoot(place: Sight, user: DatabaseUser | undefined): boolean {
  return user !== undefined && !user.locked && !isOwnRoot(place)
}

export async function findUser({ parts, request, datastore, id, signal }: Place, name: UserName) {
  if (!datastore.hosts && name.host !== datastore.root.host) return undefined
  return orNone(parts.services.users.get(request.caller, id, datastore.keyOf(name), signal))
}

function toTroveUser(datastore: Datastore, user: DatabaseUser): TroveUser {
  return { ...datastore.nameOf(user), databases: databasesOf(datastore, reachOf(user)) }
}

/** What it was granted, and what the engine's own roles say, where these are on databases. */
export function reachOf({ grants, roles = [] }: Pick<DatabaseUser, 'grants' | 'roles'>) {
  return [...grants, ...roles.map(role => ({ database: databaseIn(role) }))]
}

/** Such roles are called `DATABASE.ROLE`. */
export const databaseIn = (role: string): string => role.slice(0, role.indexOf('.'))

/** Each once, sorted by bytes, without those that nobody sees. */
export function databasesOf({ reservedDatabases }: Datastore, grants: readonly { readonly database: string }[]) {
  const names = [...new Set(grants.map(({ database }) => database))]
  const shown = names.filter(name => !isReserved(name, reservedDatabases))
  return shown.toSorted(byBytes).map(name => ({ name }))
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))

export interface UserFound extends UserShown {
  /** As its key in this API. */
  readonly as: UserName
}

/**
 * The user that a part of a path names. One that is looked at: in whichever reading there is one, and else without an ending that names a
 * format. One that is changed: that one alone.
 */
export async function userAt(place: UserPlace, segment: string, verb: UserVerb): Promise<UserFound> {
  const whole = (verb === 'show' ? readingsOf : strictReadingsOf)(segment).map(splitUser)
  const found = await firstOf(place, whole, verb)
  if (found) return found
  const format = suffixIn(segment)
  if (!format || verb !== 'show') throw noUser(whole[0]!)
  place.request.format = format
  const bare = readingsOf(segment.slice(0, -`.${format}`.length)).map(splitUser)
  return (await firstOf(place, bare, verb)) ?? Promise.reject(noUser(bare[0]!))
}

async function firstOf(place: UserPlace, names: readonly UserName[], verb: UserVerb): Promise<UserFound | undefined> {
  checkNotReserved(place, names[0]!, verb)
  for (const name of names) {
    const found = isHidden(place, name) && !mayShow(place, name, verb) ? undefined : await findUser(place, name)
    if (found && isShown(place, found.user)) return { ...found, as: place.datastore.nameOf(found.user) }
  }
  return undefined
}

/** Root is looked at while it is enabled, and changed by its own calls alone. */
const mayShow = ({ datastore }: Pick<Place, 'datastore'>, name: UserName, verb: UserVerb): boolean =>
  verb === 'show' && isRoot(datastore, name)

export function checkNotReserved(place: Sight, name: UserName, verb: UserVerb): void {
  if (!isHidden(place, name) || mayShow(place, name, verb)) return
  const list = place.datastore.reservedUsers.map(one => `'${one}'`).join(', ')
  throw badRequest(`User ${verb} error: User name "${name.name}" is on the reserved list: [${list}].`)
}

export function noUser(name: UserName): Refusal {
  return notFound(`User ${userKey(name)} cannot be found on the instance.`)
}

export function userExists({ name }: UserName): Refusal {
  return badRequest(`A user with the name "${name}" already exists.`)
}
