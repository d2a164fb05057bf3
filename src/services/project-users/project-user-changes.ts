import type { Change } from '../../domain/change.ts'
import { Fault, isFault } from '../../domain/fault.ts'
import type { PolicyInForce } from '../../domain/policy.ts'
import type { Secret } from '../../domain/secret.ts'
import { type UserKey, userKeyText } from '../../domain/user.ts'
import type { FanOutTarget } from '../../ledger/fan-out/order.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { ProjectRecord, RecordPlan } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import type { Instances } from '../instances/instances.ts'
import { auditOf } from '../operations/audit.ts'
import type { Asked } from '../operations/prepared.ts'
import { changeStore } from '../operations/store-change.ts'
import { endOfNew } from '../users/ends.ts'
import { checkPassword } from '../users/user-rules.ts'
import { checkClusters, clustersOf, isWithin, naming, scopesFrom } from './clusters.ts'
import type {
  Cluster,
  NewProjectUser,
  ProjectParts,
  ProjectUser,
  ProjectUserChange,
  WantedUser,
} from './project-user.ts'
import { noUser, type ProjectUsers } from './project-users.ts'
import { isExpired, isPlaced, isThere, wantedOf } from './records.ts'
import { lookAt, ownLogins, type Sight } from './sight.ts'

/** Changes of a project's users, on every server that they live on. */
export interface ProjectUserChanges {
  /** As it is now, for whoever may change it. */
  before(asked: Asked, projectId: string, key: UserKey): Promise<ProjectUser>
  create(asked: Asked, projectId: string, wish: NewProjectUser): Promise<ProjectUser>
  change(asked: Asked, projectId: string, key: UserKey, wish: ProjectUserChange): Promise<ProjectUser>
  drop(asked: Asked, projectId: string, key: UserKey): Promise<void>
}

export interface ProjectChangeParts extends ProjectParts {
  readonly fanOut: FanOut
  readonly instances: Instances
  readonly projectUsers: ProjectUsers
}

