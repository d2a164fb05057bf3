import type { Caller } from '../../domain/caller.ts'
import { Fault } from '../../domain/fault.ts'
import { type UserKey, userKeyFrom, userKeyText } from '../../domain/user.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import { checkRight } from '../access/access.ts'
import { type Clusters, clustersFor } from './clusters.ts'
import type { ProjectParts, ProjectUser } from './project-user.ts'
import { isAlive, isExpired, isHidden, isPlaced, isThere, rolesShown, shownFrom } from './records.ts'
import { lookAt, type Sight } from './sight.ts'

/** The users of a project: a merge of what it wants and of what its servers have, made on every request. */
export interface ProjectUsers {
  list(caller: Caller, projectId: string, page: Cut, signal: AbortSignal): Promise<ListedUsers>
  get(
    caller: Caller,
    projectId: string,
    key: UserKey,
    signal: AbortSignal,
    clusters?: Promise<Clusters>,
  ): Promise<ProjectUser>
}

export interface Cut {
  readonly skip: number
  readonly limit: number
}

export interface ListedUsers {
  readonly items: readonly ProjectUser[]
  /** Of all pages. */
  readonly total: number
  /** Names of servers that could not be asked. */
  readonly unreachable: readonly string[]
}

export function createProjectUsers(parts: ProjectParts): ProjectUsers {
  const { store, rules } = parts

  async function list(caller: Caller, projectId: string, { skip, limit }: Cut, signal: AbortSignal) {
    checkRight(caller, projectId, 'read')
    const merged = await merge(projectId, signal, clustersFor(parts, caller, projectId))
    const unreachable = merged.sight.unreachable.map(({ name }) => name)
    const items = merged.all.slice(skip, skip + limit).map(one => one())
    return { items, total: merged.all.length, unreachable }
  }

  async function get(
    caller: Caller,
    projectId: string,
    key: UserKey,
    signal: AbortSignal,
    clusters = clustersFor(parts, caller, projectId),
  ): Promise<ProjectUser> {
    checkRight(caller, projectId, 'read')
    const { all } = await merge(projectId, signal, clusters, userKeyText(key))
    if (!all[0]) throw noUser(key)
    return all[0]()
  }

  /** Keys alone, in their order: what is told of one is put together for those that are asked for. */
  async function merge(projectId: string, signal: AbortSignal, around: Promise<Clusters>, only?: string) {
    const [clusters, asked, now] = await Promise.all([around, recordsOf(projectId, only), store.now()])
    const sight = await lookAt(parts, clusters.seen, signal, only)
    const there = asked.filter(record => isThere(record, now) && !isHidden(record, clusters))
    const managed = there.filter(record => isAlive(record, sight))
    const found = rules.listUnmanaged ? unmanaged(sight, asked, managed, now) : []
    const merged = [
      ...managed.map(record => () => shownFrom(record, sight, clusters)),
      ...found.map(key => () => foundAs(key, sight, rules.clusterType)),
    ]
    return { all: merged, sight }
  }

  async function recordsOf(projectId: string, only?: string): Promise<readonly ProjectRecord[]> {
    if (only === undefined) return store.read.projectRecords.list(projectId, 'user')
    const record = await store.read.projectRecords.find(projectId, 'user', only)
    return record ? [record] : []
  }

  return { list, get }
}

/** Databases whose logins are users of a project; others have them for themselves. */
const USER_DATABASES = ['admin', '$external']

/** Logins that no record of the project is about, by database and name. */
function unmanaged(
  sight: Sight,
  records: readonly ProjectRecord[],
  managed: readonly ProjectRecord[],
  now: number,
): readonly string[] {
  const listed = new Set(managed.map(({ key }) => key))
  // On its way, on its way out, or over: that very login is nobody else's.
  const unlisted = records.filter(record => !listed.has(record.key))
  const isOurs = (key: string) =>
    unlisted.some(record => record.key === key && (record.open !== undefined || isOver(record, sight, now)))
  const keys = new Set([...sight.seen.values()].flatMap(users => [...users.keys()]))
  const found = [...keys].filter(key => !listed.has(key) && !isOurs(key) && isUserOfProject(userKeyFrom(key)))
  return found.toSorted(byDatabase)
}

function isOver(record: ProjectRecord, sight: Sight, now: number): boolean {
  return isExpired(record, now) && sight.clusters.some(cluster => isPlaced(record, cluster, sight))
}

function isUserOfProject({ name, authDatabase = '' }: UserKey): boolean {
  return USER_DATABASES.includes(authDatabase) && name !== '__system'
}

function byDatabase(one: string, other: string): number {
  const text = (key: string) => {
    const { name, authDatabase } = userKeyFrom(key)
    return JSON.stringify([authDatabase, name])
  }
  return text(one) < text(other) ? -1 : 1
}

/** One entry for all servers: what it may do on every one that has it, never more. */
function foundAs(key: string, { clusters, seen, unreachable }: Sight, type: string): ProjectUser {
  const on = clusters.filter(({ instance }) => seen.get(instance.id)?.has(key))
  const had = on.map(({ instance }) => seen.get(instance.id)!.get(key)!.roles ?? [])
  const isEverywhere = on.length === clusters.length && unreachable.length === 0
  const scopes = isEverywhere ? [] : on.map(({ instance, name }) => ({ type, name, instanceId: instance.id }))
  return { key: userKeyFrom(key), roles: rolesShown([], had), scopes, labels: [], managed: false }
}

export function noUser({ name }: UserKey): Fault {
  return new Fault('not_found', 'user', `No user ${name} in this project`)
}
