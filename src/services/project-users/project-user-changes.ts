import { Fault, isFault } from '../../domain/fault.ts'
import type { Secret } from '../../domain/secret.ts'
import { type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { FanOutTarget } from '../../ledger/fan-out/order.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { ProjectRecord, RecordPlan } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import { asAllowed } from '../access/server-admins.ts'
import type { Instances } from '../instances/instances.ts'
import { auditOf } from '../operations/audit.ts'
import type { Asked } from '../operations/prepared.ts'
import { changeStore } from '../operations/store-change.ts'
import { createChecks } from './checks.ts'
import { checkClusters, clustersFor, clustersOf, isWithin, naming, scopesFrom } from './clusters.ts'
import { comesTo, isAlsoOn, isGone, type Known, livesOn, pendingOn, placesOf } from './known.ts'
import type {
  Cluster,
  NewProjectUser,
  ProjectParts,
  ProjectRules,
  ProjectUser,
  ProjectUserChange,
  WantedUser,
} from './project-user.ts'
import { noUser, type ProjectUsers } from './project-users.ts'
import { isExpired, isThere, wantedOf } from './records.ts'
import { lookAt } from './sight.ts'
import { changeTargets, createTarget, dropTarget, supersedeOn } from './targets.ts'
import { type AsRead, checkNothingComes, checkNotMade, checkUnchanged, lost, untilWon } from './unchanged.ts'

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
export type Plan = Omit<RecordPlan, 'operationId' | 'projectId'>

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

  function create(asked: Asked, projectId: string, wish: NewProjectUser): Promise<ProjectUser> {
    checkRight(asked.caller, projectId, 'create')
    return untilWon(asked.signal, () => createOnce(asked, projectId, wish))
  }

  async function createOnce(asked: Asked, projectId: string, wish: NewProjectUser): Promise<ProjectUser> {
    const { caller, signal } = asked
    const key = userKeyText(wish.key)
    const before = await store.read.projectRecords.find(projectId, 'user', key)
    const around = await clustersFor(parts, caller, projectId)
    const clusters = around.all
    const scopes = scopesFrom(parts, around.seen, wish.scopes)
    const on = clusters.filter(cluster => isWithin({ scopes }, cluster))
    checkClusters(around, on)
    await check.notOwn(clusters, key)
    const now = await store.now()
    const validUntil = await check.end(on, wish.validUntil, now)
    await check.password(on, wish.password)
    await check.room(projectId, key, now)
    await check.free(projectId, key, clusters, signal, now)
    const wanted: WantedUser = { ...wantedIn(wish), scopes, validUntil }
    const targets = on.map(cluster => createTarget(asked, cluster, wish.key, { wanted, password: wish.password }))
    const plan = { ...planOf(key, 'create', wanted), password: kept(wish.password) }
    await carryOut(asked, projectId, plan, targets, { clusters, before })
    return projectUsers.get(caller, projectId, wish.key, signal, Promise.resolve(around))
  }

  function change(asked: Asked, projectId: string, key: UserKey, wish: ProjectUserChange): Promise<ProjectUser> {
    checkRight(asked.caller, projectId, 'update')
    return untilWon(asked.signal, () => changeOnce(asked, projectId, key, wish))
  }

  async function changeOnce(asked: Asked, projectId: string, key: UserKey, wish: ProjectUserChange) {
    const { caller, signal } = asked
    const around = await clustersFor(parts, caller, projectId)
    const now = () => projectUsers.get(caller, projectId, key, signal, Promise.resolve(around))
    const known = await found(asked, projectId, key, around.all)
    const was = known.record ? wantedOf(known.record)! : adopted(await now())
    const scopes = wish.scopes ? scopesFrom(parts, around.seen, wish.scopes) : was.scopes
    const on = known.clusters.filter(cluster => isWithin({ scopes }, cluster))
    const elsewhere = known.clusters.filter(one => !on.includes(one) && !isAlsoOn(known, one, on))
    const off = elsewhere.filter(one => livesOn(known, one) || comesTo(known, one))
    checkClusters(around, [...on, ...off], noUser(key))
    const { password, validUntil } = wish
    if (password) await check.password(on, password)
    const end =
      validUntil === undefined ? was.validUntil : await check.end(on, validUntil ?? undefined, await store.now())
    const wanted: WantedUser = { ...was, ...changed(was, wish), scopes, validUntil: end }
    const plan = planOf(userKeyText(key), 'change', wanted)
    const changing = { before: was, wanted, password, setsRoles: wish.roles !== undefined }
    const targets = on.flatMap(cluster => changeTargets(asked, cluster, known, changing))
    const basis = { clusters: around.all, known, was: asRead(projectId, known) }
    await carryOut(asked, projectId, { ...plan, password: kept(password) }, targets, basis)
    // Only once it is where it is to be from now on.
    const then = { projectId, kind: 'user', key: plan.key, current: plan.next } as const
    if (off.length > 0) await dropOn(asked, projectId, off, { ...basis, was: then, begun: targets }, plan)
    return now()
  }

  function drop(asked: Asked, projectId: string, key: UserKey): Promise<void> {
    checkRight(asked.caller, projectId, 'delete')
    return untilWon(asked.signal, () => dropOnce(asked, projectId, key))
  }

  async function dropOnce(asked: Asked, projectId: string, key: UserKey): Promise<void> {
    const around = await clustersFor(parts, asked.caller, projectId)
    const known = await found(asked, projectId, key, around.all).catch(unlessExpired(key))
    const on = known.clusters.filter(cluster => livesOn(known, cluster) || comesTo(known, cluster))
    checkClusters(around, on, noUser(key))
    const basis = { clusters: around.all, known, was: asRead(projectId, known) }
    await dropOn(asked, projectId, on, basis, planOf(userKeyText(key), 'remove'))
  }

  /** A user that may be changed. */
  async function found(asked: Asked, projectId: string, key: UserKey, clusters: readonly Cluster[]): Promise<Known> {
    const known = await find(asked, projectId, key, clusters)
    await check.notOwn(known.clusters, userKeyText(key))
    await check.mayAdopt(known)
    return known
  }

  /** What is known of a user that there is. */
  async function find({ signal }: Asked, projectId: string, key: UserKey, all?: readonly Cluster[]): Promise<Known> {
    const text = userKeyText(key)
    const [clusters, record, now] = await Promise.all([
      all ?? clustersOf(parts, projectId),
      store.read.projectRecords.find(projectId, 'user', text),
      store.now(),
    ])
    if (record?.open?.change === 'remove') throw noUser(key)
    const sight = await lookAt(parts, clusters, signal, text)
    const pending = await pendingOn(store.read, clusters, text)
    const read = { key, clusters, sight, pending, stored: record }
    const isLeft = record && isExpired(record, now) && clusters.some(one => livesOn({ ...read, record }, one))
    if (isLeft) throw new Fault('precondition_failed', 'user', `The time of ${key.name} is over`)
    const known = { ...read, record: record && isThere(record, now) ? record : undefined }
    const mayBeFound = known.record !== undefined || rules.listUnmanaged
    const isFound = clusters.some(one => livesOn(known, one)) || (known.record && !isGone(known))
    if (mayBeFound && isFound) return known
    throw noUser(key)
  }

  async function carryOut(
    asked: Asked,
    projectId: string,
    record: Plan,
    wanted: readonly FanOutTarget[],
    basis: Basis,
    onFailure: 'undo' | 'leave' = rules.partialFailure === 'all' ? 'undo' : 'leave',
  ): Promise<void> {
    const { known, clusters } = basis
    const targets = wanted.map(one => ({ ...one, change: asAllowed(asked.caller, projectId, one.change) }))
    if (targets.length === 0) return rememberOnly(asked, projectId, record, basis)
    const { caller, signal } = asked
    const confirm = (tables: Tables) => confirmOn(tables, projectId, targets, basis)
    const supersede = async (tables: Tables) => {
      if (known) return supersedeOn(tables, targets, known)
      await checkNotMade(tables, { ...record, projectId }, basis.before)
      return []
    }
    const how = { onFailure, perInstanceMs: rules.perInstanceMs, confirm, supersede }
    await fanOut.perform({ caller, signal, projectId, targets, record, ...how }).catch(naming(clusters))
  }

  /** Where it can be dropped, it is; the rest follows. */
  function dropOn(asked: Asked, projectId: string, on: readonly Cluster[], basis: KnownBasis, record: Plan) {
    const targets = on.map(cluster => dropTarget(asked, cluster, basis.known))
    return carryOut(asked, projectId, record, targets, basis, 'leave')
  }

  /** Nothing is to be done on any server. */
  async function rememberOnly({ caller }: Asked, projectId: string, plan: Plan, basis: Basis): Promise<void> {
    const { kind, key, change: what, next } = plan
    await changeStore(store, async tables => {
      const now = await tables.now()
      const was = await tables.projectRecords.hold({ projectId, kind, key })
      if (was?.open) throw lost()
      if (!basis.known) await checkNotMade(tables, { projectId, kind, key }, basis.before)
      if (was || basis.known?.stored) await confirmOn(tables, projectId, [], basis)
      const kept = was ?? { createdAt: now, places: basis.known ? placesOf(basis.known) : {} }
      const password = plan.password === undefined ? was?.password : (plan.password ?? undefined)
      if (what === 'remove') await tables.projectRecords.remove({ projectId, kind, key })
      else await tables.projectRecords.put({ ...kept, projectId, kind, key, current: next, password })
      const line = { projectId, action: `project-user.${what}`, subject: key, detail: Object.keys(next ?? {}), at: now }
      await tables.audit.add(auditOf(caller, line))
    })
  }

  const kept = (password: Secret | undefined) => keptOf(rules, password)

  return { before, create, change, drop }
}