export function createProjectUserChanges(parts: ProjectChangeParts): ProjectUserChanges {
  const { store, fanOut, instances, rules, projectUsers } = parts

  async function before(asked: Asked, projectId: string, key: UserKey): Promise<ProjectUser> {
    checkRight(asked.caller, projectId, 'update')
    await find(asked, projectId, key)
    return projectUsers.get(asked.caller, projectId, key, asked.signal)
  }

  async function create(asked: Asked, projectId: string, wish: NewProjectUser): Promise<ProjectUser> {
    const { caller } = asked
    checkRight(caller, projectId, 'create')
    const key = userKeyText(wish.key)
    const clusters = await clustersOf(parts, projectId)
    const scopes = scopesFrom(parts, clusters, wish.scopes)
    const on = clusters.filter(cluster => isWithin({ scopes }, cluster))
    await checkClusters(parts, caller, projectId, on)
    await checkNotOwn(clusters, key)
    const now = await store.now()
    const validUntil = await endFor(on, wish.validUntil, now)
    await checkPasswords(on, wish.password)
    await checkRoom(projectId, key, now)
    await checkFree(projectId, key, clusters, asked, now)
    const wanted: WantedUser = { ...wantedIn(wish), scopes, validUntil }
    const targets = on.map(cluster => createTarget(asked, cluster, wish.key, wanted, wish.password))
    const plan = { kind: 'user', key, change: 'create', next: { ...wanted }, password: kept(wish.password) } as const
    await carryOut(asked, projectId, plan, targets)
    return projectUsers.get(caller, projectId, wish.key, asked.signal)
  }

  async function change(asked: Asked, projectId: string, key: UserKey, wish: ProjectUserChange): Promise<ProjectUser> {
    const { caller, signal } = asked
    checkRight(caller, projectId, 'update')
    const known = await find(asked, projectId, key)
    await checkNotOwn(known.clusters, userKeyText(key))
    if (!known.record) await checkMayAdopt(known)
    const now = await store.now()
    const before = known.record
      ? wantedOf(known.record)!
      : adopted(await projectUsers.get(caller, projectId, key, signal))
    const scopes = wish.scopes ? scopesFrom(parts, known.clusters, wish.scopes) : before.scopes
    const on = known.clusters.filter(cluster => isWithin({ scopes }, cluster))
    const off = known.clusters.filter(cluster => !on.includes(cluster) && livesOn(known, cluster))
    await checkClusters(parts, caller, projectId, [...on, ...off])
    if (wish.password) await checkPasswords(on, wish.password)
    const validUntil = await endAfter(on, before, wish, now)
    const wanted: WantedUser = { ...before, ...changed(before, wish), scopes, validUntil }
    const targets = on.flatMap(cluster => changeTargets(asked, cluster, known, before, wanted, wish.password))
    const plan = {
      kind: 'user',
      key: userKeyText(key),
      change: 'change',
      next: { ...wanted },
      password: kept(wish.password),
    } as const
    await carryOut(asked, projectId, plan, targets, known)
    if (off.length > 0) await dropOn(asked, projectId, key, off, known, { ...plan, password: undefined })
    return projectUsers.get(caller, projectId, key, signal)
  }

  async function drop(asked: Asked, projectId: string, key: UserKey): Promise<void> {
    checkRight(asked.caller, projectId, 'delete')
    const known = await find(asked, projectId, key).catch(unlessExpired(key))
    await checkNotOwn(known.clusters, userKeyText(key))
    if (!known.record) await checkMayAdopt(known)
    const on = known.clusters.filter(cluster => livesOn(known, cluster))
    await checkClusters(parts, asked.caller, projectId, on)
    const plan = { kind: 'user', key: userKeyText(key), change: 'remove' } as const
    await dropOn(asked, projectId, key, on, known, plan)
  }

  /** What is known of a user that there is. */
  async function find({ signal }: Asked, projectId: string, key: UserKey): Promise<Known> {
    const text = userKeyText(key)
    const [clusters, record, now] = await Promise.all([
      clustersOf(parts, projectId),
      store.read.projectRecords.find(projectId, 'user', text),
      store.now(),
    ])
    if (record?.open?.change === 'remove') throw noUser(key)
    const sight = await lookAt(parts, clusters, signal, text)
    if (
      record &&
      isExpired(record, now) &&
      clusters.some(cluster => livesOn({ key, clusters, sight, record }, cluster))
    )
      throw expired(key)
    const known = { key, clusters, sight, record: record && isThere(record, now) ? record : undefined }
    const isFound = clusters.some(cluster => livesOn(known, cluster)) || (known.record && !isGone(known))
    if (!isFound) throw noUser(key)
    return known
  }

  async function carryOut(
    asked: Asked,
    projectId: string,
    record: Omit<RecordPlan, 'operationId' | 'projectId'>,
    targets: readonly FanOutTarget[],
    known?: Known,
    onFailure: 'undo' | 'leave' = rules.partialFailure === 'all' ? 'undo' : 'leave',
  ): Promise<void> {
    if (targets.length === 0) return rememberOnly(asked, projectId, record, known)
    const { caller, signal } = asked
    const confirm = known && !known.record ? (tables: Tables) => adopt(tables, projectId, known) : undefined
    const supersede = (tables: Tables) => supersedeOn(tables, targets, record)
    const clusters = await clustersOf(parts, projectId)
    const how = { onFailure, perInstanceMs: rules.perInstanceMs, confirm, supersede }
    await fanOut.perform({ caller, signal, projectId, targets, record, ...how }).catch(naming(clusters))
  }

  async function dropOn(
    asked: Asked,
    projectId: string,
    key: UserKey,
    on: readonly Cluster[],
    known: Known,
    record: Omit<RecordPlan, 'operationId' | 'projectId'>,
  ): Promise<void> {
    const targets = on.map(cluster => dropTarget(asked, cluster, key, known))
    await carryOut(asked, projectId, record, targets, record.change === 'remove' ? known : undefined, 'leave')
  }

  /** Nothing is to be done on any server. */
  async function rememberOnly(
    { caller }: Asked,
    projectId: string,
    { kind, key, change: what, next, password }: Omit<RecordPlan, 'operationId' | 'projectId'>,
    known?: Known,
  ): Promise<void> {
    await changeStore(store, async tables => {
      const now = await tables.now()
      const before = await tables.projectRecords.find(projectId, kind, key)
      if (before?.open) throw new Fault('conflict', 'user', 'Another change of this user is under way')
      if (what === 'remove') await tables.projectRecords.remove({ projectId, kind, key })
      else {
        const kept = before ?? { createdAt: now, places: known ? placesOf(known) : {} }
        await tables.projectRecords.put({
          ...kept,
          projectId,
          kind,
          key,
          current: next,
          password: password ?? before?.password,
        })
      }
      const line = { projectId, action: `project-user.${what}`, subject: key, detail: Object.keys(next ?? {}), at: now }
      await tables.audit.add(auditOf(caller, line))
    })
  }

  async function checkNotOwn(clusters: readonly Cluster[], key: string): Promise<void> {
    for (const cluster of clusters)
      if ((await ownLogins(parts, cluster)).has(key))
        throw new Fault('in_use', 'user', `Rolecall itself logs in to ${cluster.name} by this name`)
  }

  async function checkMayAdopt({ clusters, key, ...known }: Known): Promise<void> {
    for (const cluster of clusters.filter(one => livesOn({ ...known, key, clusters }, one)))
      if (!(await instances.policyOf(cluster.instance)).manageExisting)
        throw new Fault(
          'forbidden',
          'user',
          `${key.name} was made by others, and ${cluster.name} keeps such logins as they are`,
        )
  }

  async function checkRoom(projectId: string, key: string, now: number): Promise<void> {
    const records = await store.read.projectRecords.list(projectId, 'user')
    const others = records.filter(record => record.key !== key && isThere(record, now))
    if (others.length >= rules.mostUsers)
      throw new Fault('too_large', 'user', `A project has ${rules.mostUsers} users at most`)
  }

  /** A name is taken by a user of the project, by one on its way out, and by a login that others made. */
  async function checkFree(
    projectId: string,
    key: string,
    clusters: readonly Cluster[],
    { signal }: Asked,
    now: number,
  ): Promise<void> {
    const record = await store.read.projectRecords.find(projectId, 'user', key)
    if (!record) return
    const sight = await lookAt(parts, clusters, signal, key)
    if (record.open?.change === 'remove') throw taken('is on its way out, and not gone from every server yet')
    if (isExpired(record, now) && clusters.some(cluster => isPlaced(record, cluster, sight)))
      throw taken('is over, and not gone from every server yet')
    if (isThere(record, now) && !isGone({ record, clusters, sight })) throw taken('is there already')
  }

  /** The earliest of what was asked for and what each server's policy says. */
  async function endFor(on: readonly Cluster[], asked: number | undefined, now: number): Promise<number | undefined> {
    const wish = asked === undefined ? undefined : { until: asked }
    const ends = await Promise.all(
      on.map(async ({ instance }) => endOfNew(wish, await instances.policyOf(instance), now)),
    )
    const some = [...ends, asked].filter(end => end !== undefined)
    return some.length === 0 ? undefined : Math.min(...some)
  }

  async function endAfter(on: readonly Cluster[], before: WantedUser, { validUntil }: ProjectUserChange, now: number) {
    if (validUntil === undefined) return before.validUntil
    return endFor(on, validUntil ?? undefined, now)
  }

  async function checkPasswords(on: readonly Cluster[], password: Secret): Promise<void> {
    const policies: readonly PolicyInForce[] = await Promise.all(on.map(({ instance }) => instances.policyOf(instance)))
    for (const policy of policies) checkPassword(password, policy)
  }

  const kept = (password: Secret | undefined) => (rules.lateJoin === 'sealed' ? password : undefined)

  return { before, create, change, drop }
}

