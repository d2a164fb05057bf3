import type { Caller } from '../../domain/caller.ts'
import type { Change } from '../../domain/change.ts'
import { Fault } from '../../domain/fault.ts'
import type { RoleDefinition } from '../../domain/role-definition.ts'
import type { FanOut } from '../../ledger/fan-out/perform.ts'
import type { Places, ProjectRecord, RecordPlan } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import type { Asked } from '../operations/prepared.ts'
import { checkClusters, clustersFor, clustersOf, naming } from './clusters.ts'
import type { Cluster, ProjectParts } from './project-user.ts'
import { wantedOf } from './records.ts'
import { lookAt } from './sight.ts'
import { checkNotMade, untilWon } from './unchanged.ts'

/** A role that a project defines, as its dialect asked for it, and as servers are to have it. */
export interface CustomRole {
  readonly name: string
  /** What the dialect tells back. */
  readonly asked: Readonly<Record<string, unknown>>
  readonly definition: RoleDefinition
}

/** Roles that people define, on every server of a project. */
export interface CustomRoles {
  list(caller: Caller, projectId: string): Promise<readonly CustomRole[]>
  get(caller: Caller, projectId: string, name: string): Promise<CustomRole>
  create(asked: Asked, projectId: string, role: CustomRole): Promise<CustomRole>
  change(asked: Asked, projectId: string, role: CustomRole): Promise<CustomRole>
  drop(asked: Asked, projectId: string, name: string): Promise<void>
}

export interface CustomRoleParts extends ProjectParts {
  readonly fanOut: FanOut
}

