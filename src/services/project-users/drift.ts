import { randomUUID } from 'node:crypto'
import { isFault } from '../../domain/fault.ts'
import type { Operation, OperationTarget } from '../../domain/operations/operation.ts'
import { userKeyFrom } from '../../domain/users/user.ts'
import type { FanOutTarget } from '../../ledger/fan-out/order.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { clustersOf, isWithin } from './clusters.ts'
import { ROLECALL } from './joining.ts'
import { isKeptElsewhere } from './kept-elsewhere.ts'
import type { Cluster, ProjectParts } from './project-user.ts'
import { isPlaced, isThere, rolesShown, wantedOf } from './records.ts'
import { lookAt, type Sight } from './sight.ts'
import { checkSameRecord } from './unchanged.ts'

/** What others changed of what a project's users may do, past the project: it is set back, or taken over. */
export interface Drift {
  /** Sets back by writing down what is to be done, for the worker to do. */
  look(): Promise<void>
}

export interface DriftParts extends ProjectParts {
  readonly fanOut: FanOut
  /** Could the project itself have asked for that role; the names are those of its own roles. */
  readonly mayGrant: (role: string, own: ReadonlySet<string>) => boolean
}

/** All servers of a project together. */
const LOOK_MS = 60_000

/** Who changes it again and again, or a server that shows roles otherwise than they were set, keeps nobody busy. */
const PAUSE_MS = 60_000

/** What a server refused is not asked of it again and again. */
const REFUSED_MS = 3_600_000

export function createDrift(parts: DriftParts): Drift {
  const { store, rules } = parts
  const { projectRecords } = store.read

  async function look(): Promise<void> {
    if (rules.drift === 'report') return
    for (const projectId of await projectRecords.projects()) await lookAtProject(projectId)
  }

  async function lookAtProject(projectId: string): Promise<void> {
    const now = await store.now()
    const all = await projectRecords.list(projectId, 'user')
    const records = all.filter(one => isThere(one, now) && !one.open)
    if (records.length === 0) return
    const clusters = (await clustersOf(parts, projectId)).filter(({ instance }) => instance.mode === 'manage')
    const keys = records.map(({ key }) => key)
    const sight = await lookAt(parts, clusters, AbortSignal.timeout(LOOK_MS), keys)
    const own = new Set((await projectRecords.list(projectId, 'role')).map(({ key }) => key))
    for (const record of records) {
      const settled = rules.drift === 'revert' ? setBack(record, sight) : takeOver(record, sight, own)
      await settled.catch(unlessUnderWay)
    }
  }

  async function setBack(record: ProjectRecord, sight: Sight): Promise<void> {
    const targets: FanOutTarget[] = []
    for (const place of placesOf(record, sight)) {
      if (haveSame(place.roles, wantedOf(record)!.roles)) continue
      const last = await lastOn(record, place)
      if (last && !(await isFree(last))) continue
      const roles = last && (await isBeyond(last)) ? keptOf(record, place) : wantedOf(record)!.roles
      if (haveSame(place.roles, roles) || (await isKeptElsewhere(parts, place.cluster, record.key))) continue
      targets.push(targetOn(record, place, roles))
    }
    if (targets.length > 0) await leave(record, targets)
  }

  async function lastOn({ projectId, key }: ProjectRecord, { cluster }: Place): Promise<Last | undefined> {
    const instanceId = cluster.instance.id
    const filter = { projectId, instanceId, subject: { kind: 'user', key } } as const
    const [operation] = (await store.read.operations.list(filter, { limit: 1 })).items
    return operation && { operation, target: operation.targets.find(one => one.instanceId === instanceId) }
  }

  /** Nothing is under way there, nobody gave it up, and it was not set back a moment ago. */
  async function isFree({ operation, target }: Last): Promise<boolean> {
    // What is done here may still wait, or have been given up, for other servers.
    if (operation.state === 'open' && !target?.isOver) return false
    if (operation.abandonedBy !== undefined && !target?.outcome) return false
    return operation.operatorId !== ROLECALL.operator.id || operation.createdAt < (await store.now()) - PAUSE_MS
  }

  /** A role of it is not to be had there, or was not lately: what is too much goes all the same. */
  async function isBeyond({ operation, target }: Last): Promise<boolean> {
    const wasRefused = operation.operatorId === ROLECALL.operator.id && !target?.outcome
    return wasRefused && operation.createdAt > (await store.now()) - REFUSED_MS
  }

  function leave(was: ProjectRecord, targets: readonly FanOutTarget[]): Promise<string> {
    const { projectId, kind, key, current } = was
    const record = { kind, key, change: 'change', next: current } as const
    const confirm = (tables: Tables) => checkSameRecord(tables, was)
    const how = { onFailure: 'leave', perInstanceMs: rules.perInstanceMs, confirm } as const
    // Whoever finds another change under way looks again soon enough.
    const signal = AbortSignal.abort()
    const caller = { ...ROLECALL, requestId: randomUUID() }
    return parts.fanOut.leave({ caller, projectId, targets, record, signal, ...how })
  }

  /** What all of its servers agree on, and never more than one of them has. */
  async function takeOver(record: ProjectRecord, sight: Sight, own: ReadonlySet<string>): Promise<void> {
    const wanted = wantedOf(record)!
    const placed = placesOf(record, sight)
    const isWhole = !sight.unreachable.some(cluster => isWithin(wanted, cluster))
    if (placed.length === 0 || !isWhole || (await isBusy(record, placed))) return
    const common = rolesShown(
      wanted.roles,
      placed.map(({ roles }) => roles),
    )
    const roles = common.filter(role => wanted.roles.includes(role) || parts.mayGrant(role, own))
    if (!haveSame(roles, wanted.roles)) await remember(record, { ...wanted, roles })
  }

  /** What is on its way there, or taken back, is not what somebody wants. */
  async function isBusy({ key }: ProjectRecord, placed: readonly Place[]): Promise<boolean> {
    const { operations } = store.read
    const open = await Promise.all(
      placed.map(({ cluster }) => operations.findOpen(cluster.instance.id, { kind: 'user', key })),
    )
    return open.some(one => one !== undefined)
  }

  function remember(was: ProjectRecord, current: NonNullable<ReturnType<typeof wantedOf>>): Promise<void> {
    const { projectId, kind, key } = was
    return store.transaction(async tables => {
      const is = await tables.projectRecords.hold({ projectId, kind, key })
      if (!is || is.open) return
      await checkSameRecord(tables, was)
      await tables.projectRecords.put({ ...is, current: { ...current } })
      const { operator, address, dialect } = ROLECALL
      const who = { operatorId: operator.id, address, dialect, requestId: randomUUID() }
      const what = {
        projectId,
        action: 'project-user.change',
        subject: key,
        detail: ['roles'],
        outcome: 'done',
      } as const
      await tables.audit.add({ ...who, ...what, at: await tables.now() })
    })
  }

  return { look }
}

