import { randomUUID } from 'node:crypto'
import { type Change, subjectOf } from '../../domain/change.ts'
import { isFault } from '../../domain/fault.ts'
import { userKeyFrom } from '../../domain/user.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import { clustersOf, isWithin } from './clusters.ts'
import type { CustomRole } from './custom-roles.ts'
import type { Cluster, ProjectParts } from './project-user.ts'
import { isExpired, isThere, wantedOf } from './records.ts'

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
    for (const record of roles.filter(one => isThere(one, now)))
      await bring(record, clusters.filter(isNew(record)), () => makeRole(record))
    for (const record of users.filter(one => isThere(one, now))) {
      const wanted = wantedOf(record)!
      const needed = roles.filter(({ key }) => wanted.roles.includes(`admin.${key}`))
      const isReady = (cluster: Cluster) => needed.every(role => role.places[cluster.instance.id] !== undefined)
      const missing = clusters.filter(isNew(record)).filter(one => isWithin(wanted, one) && isReady(one))
      if (record.password) await bring(record, missing, () => makeUser(record))
      const surplus = clusters.filter(one => isOn(record, one) && !isWithin(wanted, one))
      await bring(record, surplus, ({ instance }) => dropUser(record, instance.id))
    }
    for (const record of users.filter(one => isExpired(one, now))) await forget(record)
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
    const free = await Promise.all(targets.map(({ instanceId, change }) => isFree(instanceId, change)))
    const open = targets.filter((_, at) => free[at])
    if (open.length > 0) await leave(record, open).catch(unlessUnderWay)
  }

  async function isFree(instanceId: string, change: Change): Promise<boolean> {
    return (await store.read.operations.findOpen(instanceId, subjectOf(change))) === undefined
  }

  function leave({ projectId, kind, key, current }: ProjectRecord, targets: Parameters<FanOut['leave']>[0]['targets']) {
    const caller = { ...ROLECALL, requestId: randomUUID() }
    const record = { kind, key, change: 'change', next: current } as const
    const how = { onFailure: 'leave', perInstanceMs: parts.rules.perInstanceMs } as const
    // Whoever finds another change under way looks again soon enough.
    return fanOut.leave({ caller, projectId, targets, record, signal: AbortSignal.abort(), ...how })
  }

  /** A user whose time is over goes from the project's records when it is gone from the last of its servers. */
  async function forget(record: ProjectRecord): Promise<void> {
    const promises = await Promise.all(
      Object.keys(record.places).map(id => store.read.expiries.findMany(id, [record.key])),
    )
    if (promises.every(({ size }) => size === 0))
      await store.transaction(tables => tables.projectRecords.remove(record))
  }

  return { look }
}

const isNew =
  ({ places }: ProjectRecord) =>
  ({ instance }: Cluster) =>
    places[instance.id] === undefined

function isOn({ places }: ProjectRecord, { instance }: Cluster): boolean {
  return typeof places[instance.id] === 'string'
}

function makeRole({ current }: ProjectRecord): Change {
  return { kind: 'create-role', role: (current as unknown as CustomRole).definition }
}

function makeUser(record: ProjectRecord): Change {
  const { roles, validUntil } = wantedOf(record)!
  const user = { ...userKeyFrom(record.key), settings: {}, engineRoles: roles, grants: [] }
  const end = validUntil === undefined ? undefined : { until: validUntil }
  return { kind: 'create-user', user, password: record.password!, ahead: true, end }
}

function dropUser(record: ProjectRecord, instanceId: string): Change {
  const incarnation = record.places[instanceId] || undefined
  return { kind: 'drop-user', key: userKeyFrom(record.key), onOwned: 'refuse', incarnation }
}

function unlessUnderWay(error: unknown): void {
  if (!isFault(error) || error.code !== 'conflict') throw error
}
