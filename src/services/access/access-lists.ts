import {
  type Access,
  type AccessGrant,
  type AccessSubject,
  accessHas,
  type Entity,
} from '../../domain/callers/access.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Store, Tables } from '../../store/store.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'
import { checkAccess, findConnection, findSeen, type Seen } from './access.ts'

/** Somebody whom a thing can be shared with. */
export interface Candidate {
  readonly subject: AccessSubject
  readonly name: string
}

/** Who may see and do what with single connections and data sources. */
export interface AccessLists {
  /** For who may change the list. */
  list(caller: Caller, entity: Entity, subjectId?: string): Promise<readonly AccessGrant[]>
  set(caller: Caller, entity: Entity, subject: AccessSubject, access: Access): Promise<void>
  /** Throws `not_found` when there is no such line. */
  remove(caller: Caller, entity: Entity, subject: AccessSubject): Promise<void>
  /** The project itself, its teams and its members, whose names hold `q`; those first that a list of names would put first. */
  candidates(caller: Caller, entity: Entity, q: string, limit: number): Promise<readonly Candidate[]>
  /** What the caller may do with it; throws `not_found` where it may not even see it. */
  accessTo(caller: Caller, entity: Entity): Promise<{ readonly projectId: string; readonly access: Access }>
}

export function createAccessLists(store: Store): AccessLists {
  async function list(caller: Caller, entity: Entity, subjectId?: string): Promise<readonly AccessGrant[]> {
    await mustShare(store.read, caller, entity)
    const all = await store.read.access.list(entity)
    return subjectId === undefined ? all : all.filter(({ subject }) => subject.id === subjectId)
  }

  function set(caller: Caller, entity: Entity, subject: AccessSubject, access: Access): Promise<void> {
    return changeStore(store, async tables => {
      const projectId = await mustShare(tables, caller, entity)
      await checkSubject(tables, projectId, subject)
      const since = await tables.now()
      await tables.access.set({ projectId, entity, subject, access, since })
      await note(tables, caller, projectId, 'access.grant', entity, [...textOf(subject), access], since)
    })
  }

  function remove(caller: Caller, entity: Entity, subject: AccessSubject): Promise<void> {
    return changeStore(store, async tables => {
      const projectId = await mustShare(tables, caller, entity)
      if (!(await tables.access.remove(entity, subject)))
        throw new Fault('not_found', 'grant', 'There is no such line on the access list')
      await note(tables, caller, projectId, 'access.revoke', entity, textOf(subject), await tables.now())
    })
  }

  async function candidates(caller: Caller, entity: Entity, q: string, limit: number): Promise<readonly Candidate[]> {
    const projectId = await mustShare(store.read, caller, entity)
    const project = await store.read.projects.find(projectId)
    const everybody = { subject: { kind: 'organisation', id: projectId }, name: project?.name ?? '' } as const
    const teams = await store.read.teams.list(projectId, { q })
    const members = await store.read.members.list(projectId, { limit, q })
    return [
      ...(holds(everybody.name, q) ? [everybody] : []),
      ...teams.map(({ id, name }) => ({ subject: { kind: 'team' as const, id }, name })),
      ...members.items.map(({ operatorId: id, username }) => ({
        subject: { kind: 'user' as const, id },
        name: username,
      })),
    ].slice(0, limit)
  }

  async function accessTo(caller: Caller, entity: Entity) {
    const { thing, access } = await mustFind(store.read, caller, entity)
    return { projectId: thing.projectId, access }
  }

  return { list, set, remove, candidates, accessTo }
}

/** The project of a thing whose access list the caller may change. */
async function mustShare(tables: Tables, caller: Caller, entity: Entity): Promise<string> {
  const { thing, access } = await mustFind(tables, caller, entity)
  if (!accessHas(access, 'share')) checkAccess(access, 'share')
  return thing.projectId
}

async function mustFind(tables: Tables, caller: Caller, entity: Entity): Promise<Seen<{ readonly projectId: string }>> {
  const seen =
    entity.kind === 'connection'
      ? await findConnection(tables, caller, entity.id)
      : await findSeen(tables, caller, entity, id => tables.dataSources.find(id))
  if (!seen) throw new Fault('not_found', entity.kind, `No ${entity.kind} ${entity.id}`)
  return seen
}

/** Nobody outside of the project is ever named on its lists. */
async function checkSubject(tables: Tables, projectId: string, { kind, id }: AccessSubject): Promise<void> {
  if (kind === 'organisation' && id === projectId) return
  if (kind === 'user' && (await tables.members.find(projectId, id))) return
  if (kind === 'team' && (await tables.teams.find(id))?.projectId === projectId) return
  throw new Fault('not_found', 'member', `No ${kind} ${id} in this project`)
}

function note(
  tables: Tables,
  caller: Caller,
  projectId: string,
  action: string,
  { kind, id }: Entity,
  detail: readonly string[],
  at: number,
): Promise<void> {
  return tables.audit.add(auditOf(caller, { projectId, action, subject: `${kind} ${id}`, detail, at }))
}

const textOf = ({ kind, id }: AccessSubject) => [`${kind} ${id}`]

function holds(name: string, q: string): boolean {
  return name.normalize('NFC').toLowerCase().includes(q.normalize('NFC').toLowerCase())
}
