import type { Operation } from '../../domain/operations/operation.ts'
import type { Change } from '../../domain/users/change.ts'
import { type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { isWithin } from './clusters.ts'
import type { Cluster } from './project-user.ts'
import { isPlaced, wantedOf } from './records.ts'
import type { Sight } from './sight.ts'

/** A user that there is: its record, if it has one, what its servers show, and what still waits for some of them. */
export interface Known {
  readonly key: UserKey
  readonly clusters: readonly Cluster[]
  readonly sight: Sight
  readonly record?: ProjectRecord
  /** As it was read, also where its time is over. */
  readonly stored?: ProjectRecord
  /** By instance. */
  readonly pending: ReadonlyMap<string, Pending>
}

/** A change that has not come to its end on its server. */
export interface Pending {
  readonly operationId: string
  readonly change: Extract<Change, { readonly kind: 'create-user' | 'replace-user' }>
}

/** What is open there, if it is to make or change a login. */
export function pendingIn(open: Operation | undefined, instanceId: string): Pending | undefined {
  const change = open?.targets.find(one => one.instanceId === instanceId && !one.isOver)?.change
  if (!open || (change?.kind !== 'create-user' && change?.kind !== 'replace-user')) return undefined
  return { operationId: open.id, change }
}

/** Whose mark a login may carry that is there without anybody having heard of it: each took the place of the one before. */
export function marksOf({ operationId, change }: Pending): readonly string[] {
  return [...((change.kind === 'create-user' && change.over) || []), operationId]
}

/** The same, where it is to be done after all by another operation. */
export function againFrom(pending: Pending): Change {
  const { change } = pending
  return change.kind === 'create-user' ? { ...change, over: marksOf(pending) } : change
}

/** What waits for a server, or is being tried there. A drop that waits comes first whatever is asked for. */
export async function pendingOn(
  tables: Tables,
  clusters: readonly Cluster[],
  key: string,
): Promise<ReadonlyMap<string, Pending>> {
  const found = new Map<string, Pending>()
  for (const { instance } of clusters) {
    const pending = pendingIn(await tables.operations.findOpen(instance.id, { kind: 'user', key }), instance.id)
    if (pending) found.set(instance.id, pending)
  }
  return found
}

/** What was asked to go from there is tried until it is gone: nobody need ask for it again. */
export async function isGoing(tables: Tables, instanceId: string, key: string): Promise<boolean> {
  const open = await tables.operations.findOpen(instanceId, { kind: 'user', key })
  const kind = open?.targets.find(target => target.instanceId === instanceId && !target.isOver)?.kind
  return kind === 'drop-user' || kind === 'undo-create-user'
}

/** As far as can be known: a server that is away has what was made there. */
export function livesOn({ record, key, sight }: Omit<Known, 'pending'>, cluster: Cluster): boolean {
  const { id } = cluster.instance
  if (sight.unreachable.includes(cluster)) return typeof record?.places[id] === 'string'
  if (record) return isPlaced(record, cluster, sight)
  return sight.seen.get(id)?.has(userKeyText(key)) ?? false
}

/** A server may be two clusters, under two addresses: the login that is seen there is the very one that lives on one of these. */
export function isAlsoOn({ key, sight }: Known, { instance }: Cluster, others: readonly Cluster[]): boolean {
  const incarnationAt = (id: string) => sight.seen.get(id)?.get(userKeyText(key))?.incarnation
  const own = incarnationAt(instance.id)
  return own !== undefined && others.some(other => incarnationAt(other.instance.id) === own)
}

/** It may be made there any moment. */
export function comesTo({ pending }: Known, { instance }: Cluster): boolean {
  return pending.get(instance.id)?.change.kind === 'create-user'
}

/** It was refused there for one of its name, and that one is there still, as far as can be known. */
export function isRefused({ record, key, sight }: Known, cluster: Cluster): boolean {
  const { id } = cluster.instance
  const isSeen = sight.unreachable.includes(cluster) || sight.seen.get(id)?.has(userKeyText(key)) === true
  return record?.places[id] === null && isSeen
}

/** Dropped by others on every server that can be asked. */
export function isGone({ record, clusters, sight }: Pick<Known, 'record' | 'clusters' | 'sight'>): boolean {
  const own = clusters.filter(cluster => isWithin(wantedOf(record!)!, cluster))
  const asked = own.filter(cluster => !sight.unreachable.includes(cluster))
  return asked.length > 0 && !asked.some(cluster => isPlaced(record!, cluster, sight))
}

export function placesOf({ clusters, key, sight }: Known): Record<string, string> {
  const found = clusters.flatMap(({ instance }) => {
    const login = sight.seen.get(instance.id)?.get(userKeyText(key))
    return login ? [[instance.id, login.incarnation ?? '']] : []
  })
  return Object.fromEntries(found)
}

export function incarnationOn({ record, sight, key }: Known, { instance }: Cluster): string | undefined {
  const login = sight.seen.get(instance.id)?.get(userKeyText(key))
  return login?.incarnation ?? (record?.places[instance.id] || undefined)
}
