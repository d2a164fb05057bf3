import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Change } from '../../domain/users/change.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import type { Asked } from '../operations/prepared.ts'
import { clustersFor } from './clusters.ts'
import type { Cluster } from './project-user.ts'
import { wantedOf } from './records.ts'
import { createCarryOut } from './roles/carry-out.ts'
import {
  type CustomRole,
  type CustomRoleParts,
  isMade,
  isSameRole,
  noRole,
  roleOf,
  taken,
} from './roles/custom-role.ts'
import { type Shared, sharedOn } from './roles/shared.ts'
import { type Whereabouts, whereaboutsOf, wouldTake } from './roles/whereabouts.ts'
import { lookAt } from './sight.ts'
import { checkNotMade, checkUnchanged, lost, untilWon } from './unchanged.ts'

/** Roles that people define, on every server of a project. */
export interface CustomRoles {
  list(caller: Caller, projectId: string): Promise<readonly CustomRole[]>
  get(caller: Caller, projectId: string, name: string): Promise<CustomRole>
  create(asked: Asked, projectId: string, role: CustomRole): Promise<CustomRole>
  /** `toNext` makes it of those that there are, and is asked again where another change comes first. */
  change(
    asked: Asked,
    projectId: string,
    name: string,
    toNext: (roles: readonly CustomRole[]) => CustomRole,
  ): Promise<CustomRole>
  drop(asked: Asked, projectId: string, name: string): Promise<void>
}

