import { Fault } from '../../../domain/fault.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import { type DatabaseUser, type UserKey, userKeyFrom, userKeyText } from '../../../domain/users/user.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Asked } from '../../operations/prepared.ts'
import type { createChecks } from '../checks.ts'
import { type Clusters, clustersFor } from '../clusters.ts'
import { type Known, livesOn, pendingOn } from '../known.ts'
import { isUserOfProject } from '../listing/logins.ts'
import type { Cluster, ProjectParts, WantedUser } from '../project-user.ts'
import { isExpired, isThere, wantedOf } from '../records.ts'
import { lookAt, ownLogins } from '../sight.ts'
import { lost } from '../unchanged.ts'

/** The user of a project that a login is, seen from one of its servers. */
export interface UserBehind {
  readonly around: Clusters
  readonly known: Known
  /** That server. */
  readonly cluster: Cluster
  /** The login there; undefined while the server can't be asked. */
  readonly login?: DatabaseUser
  readonly was: WantedUser
}

export interface LoginAt {
  readonly instance: Instance
  readonly key: UserKey
  /** It becomes one of the project's if it is none yet, and lives nowhere else. */
  readonly ofProject?: boolean
  /** It is to go: that its time is over keeps it from nothing. */
  readonly goes?: boolean
}

/** Undefined: it is a login of its server and of nobody else. */
export async function userBehind(
  parts: ProjectParts & { readonly check: ReturnType<typeof createChecks> },
  asked: Asked,
  at: LoginAt,
): Promise<UserBehind | undefined> {
  const { store } = parts
  const { instance, key, ofProject } = at
  const text = userKeyText(key)
  const [record, now] = await Promise.all([
    store.read.projectRecords.find(instance.projectId, 'user', text),
    store.now(),
  ])
  if (!isUserOfProject(key) || (!record && !ofProject)) return undefined
  // Nobody knows yet where it is going to live.
  if (record?.open && !record.current) throw lost()
  const around = await clustersFor(parts, asked.caller, instance.projectId)
  const cluster = around.all.find(one => one.instance.id === instance.id)
  if (!cluster) return undefined
  if ((await ownLogins(parts, cluster)).has(text)) return keptAsOwn(parts, record, cluster, text)
  // Whoever is nobody's here need not wait for other servers.
  if (record?.current && !(await isHere(parts, record, cluster, asked.signal))) return undefined
  const sight = await lookAt(parts, around.all, asked.signal, text)
  const pending = await pendingOn(store.read, around.all, text)
  const known: Known = { key, clusters: around.all, sight, pending, stored: record, record }
  const login = sight.seen.get(instance.id)?.get(text)
  if (!record?.current) return adoptable(parts, { around, known, cluster, login })
  if (!livesOn(known, cluster) || record.open?.change === 'remove') return undefined
  if (isExpired(record, now) && !at.goes)
    throw new Fault('precondition_failed', 'user', `The time of ${key.name} is over`)
  return isThere(record, now) ? { around, known, cluster, login, was: wantedOf(record)! } : undefined
}

async function isHere(parts: ProjectParts, record: ProjectRecord, cluster: Cluster, signal: AbortSignal) {
  const sight = await lookAt(parts, [cluster], signal, record.key)
  return livesOn({ key: userKeyFrom(record.key), clusters: [cluster], sight, record }, cluster)
}

/** Rolecall itself logs in by it: what is changed of such a login is changed in its connections, and nowhere else. */
async function keptAsOwn(
  { check }: { readonly check: ReturnType<typeof createChecks> },
  record: ProjectRecord | undefined,
  cluster: Cluster,
  text: string,
): Promise<undefined> {
  if (typeof record?.places[cluster.instance.id] === 'string') await check.notOwn([cluster], text)
}

/** One that others made, and that no other server of the project has: there it would be the same user to the project, and is not. */
async function adoptable(
  { store, rules }: ProjectParts,
  { around, known, cluster, login }: Omit<UserBehind, 'was'>,
): Promise<UserBehind | undefined> {
  const { sight, key } = known
  const text = userKeyText(key)
  const isAlone = [...sight.seen].every(([id, users]) => id === cluster.instance.id || !users.has(text))
  if (!login || login.locked || !isAlone || sight.unreachable.length > 0) return undefined
  const noted = await store.read.users.find(cluster.instance.id, text)
  const validUntil = noted?.incarnation === login.incarnation ? noted?.validUntil : undefined
  const scopes = [{ type: rules.clusterType, name: cluster.name, instanceId: cluster.instance.id }]
  const was = { roles: login.roles ?? [], scopes, labels: [], validUntil }
  return { around, known: { ...known, record: undefined }, cluster, login, was }
}