/** A user that there is: its record, if it has one, and what its servers show. */
interface Known {
  readonly key: UserKey
  readonly clusters: readonly Cluster[]
  readonly sight: Sight
  readonly record?: ProjectRecord
}

/** As far as can be known: a server that is away has what was made there. */
function livesOn({ record, key, sight }: Known, cluster: Cluster): boolean {
  const { id } = cluster.instance
  if (sight.unreachable.includes(cluster)) return typeof record?.places[id] === 'string'
  if (record) return isPlaced(record, cluster, sight)
  return sight.seen.get(id)?.has(userKeyText(key)) ?? false
}

/** Dropped by others on every server that can be asked. */
function isGone({ record, clusters, sight }: Pick<Known, 'record' | 'clusters' | 'sight'>): boolean {
  const own = clusters.filter(cluster => isWithin(wantedOf(record!)!, cluster))
  const asked = own.filter(cluster => !sight.unreachable.includes(cluster))
  return asked.length > 0 && !asked.some(cluster => isPlaced(record!, cluster, sight))
}

function wantedIn({ roles, labels, description }: Pick<WantedUser, 'roles' | 'labels' | 'description'>) {
  return { roles, labels, description: description === '' ? undefined : description }
}

function changed(before: WantedUser, { roles, labels, description }: ProjectUserChange) {
  return wantedIn({
    roles: roles ?? before.roles,
    labels: labels ?? before.labels,
    description: description ?? before.description,
  })
}

