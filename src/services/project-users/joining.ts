import { randomUUID } from 'node:crypto'
import { isFault } from '../../domain/fault.ts'
import { type Change, subjectOf } from '../../domain/users/change.ts'
import { userKeyFrom } from '../../domain/users/user.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { clustersOf, isWithin } from './clusters.ts'
import type { Cluster, ProjectParts } from './project-user.ts'
import { incarnationsOf, isExpired, isThere, wantedOf } from './records.ts'
import { roleOf } from './roles/custom-role.ts'
import { sharedOn } from './roles/shared.ts'
import { checkSameRecord } from './unchanged.ts'

/** Brings servers that joined a project later what its users and roles are to be there. */
export interface Joining {
  /** Writes down what is to be done, for the worker to do. */
  look(): Promise<void>
}

export interface JoiningParts extends ProjectParts {
  readonly fanOut: FanOut
}

/** Who does it, in the ledger and in the audit. */
export const ROLECALL = { operator: { id: 'rolecall' }, address: '127.0.0.1', dialect: 'system' } as const

export function createJoining(parts: JoiningParts): Joining {
  const { store, fanOut } = parts

  async function look(): Promise<void> {
    for (const projectId of await store.read.projectRecords.projects()) await lookAtProject(projectId)
  }

  async function lookAtProject(projectId: string): Promise<void> {
    const clusters = (await clustersOf(parts, projectId)).filter(({ instance }) => instance.mode === 'manage')
    const roles = await store.read.projectRecords.list(projectId, 'role')
    const users = await store.read.projectRecords.list(projectId, 'user')
    const now = await store.now()
    for (const record of roles.filter(one => isThere(one, now))) await bringRole(record, clusters, roles)
    for (const record of users.filter(one => isThere(one, now))) {
      const wanted = wantedOf(record)!
      const isReady = hasAll(roles, wanted.roles)
      const missing = clusters.filter(isNew(record)).filter(one => isWithin(wanted, one) && isReady(one))
      if (record.password) await bring(record, missing, () => makeUser(record))
      const surplus = clusters.filter(one => isOn(record, one) && !isWithin(wanted, one))
      await bring(record, surplus, ({ instance }) => dropUser(record, instance.id))
    }
    for (const record of users.filter(one => isExpired(one, now))) await forget(record)
  }

  /** After those that it inherits from, and after what another project drops there. */
  async function bringRole(record: ProjectRecord, clusters: readonly Cluster[], roles: readonly ProjectRecord[]) {
    const missing = clusters.filter(isNew(record)).filter(hasAll(roles, roleOf(record).definition.roles))
    if (missing.length === 0) return
    const { going } = await sharedOn(store.read, record, missing)
    const free = missing.filter(({ instance }) => !going.has(instance.id))
    await bring(record, free, () => ({ kind: 'create-role', role: roleOf(record).definition }))
  }

  /** Written as one operation; one that is open already does it. */
  async function bring(record: ProjectRecord, on: readonly Cluster[], toChange: (cluster: Cluster) => Change) {
    if (on.length === 0 || record.open) return
    const targets = on.map(cluster => ({
      instanceId: cluster.instance.id,
      change: toChange(cluster),
      wish: { username: ROLECALL.operator.id, passwordChosen: true },
      incarnation: record.places[cluster.instance.id] || undefined,
    }))
    const open: typeof targets = []
    for (const target of targets) if (await isFree(record, target)) open.push(target)
    if (open.length > 0) await leave(record, open).catch(unlessUnderWay)
  }

  /** Nothing is under way there, and nobody gave it up. */
  async function isFree(record: ProjectRecord, { instanceId, change }: Target): Promise<boolean> {
    const filter = { projectId: record.projectId, instanceId, subject: subjectOf(change) }
    const [last] = (await store.read.operations.list(filter, { limit: 1 })).items
    const target = last?.targets.find(one => one.instanceId === instanceId)
    if (last?.state === 'open' && !target?.isOver) return false
    const isThis = target?.kind === change.kind && last!.createdAt >= record.createdAt
    if (!isThis || last?.abandonedBy === undefined) return true
    // From now on that server's place says so.
    if (change.kind !== 'drop-user') await refuseOn(record, instanceId).catch(unlessUnderWay)
    return false
  }

  function refuseOn(record: ProjectRecord, instanceId: string): Promise<void> {
    return store.transaction(async tables => {
      await tables.projectRecords.hold(record)
      await checkSameRecord(tables, record)
      await tables.projectRecords.move(record, { [instanceId]: null }, [])
    })
  }

  function leave(was: ProjectRecord, targets: readonly Target[]) {
    const { projectId, kind, key, current } = was
    const caller = { ...ROLECALL, requestId: randomUUID() }
    const record = { kind, key, change: 'change', next: current } as const
    const confirm = (tables: Tables) => checkSameRecord(tables, was)
    const how = { onFailure: 'leave', perInstanceMs: parts.rules.perInstanceMs, confirm } as const
    // Whoever finds another change under way looks again soon enough.
    return fanOut.leave({ caller, projectId, targets, record, signal: AbortSignal.abort(), ...how })
  }

  /** A user whose time is over goes from the project's records when it is gone from the last of its servers. */
  async function forget(record: ProjectRecord): Promise<void> {
    if (record.open || (await isPromised(store.read, record))) return
    const remove = async (tables: Tables) => {
      const is = await tables.projectRecords.hold(record)
      if (!is || is.open || (await isPromised(tables, record))) return
      await checkSameRecord(tables, record)
      await tables.projectRecords.remove(record)
    }
    await store.transaction(remove).catch(unlessUnderWay)
  }

  return { look }
}

type Target = Parameters<FanOut['leave']>[0]['targets'][number]

/** Is it still to go from any of its servers? */
async function isPromised(tables: Tables, { places, key }: ProjectRecord): Promise<boolean> {
  const promises = await Promise.all(Object.keys(places).map(id => tables.expiries.findMany(id, [key])))
  return promises.some(({ size }) => size > 0)
}

const isNew =
  ({ places }: ProjectRecord) =>
  ({ instance }: Cluster) =>
    places[instance.id] === undefined

/** Are those of the names that are roles of the project there? What others have called so is another thing. */
const hasAll =
  (roles: readonly ProjectRecord[], names: readonly string[]) =>
  ({ instance }: Cluster) =>
    roles
      .filter(({ key }) => names.includes(`admin.${key}`))
      .every(role => typeof role.places[instance.id] === 'string')

function isOn({ places }: ProjectRecord, { instance }: Cluster): boolean {
  return typeof places[instance.id] === 'string'
}

function makeUser(record: ProjectRecord): Change {
  const { roles, validUntil } = wantedOf(record)!
  const user = { ...userKeyFrom(record.key), settings: {}, engineRoles: roles, grants: [] }
  const end = validUntil === undefined ? undefined : { until: validUntil }
  const known = incarnationsOf(record.places)
  return { kind: 'create-user', user, password: record.password!, ahead: true, end, known }
}

function dropUser(record: ProjectRecord, instanceId: string): Change {
  const incarnation = record.places[instanceId] || undefined
  return { kind: 'drop-user', key: userKeyFrom(record.key), onOwned: 'refuse', incarnation }
}

function unlessUnderWay(error: unknown): void {
  if (!isFault(error) || error.code !== 'conflict') throw error
}