interface Place {
  readonly cluster: Cluster
  readonly roles: readonly string[]
  readonly incarnation?: string
}

/** The newest operation that touched it on a server, and what it was to do there. */
interface Last {
  readonly operation: Operation
  readonly target: OperationTarget | undefined
}

/** Where it is, as far as can be seen. A locked login has no roles, and gets back what it is to have. */
function placesOf(record: ProjectRecord, sight: Sight): readonly Place[] {
  const within = sight.clusters.filter(one => isWithin(wantedOf(record)!, one) && isPlaced(record, one, sight))
  return within.flatMap(cluster => {
    const { roles = [], locked, incarnation } = sight.seen.get(cluster.instance.id)!.get(record.key)!
    return locked ? [] : [{ cluster, roles, incarnation }]
  })
}

/** What is wanted, as far as it has it. */
function keptOf(record: ProjectRecord, { roles }: Place): readonly string[] {
  return wantedOf(record)!.roles.filter(role => roles.includes(role))
}

function targetOn({ key }: ProjectRecord, { cluster, incarnation }: Place, roles: readonly string[]): FanOutTarget {
  const wish = { username: ROLECALL.operator.id, passwordChosen: true }
  const change = { kind: 'replace-user', key: userKeyFrom(key), roles } as const
  return { instanceId: cluster.instance.id, change, wish, incarnation }
}

function haveSame(some: readonly string[], others: readonly string[]): boolean {
  return some.every(one => others.includes(one)) && others.every(one => some.includes(one))
}

function unlessUnderWay(error: unknown): void {
  if (!isFault(error) || error.code !== 'conflict') throw error
}