function adopted({ roles, scopes, labels }: ProjectUser): WantedUser {
  return { roles, scopes, labels }
}

function placesOf({ clusters, key, sight }: Known): Record<string, string> {
  const found = clusters.flatMap(({ instance }) => {
    const login = sight.seen.get(instance.id)?.get(userKeyText(key))
    return login ? [[instance.id, login.incarnation ?? '']] : []
  })
  return Object.fromEntries(found)
}

/** From now on it is one of the project's, where it is. */
async function adopt(tables: Tables, projectId: string, known: Known): Promise<void> {
  await tables.projectRecords.move({ projectId, kind: 'user', key: userKeyText(known.key) }, placesOf(known), [])
}

const wishOf = ({ caller }: Asked) => ({ username: caller.operator.username, passwordChosen: true })

function createTarget(
  asked: Asked,
  { instance }: Cluster,
  key: UserKey,
  { roles, validUntil }: WantedUser,
  password: Secret,
): FanOutTarget {
  const end = validUntil === undefined ? undefined : { until: validUntil }
  const user = { ...key, settings: {}, engineRoles: roles, grants: [] }
  return {
    instanceId: instance.id,
    change: { kind: 'create-user', user, password, ahead: true, end },
    wish: wishOf(asked),
  }
}

function changeTargets(
  asked: Asked,
  cluster: Cluster,
  known: Known,
  before: WantedUser,
  wanted: WantedUser,
  password: Secret | undefined,
): readonly FanOutTarget[] {
  const { record, key } = known
  if (!livesOn(known, cluster)) {
    const secret = password ?? record?.password
    // Whoever knows no password can't make it there: it waits for one.
    return secret ? [createTarget(asked, cluster, key, wanted, secret)] : []
  }
  const end =
    wanted.validUntil === before.validUntil ? {} : { end: { until: wanted.validUntil, before: before.validUntil } }
  const isSame = JSON.stringify(wanted.roles) === JSON.stringify(before.roles)
  if (isSame && !password && !('end' in end)) return []
  const change: Change = { kind: 'replace-user', key, roles: wanted.roles, ...(password ? { password } : {}), ...end }
  return [{ instanceId: cluster.instance.id, change, wish: wishOf(asked), incarnation: incarnationOn(known, cluster) }]
}

function dropTarget(asked: Asked, cluster: Cluster, key: UserKey, known: Known): FanOutTarget {
  const incarnation = incarnationOn(known, cluster)
  const change: Change = { kind: 'drop-user', key, onOwned: 'refuse', incarnation }
  return { instanceId: cluster.instance.id, change, wish: wishOf(asked), incarnation }
}

function incarnationOn({ record, sight, key }: Known, { instance }: Cluster): string | undefined {
  const login = sight.seen.get(instance.id)?.get(userKeyText(key))
  return login?.incarnation ?? (record?.places[instance.id] || undefined)
}

/** What is still to be made there need not be: this change says what is to be. A drop that is still to come comes first. */
async function supersedeOn(
  tables: Tables,
  targets: readonly FanOutTarget[],
  { key }: Pick<RecordPlan, 'key'>,
): Promise<readonly string[]> {
  const subject = { kind: 'user', key } as const
  const superseded: string[] = []
  for (const { instanceId } of targets) {
    const open = await tables.operations.findOpen(instanceId, subject)
    const target = open?.targets.find(one => one.instanceId === instanceId && !one.isOver)
    if (!target || (target.kind !== 'create-user' && target.kind !== 'replace-user')) continue
    if (await tables.operations.supersede(instanceId, subject, await tables.now())) superseded.push(instanceId)
  }
  return superseded
}

function taken(words: string): Fault {
  return new Fault('exists', 'user', `A user of this name ${words}`)
}

function expired({ name }: UserKey): Fault {
  return new Fault('precondition_failed', 'user', `The time of ${name} is over`)
}

/** Whoever wants it gone is told that it is: what is left of it goes by itself. */
function unlessExpired(key: UserKey) {
  return (error: unknown): never => {
    throw isFault(error) && error.code === 'precondition_failed' ? noUser(key) : error
  }
}