export function createCustomRoles(parts: CustomRoleParts): CustomRoles {
  const { store, fanOut, rules } = parts

  async function all(projectId: string): Promise<readonly CustomRole[]> {
    const records = await store.read.projectRecords.list(projectId, 'role')
    return records.filter(isMade).map(({ current }) => current as unknown as CustomRole)
  }

  async function list(caller: Caller, projectId: string): Promise<readonly CustomRole[]> {
    checkRight(caller, projectId, 'read')
    return all(projectId)
  }

  async function get(caller: Caller, projectId: string, name: string): Promise<CustomRole> {
    const found = (await list(caller, projectId)).find(role => role.name === name)
    if (!found) throw noRole(name)
    return found
  }

  function create(asked: Asked, projectId: string, role: CustomRole): Promise<CustomRole> {
    checkRight(asked.caller, projectId, 'create')
    return untilWon(asked.signal, () => createOnce(asked, projectId, role))
  }

  async function createOnce(asked: Asked, projectId: string, role: CustomRole): Promise<CustomRole> {
    const others = await all(projectId)
    if (others.some(({ name }) => name === role.name)) throw taken(role.name)
    if (others.length >= rules.mostRoles)
      throw new Fault('too_large', 'role', `A project has ${rules.mostRoles} roles of its own at most`)
    const plan = { kind: 'role', key: role.name, change: 'create', next: { ...role } } as const
    const what = { kind: 'create-role', role: role.definition } as const
    await fanOutTo(asked, projectId, plan, what, what)
    return role
  }

  async function change(asked: Asked, projectId: string, role: CustomRole): Promise<CustomRole> {
    checkRight(asked.caller, projectId, 'update')
    const { definition: over } = await get(asked.caller, projectId, role.name)
    const plan = { kind: 'role', key: role.name, change: 'change', next: { ...role } } as const
    const what = { kind: 'set-role', role: role.definition, orCreate: true } as const
    await fanOutTo(asked, projectId, plan, what, { kind: 'create-role', role: role.definition, over })
    return role
  }

  async function drop(asked: Asked, projectId: string, name: string): Promise<void> {
    checkRight(asked.caller, projectId, 'delete')
    const { definition } = await get(asked.caller, projectId, name)
    await checkUnused(asked, projectId, name)
    await fanOutTo(
      asked,
      projectId,
      { kind: 'role', key: name, change: 'remove' },
      { kind: 'drop-role', name },
      { kind: 'undo-create-role', role: definition },
      'leave',
    )
  }

  /** With a role its holders would lose what it lets them do. */
  async function checkUnused({ signal }: Asked, projectId: string, name: string): Promise<void> {
    const text = `admin.${name}`
    if ((await all(projectId)).some(({ definition }) => definition.roles.includes(text)))
      throw new Fault('in_use', 'role', `Other roles inherit from ${name}`, { counts: { roles: 1 } })
    const users = await store.read.projectRecords.list(projectId, 'user')
    const { seen } = await lookAt(parts, await clustersOf(parts, projectId), signal)
    const logins = [...seen.values()].flatMap(found => [...found.values()])
    const isUsed =
      users.some(user => wantedOf(user)?.roles.includes(text)) || logins.some(one => one.roles?.includes(text))
    if (isUsed) throw new Fault('in_use', 'role', `Users have the role ${name}`, { counts: { users: 1 } })
  }

  async function fanOutTo(
    { caller, signal }: Asked,
    projectId: string,
    record: Omit<RecordPlan, 'operationId' | 'projectId'>,
    what: Change,
    whereItComes: Change,
    onFailure: 'undo' | 'leave' = rules.partialFailure === 'all' ? 'undo' : 'leave',
  ): Promise<void> {
    const around = await clustersFor(parts, caller, projectId)
    const before = await store.read.projectRecords.find(projectId, 'role', record.key)
    const there = await placesOf(record.key, around.all, before?.places)
    const isMaking = record.change === 'create'
    if (isMaking && before && isMade(before)) throw taken(record.key)
    const clusters = around.all.filter(({ instance }) => isMaking || there.has(instance.id))
    checkClusters(around, clusters)
    const wish = { username: caller.operator.username }
    const targets = clusters.map(({ instance: { id } }) => {
      const change = there.get(id) === 'comes' && !isMaking ? whereItComes : what
      return { instanceId: id, change, wish }
    })
    if (targets.length > 0) {
      const supersede = async (tables: Tables) => {
        if (isMaking) await checkNotMade(tables, { ...record, projectId }, before)
        return onFailure === 'leave' ? supersedeOn(tables, clusters, record.key) : []
      }
      const how = { onFailure, perInstanceMs: rules.perInstanceMs, supersede }
      await fanOut.perform({ caller, signal, projectId, targets, record, ...how }).catch(naming(clusters))
      return
    }
    await store.transaction(async tables => {
      const { kind, key, change: how, next } = record
      if (how === 'remove') return tables.projectRecords.remove({ projectId, kind, key })
      const was = await tables.projectRecords.hold({ projectId, kind, key })
      const { createdAt, places } = was ?? { createdAt: await tables.now(), places: {} }
      return tables.projectRecords.put({ projectId, kind, key, createdAt, places, current: next })
    })
  }

  /** Where it was made, or is on its way; a role of its name that others made is theirs. */
  async function placesOf(key: string, all: readonly Cluster[], places: Places = {}) {
    const isOpen = ({ instance }: Cluster) => store.read.operations.findOpen(instance.id, { kind: 'role', key })
    const open = await Promise.all(all.map(isOpen))
    const found = new Map<string, 'is' | 'comes'>()
    for (const [at, { instance }] of all.entries()) {
      if (typeof places[instance.id] === 'string') found.set(instance.id, 'is')
      else if (open[at]) found.set(instance.id, 'comes')
    }
    return found
  }

  return { list, get, create, change, drop }
}

/** What still waits for a server need not be done there: this says what is to be. */
async function supersedeOn(tables: Tables, clusters: readonly Cluster[], key: string): Promise<readonly string[]> {
  const subject = { kind: 'role', key } as const
  const superseded: string[] = []
  for (const { instance } of clusters) {
    const open = await tables.operations.findOpen(instance.id, subject)
    const target = open?.targets.find(({ instanceId, isOver }) => instanceId === instance.id && !isOver)
    if (target?.kind !== 'create-role' && target?.kind !== 'set-role') continue
    if (await tables.operations.supersede(instance.id, subject, await tables.now())) superseded.push(instance.id)
  }
  return superseded
}

function isMade({ current, open }: ProjectRecord): boolean {
  return current !== undefined && open?.change !== 'remove'
}

function noRole(name: string): Fault {
  return new Fault('not_found', 'role', `No custom role ${name} in this project`)
}

function taken(name: string): Fault {
  return new Fault('exists', 'role', `A custom role ${name} is there already`)
}
