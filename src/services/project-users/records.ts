import { type UserIdentity, userKeyFrom } from '../../domain/users/user.ts'
import type { Places, ProjectRecord } from '../../store/project-record.ts'
import { type Clusters, isWithin, scopesShown } from './clusters.ts'
import type { Cluster, ProjectUser, WantedUser } from './project-user.ts'
import type { Sight } from './sight.ts'

export function wantedOf({ current }: ProjectRecord): WantedUser | undefined {
  return current as unknown as WantedUser | undefined
}

export function isExpired(record: ProjectRecord, now: number): boolean {
  const until = wantedOf(record)?.validUntil
  return until !== undefined && until <= now
}

/** Is it one of the project's: made, not on its way out, and its time not over. */
export function isThere(record: ProjectRecord, now: number): boolean {
  return record.current !== undefined && record.open?.change !== 'remove' && !isExpired(record, now)
}

/** The login that the record is about, and not another one of its name. */
export function isPlaced(
  { places, key }: ProjectRecord,
  { instance }: Cluster,
  { seen }: Pick<Sight<UserIdentity>, 'seen'>,
): boolean {
  const place = places[instance.id]
  const login = seen.get(instance.id)?.get(key)
  if (login === undefined) return false
  if (typeof place === 'string') return place === '' || place === login.incarnation
  // A server that left and came back is another one; the login on it is the same.
  return login.incarnation !== undefined && incarnationsOf(places).includes(login.incarnation)
}

/** What tells its logins from others of their name. */
export function incarnationsOf(places: Places): readonly string[] {
  return [...new Set(Object.values(places))].filter(place => typeof place === 'string' && place !== '') as string[]
}

/** Where a server of its scopes has it; or where none of them can be asked. */
export function isAlive(record: ProjectRecord, sight: Sight<UserIdentity>): boolean {
  const own = sight.clusters.filter(cluster => isWithin(wantedOf(record)!, cluster))
  const asked = own.filter(cluster => !sight.unreachable.includes(cluster))
  return asked.length === 0 || asked.some(cluster => isPlaced(record, cluster, sight))
}

/** Does it live nowhere but on servers that the caller does not see? */
export function isHidden(record: ProjectRecord, clusters: Clusters): boolean {
  const { scopes } = wantedOf(record)!
  return scopes.length > 0 && scopesShown(clusters, scopes).length === 0
}

/** What it may do in truth: what all that were asked agree on, in the order that was asked for. */
export function shownFrom(record: ProjectRecord, sight: Sight, clusters: Clusters): ProjectUser {
  const wanted = wantedOf(record)!
  const placed = sight.clusters.filter(cluster => isPlaced(record, cluster, sight))
  const had = placed.map(({ instance }) => sight.seen.get(instance.id)!.get(record.key)!.roles ?? [])
  return {
    ...wanted,
    scopes: scopesShown(clusters, wanted.scopes),
    roles: rolesShown(wanted.roles, had),
    key: userKeyFrom(record.key),
    managed: true,
  }
}

export function rolesShown(wanted: readonly string[], had: readonly (readonly string[])[]): readonly string[] {
  const [first, ...others] = had
  if (!first) return wanted
  const common = first.filter(role => others.every(one => one.includes(role)))
  return [...wanted.filter(role => common.includes(role)), ...common.filter(role => !wanted.includes(role))]
}