export function createCustomRoles(parts: CustomRoleParts): CustomRoles {
  const { store, rules } = parts
  const carryOut = createCarryOut(parts)

  async function made(projectId: string): Promise<readonly ProjectRecord[]> {
    return (await store.read.projectRecords.list(projectId, 'role')).filter(isMade)
  }

  async function list(caller: Caller, projectId: string): Promise<readonly CustomRole[]> {
    checkRight(caller, projectId, 'read')
    return (await made(projectId)).map(roleOf)
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
    const named = { projectId, kind: 'role', key: role.name } as const
    const before = await store.read.projectRecords.find(projectId, 'role', role.name)
    const others = await made(projectId)
    if (others.some(({ key }) => key === role.name)) throw taken(role.name)
    if (others.length >= rules.mostRoles)
      throw new Fault('too_large', 'role', `A project has ${rules.mostRoles} roles of its own at most`)
    const around = await clustersFor(parts, asked.caller, projectId)
    const { going } = await sharedOn(store.read, named, around.all)
    // What another project drops there would take this one with it.
    if (going.size > 0) throw taken(role.name)
    const change = { kind: 'create-role', role: role.definition } as const
    const on = around.all.map(cluster => ({ cluster, change }))
    const record = { kind: 'role', key: role.name, change: 'create', next: { ...role } } as const
    await carryOut(asked, { projectId, record, around, on, prepare: tables => checkNotMade(tables, named, before) })
    return role
  }

  function change(asked: Asked, projectId: string, name: string, toNext: Parameters<CustomRoles['change']>[3]) {
    checkRight(asked.caller, projectId, 'update')
    return untilWon(asked.signal, async () => {
      const all = await made(projectId)
      return changeOnce(asked, find(all, name), toNext(all.map(roleOf)))
    })
  }

  async function changeOnce(asked: Asked, was: ProjectRecord, role: CustomRole): Promise<CustomRole> {
    const { projectId, key } = was
    const around = await clustersFor(parts, asked.caller, projectId)
    const shared = await sharedOn(store.read, was, around.all)
    // Whoever has it in another project agreed to what it allows, and to nothing else.
    if (shared.kept.size > 0 && !isSameRole(role, roleOf(was))) throw taken(key)
    const on = await changesFor(asked, around.all, was, role)
    const record = { kind: 'role', key, change: 'change', next: { ...role } } as const
    await carryOut(asked, { projectId, record, around, on, confirm: stillSo(was, around.all, shared) })
    return role
  }

  /** It is changed where it is, made as it is now where it was to come, and where others had one of its name and have it no more. */
  async function changesFor({ signal }: Asked, clusters: readonly Cluster[], was: ProjectRecord, role: CustomRole) {
    const where = await whereaboutsOf(store.read, was, clusters)
    const { definition } = role
    const of = async (cluster: Cluster) => {
      const found = where.get(cluster.instance.id)
      if (!found) return []
      if (found.state === 'is')
        return [{ cluster, change: { kind: 'set-role', role: definition, orCreate: true } as const }]
      const over = found.state === 'comes' ? found.as : []
      const change = { kind: 'create-role', role: definition, over } as const
      const comes = found.state === 'comes' || (await wouldTake(parts, cluster, change, signal))
      return comes ? [{ cluster, change }] : []
    }
    return (await Promise.all(clusters.map(of))).flat()
  }

  function drop(asked: Asked, projectId: string, name: string): Promise<void> {
    checkRight(asked.caller, projectId, 'delete')
    return untilWon(asked.signal, async () => dropOnce(asked, find(await made(projectId), name)))
  }

  async function dropOnce(asked: Asked, was: ProjectRecord): Promise<void> {
    const { projectId, key } = was
    const around = await clustersFor(parts, asked.caller, projectId)
    const shared = await sharedOn(store.read, was, around.all)
    await checkUnused(asked, was, around.all, shared)
    const where = await whereaboutsOf(store.read, was, around.all)
    // Where another project has it, it is no more than forgotten.
    const own = around.all.filter(({ instance }) => !shared.kept.has(instance.id))
    const on = own.flatMap(cluster => {
      const change = dropOn(was, where.get(cluster.instance.id))
      return change ? [{ cluster, change }] : []
    })
    const record = { kind: 'role', key, change: 'remove' } as const
    await carryOut(asked, { projectId, record, around, on, confirm: stillSo(was, around.all, shared) }, 'leave')
  }

  /** With a role its holders would lose what it lets them do. */
  async function checkUnused(
    { signal }: Asked,
    { projectId, key }: ProjectRecord,
    clusters: readonly Cluster[],
    { kept }: Shared,
  ): Promise<void> {
    const text = `admin.${key}`
    if ((await made(projectId)).some(one => roleOf(one).definition.roles.includes(text)))
      throw new Fault('in_use', 'role', `Other roles inherit from ${key}`, { counts: { roles: 1 } })
    const users = await store.read.projectRecords.list(projectId, 'user')
    // Where it stays nobody loses anything: those who have it there may be another project's.
    const { seen } = await lookAt(
      parts,
      clusters.filter(({ instance }) => !kept.has(instance.id)),
      signal,
    )
    const logins = [...seen.values()].flatMap(found => [...found.values()])
    const isUsed =
      users.some(user => wantedOf(user)?.roles.includes(text)) || logins.some(one => one.roles?.includes(text))
    if (isUsed) throw new Fault('in_use', 'role', `Users have the role ${key}`, { counts: { users: 1 } })
  }

  return { list, get, create, change, drop }
}

/** The role is as it was, and no other project got or lost it meanwhile on a server of both. */
function stillSo(was: ProjectRecord, clusters: readonly Cluster[], shared: Shared) {
  return async (tables: Tables) => {
    await checkUnchanged(tables, was)
    const { kept } = await sharedOn(tables, was, clusters)
    if (kept.symmetricDifference(shared.kept).size > 0) throw lost()
  }
}

function dropOn(was: ProjectRecord, where: Whereabouts | undefined): Change | undefined {
  if (!where || where.state === 'refused') return undefined
  if (where.state === 'is') return { kind: 'drop-role', name: was.key }
  return { kind: 'undo-create-role', role: roleOf(was).definition, over: where.as }
}

function find(all: readonly ProjectRecord[], name: string): ProjectRecord {
  const found = all.find(({ key }) => key === name)
  if (!found) throw noRole(name)
  return found
}