/** What is kept of a new password for servers that join later: it, or nothing, not even the one before. */
export function keptOf({ lateJoin }: ProjectRules, password: Secret | undefined): Plan['password'] {
  return password && (lateJoin === 'sealed' ? password : null)
}

export function planOf(key: string, change: Plan['change'], wanted?: WantedUser): Plan {
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

/** What a change was made from. */
interface Basis {
  /** All of the project. */
  readonly clusters: readonly Cluster[]
  /** None of a user that is made; what was of its name before. */
  readonly known?: Known
  readonly before?: ProjectRecord
  readonly was?: AsRead
  /** What this very change has begun already. */
  readonly begun?: readonly FanOutTarget[]
}

type KnownBasis = Basis & Required<Pick<Basis, 'known'>>

const NOT_YET = { current: undefined, places: {} }

export function asRead(projectId: string, { key, stored }: Known): AsRead {
  return stored ?? { projectId, kind: 'user', key: userKeyText(key), ...NOT_YET }
}

/** In the transaction that writes the change: it is made from what there is, or made anew. */
export async function confirmOn(
  tables: Tables,
  projectId: string,
  targets: readonly FanOutTarget[],
  { known, was, begun = [] }: Basis,
): Promise<void> {
  if (was) await checkUnchanged(tables, was)
  if (!known) return
  const touched = [...targets, ...begun].map(({ instanceId }) => instanceId)
  await checkNothingComes(tables, known, touched)
  if (!known.record) await adopt(tables, projectId, known)
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
