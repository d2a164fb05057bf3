import { Fault, isFault } from '../../domain/fault.ts'
import type { Secret } from '../../domain/secret.ts'
import { type UserKey, userKeyText } from '../../domain/user.ts'
import type { FanOutTarget } from '../../ledger/fan-out/order.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { RecordPlan } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import type { Instances } from '../instances/instances.ts'
import { auditOf } from '../operations/audit.ts'
import type { Asked } from '../operations/prepared.ts'
import { changeStore } from '../operations/store-change.ts'
import { createChecks } from './checks.ts'
import { checkClusters, clustersFor, clustersOf, isWithin, naming, scopesFrom } from './clusters.ts'
import { comesTo, isGone, type Known, livesOn, pendingOn, placesOf } from './known.ts'
import type { NewProjectUser, ProjectParts, ProjectUser, ProjectUserChange, WantedUser } from './project-user.ts'
import { noUser, type ProjectUsers } from './project-users.ts'
import { isExpired, isThere, wantedOf } from './records.ts'
import { lookAt } from './sight.ts'
import { changeTargets, createTarget, dropTarget, supersedeOn } from './targets.ts'

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

/** What is to become of the project's record. */
type Plan = Omit<RecordPlan, 'operationId' | 'projectId'>

export function createProjectUserChanges(parts: ProjectChangeParts): ProjectUserChanges {
  const { store, fanOut, rules, projectUsers } = parts
  const check = createChecks(parts)

  async function before(asked: Asked, projectId: string, key: UserKey): Promise<ProjectUser> {
    checkRight(asked.caller, projectId, 'update')
    try {
      return await projectUsers.get(asked.caller, projectId, key, asked.signal)
    } catch (error) {
      // It may be over, and not gone.
      await find(asked, projectId, key)
      throw error
    }
  }

  async function create(asked: Asked, projectId: string, wish: NewProjectUser): Promise<ProjectUser> {
    const { caller, signal } = asked
    checkRight(caller, projectId, 'create')
    const key = userKeyText(wish.key)
    const clusters = await clustersOf(parts, projectId)
    const scopes = scopesFrom(parts, await clustersFor(parts, caller, projectId), wish.scopes)
    const on = clusters.filter(cluster => isWithin({ scopes }, cluster))
    await checkClusters(parts, caller, projectId, on)
    await check.notOwn(clusters, key)
    const now = await store.now()
    const validUntil = await check.end(on, wish.validUntil, now)
    await check.password(on, wish.password)
    await check.room(projectId, key, now)
    await check.free(projectId, key, clusters, signal, now)
    const wanted: WantedUser = { ...wantedIn(wish), scopes, validUntil }
    const targets = on.map(cluster => createTarget(asked, cluster, wish.key, { wanted, password: wish.password }))
    await carryOut(asked, projectId, { ...planOf(key, 'create', wanted), password: kept(wish.password) }, targets)
    return projectUsers.get(caller, projectId, wish.key, signal)
  }

  async function change(asked: Asked, projectId: string, key: UserKey, wish: ProjectUserChange): Promise<ProjectUser> {
    const { caller, signal } = asked
    checkRight(caller, projectId, 'update')
    const known = await found(asked, projectId, key)
    const was = known.record ? wantedOf(known.record)! : adopted(await projectUsers.get(caller, projectId, key, signal))
    const seen = await clustersFor(parts, caller, projectId)
    const scopes = wish.scopes ? scopesFrom(parts, seen, wish.scopes) : was.scopes
    const on = known.clusters.filter(cluster => isWithin({ scopes }, cluster))
    const off = known.clusters.filter(one => !on.includes(one) && (livesOn(known, one) || comesTo(known, one)))
    await checkClusters(parts, caller, projectId, [...on, ...off], noUser(key))
    const { password, validUntil } = wish
    if (password) await check.password(on, password)
    const end =
      validUntil === undefined ? was.validUntil : await check.end(on, validUntil ?? undefined, await store.now())
    const wanted: WantedUser = { ...was, ...changed(was, wish), scopes, validUntil: end }
    const plan = planOf(userKeyText(key), 'change', wanted)
    const targets = on.flatMap(cluster => changeTargets(asked, cluster, known, { before: was, wanted, password }))
    await carryOut(asked, projectId, { ...plan, password: kept(password) }, targets, known)
    // Only once it is where it is to be from now on.
    if (off.length > 0) await dropOn(asked, projectId, off, known, plan)
    return projectUsers.get(caller, projectId, key, signal)
  }

  async function drop(asked: Asked, projectId: string, key: UserKey): Promise<void> {
    checkRight(asked.caller, projectId, 'delete')
    const known = await found(asked, projectId, key).catch(unlessExpired(key))
    const on = known.clusters.filter(cluster => livesOn(known, cluster) || comesTo(known, cluster))
    await checkClusters(parts, asked.caller, projectId, on, noUser(key))
    await dropOn(asked, projectId, on, known, planOf(userKeyText(key), 'remove'))
  }

  /** A user that may be changed. */
  async function found(asked: Asked, projectId: string, key: UserKey): Promise<Known> {
    const known = await find(asked, projectId, key)
    await check.notOwn(known.clusters, userKeyText(key))
    await check.mayAdopt(known)
    return known
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
    const pending = await pendingOn(store.read, clusters, text)
    const all = { key, clusters, sight, pending }
    const isLeft = record && isExpired(record, now) && clusters.some(one => livesOn({ ...all, record }, one))
    if (isLeft) throw new Fault('precondition_failed', 'user', `The time of ${key.name} is over`)
    const known = { ...all, record: record && isThere(record, now) ? record : undefined }
    const mayBeFound = known.record !== undefined || rules.listUnmanaged
    const isFound = clusters.some(one => livesOn(known, one)) || (known.record && !isGone(known))
    if (mayBeFound && isFound) return known
    throw noUser(key)
  }

  async function carryOut(
    asked: Asked,
    projectId: string,
    record: Plan,
    targets: readonly FanOutTarget[],
    known?: Known,
    onFailure: 'undo' | 'leave' = rules.partialFailure === 'all' ? 'undo' : 'leave',
  ): Promise<void> {
    if (targets.length === 0) return rememberOnly(asked, projectId, record, known)
    const { caller, signal } = asked
    const confirm = known && !known.record ? (tables: Tables) => adopt(tables, projectId, known) : undefined
    // Where all is to be done now, what waits for its server is waited for.
    const supersede =
      known && onFailure === 'leave' ? (tables: Tables) => supersedeOn(tables, targets, known) : undefined
    const clusters = known?.clusters ?? (await clustersOf(parts, projectId))
    const how = { onFailure, perInstanceMs: rules.perInstanceMs, confirm, supersede }
    await fanOut.perform({ caller, signal, projectId, targets, record, ...how }).catch(naming(clusters))
  }

  /** Where it can be dropped, it is; the rest follows. */
  function dropOn(asked: Asked, projectId: string, on: Known['clusters'], known: Known, record: Plan): Promise<void> {
    const targets = on.map(cluster => dropTarget(asked, cluster, known))
    return carryOut(asked, projectId, record, targets, known, 'leave')
  }

  /** Nothing is to be done on any server. */
  async function rememberOnly({ caller }: Asked, projectId: string, plan: Plan, known?: Known): Promise<void> {
    const { kind, key, change: what, next } = plan
    await changeStore(store, async tables => {
      const now = await tables.now()
      const was = await tables.projectRecords.find(projectId, kind, key)
      if (was?.open) throw new Fault('conflict', 'user', 'Another change of this user is under way')
      const kept = was ?? { createdAt: now, places: known ? placesOf(known) : {} }
      const password = plan.password ?? was?.password
      if (what === 'remove') await tables.projectRecords.remove({ projectId, kind, key })
      else await tables.projectRecords.put({ ...kept, projectId, kind, key, current: next, password })
      const line = { projectId, action: `project-user.${what}`, subject: key, detail: Object.keys(next ?? {}), at: now }
      await tables.audit.add(auditOf(caller, line))
    })
  }

  const kept = (password: Secret | undefined) => (rules.lateJoin === 'sealed' ? password : undefined)

  return { before, create, change, drop }
}

function planOf(key: string, change: Plan['change'], wanted?: WantedUser): Plan {
  return { kind: 'user', key, change, next: wanted && { ...wanted } }
}

function wantedIn({ roles, labels, description }: Pick<WantedUser, 'roles' | 'labels' | 'description'>) {
  return { roles, labels, description: description === '' ? undefined : description }
}

function changed(was: WantedUser, { roles, labels, description }: ProjectUserChange) {
  const { roles: r, labels: l, description: d } = was
  return wantedIn({ roles: roles ?? r, labels: labels ?? l, description: description ?? d })
}

function adopted({ roles, scopes, labels }: ProjectUser): WantedUser {
  return { roles, scopes, labels }
}

/** From now on it is one of the project's, where it is. */
async function adopt(tables: Tables, projectId: string, known: Known): Promise<void> {
  await tables.projectRecords.move({ projectId, kind: 'user', key: userKeyText(known.key) }, placesOf(known), [])
}

/** Whoever wants it gone is told that it is: what is left of it goes by itself. */
function unlessExpired(key: UserKey) {
  return (error: unknown): never => {
    throw isFault(error) && error.code === 'precondition_failed' ? noUser(key) : error
  }
}
