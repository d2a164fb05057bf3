import type { Caller } from '../../domain/callers/caller.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import type { Member, Project } from '../../domain/callers/project.ts'
import { Fault } from '../../domain/fault.ts'
import { isProjectId, newProjectId } from '../../domain/id.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Policy } from '../../domain/servers/policy.ts'
import { type Role, roleHas } from '../../domain/users/role.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkFirstOperator, checkRight, hasRight } from '../access/access.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'

export interface ProjectWish {
  readonly name?: string
  readonly alias?: string | null
  readonly policy?: Policy
}

/** The unit of ownership, and who belongs to it. */
export interface Projects {
  list(caller: Caller, page: KeyPage): Promise<Page<Project>>
  get(caller: Caller, id: string): Promise<Project>
  create(caller: Caller, wanted: ProjectWish & { readonly name: string }): Promise<Project>
  change(caller: Caller, id: string, wanted: ProjectWish, version?: number): Promise<Project>
  /** Refused while instances are managed. */
  remove(caller: Caller, id: string, version?: number): Promise<void>
  listMembers(caller: Caller, id: string, page: KeyPage): Promise<Page<Member>>
  getMember(caller: Caller, id: string, operatorId: string): Promise<Member>
  /** Who a member is. */
  getOperator(caller: Caller, id: string, operatorId: string): Promise<Operator>
  /** Every member whose username, e-mail or name holds `q`. */
  listOperators(caller: Caller, id: string, q: string): Promise<readonly Operator[]>
  setMember(caller: Caller, id: string, operatorId: string, role: Role): Promise<Member>
  /** The last owner stays. */
  removeMember(caller: Caller, id: string, operatorId: string): Promise<void>
}

export function createProjects(store: Store): Projects {
  const list = (caller: Caller, page: KeyPage) =>
    store.read.projects.list(
      page,
      [...caller.roles.keys()].filter(id => hasRight(caller, id, 'project')),
    )

  async function get(caller: Caller, id: string): Promise<Project> {
    checkRight(caller, id, 'project')
    return mustFind(store.read, id)
  }

  async function create(caller: Caller, wanted: ProjectWish & { readonly name: string }): Promise<Project> {
    checkFirstOperator(caller)
    checkAlias(wanted)
    return changeStore(store, async tables => {
      const now = await tables.now()
      const project: Project = {
        id: newProjectId(),
        name: wanted.name,
        alias: wanted.alias ?? undefined,
        policy: wanted.policy ?? {},
        createdAt: now,
        version: 1,
      }
      await tables.projects.add(project)
      await tables.members.set(project.id, caller.operator.id, 'owner', now)
      // The key that made it opens it, or its maker could not see what it made. The command line shows no key.
      if (await tables.keys.find(caller.key.id))
        await tables.keys.setProject(caller.key.id, { projectId: project.id, role: 'owner' })
      await tables.audit.add(
        auditOf(caller, { projectId: project.id, action: 'project.create', subject: project.id, detail: [], at: now }),
      )
      return project
    })
  }

  async function change(caller: Caller, id: string, wanted: ProjectWish, version?: number): Promise<Project> {
    checkRight(caller, id, 'own')
    checkAlias(wanted)
    return changeStore(store, async tables => {
      const before = await mustHold(tables, id)
      const after: Project = {
        ...before,
        name: wanted.name ?? before.name,
        alias: wanted.alias === undefined ? before.alias : (wanted.alias ?? undefined),
        policy: wanted.policy ?? before.policy,
        version: version ?? before.version,
      }
      const saved = await tables.projects.save(after)
      await tables.audit.add(
        auditOf(caller, {
          projectId: id,
          action: 'project.change',
          subject: id,
          detail: Object.keys(wanted),
          at: await tables.now(),
        }),
      )
      return saved
    })
  }

  async function remove(caller: Caller, id: string, version?: number): Promise<void> {
    checkRight(caller, id, 'own')
    await changeStore(store, async tables => {
      const project = await mustHold(tables, id)
      if (version !== undefined && version !== project.version)
        throw new Fault('precondition_failed', 'project', 'The project has changed since it was read')
      const instances = await tables.instances.count(id)
      if (instances > 0)
        throw new Fault(
          'in_use',
          'project',
          `${instances} instances are managed here; remove their connections first`,
          { counts: { instances } },
        )
      await tables.projects.remove(id)
      await tables.audit.add(
        auditOf(caller, { action: 'project.delete', subject: id, detail: [], at: await tables.now() }),
      )
    })
  }

  async function listMembers(caller: Caller, id: string, page: KeyPage): Promise<Page<Member>> {
    checkRight(caller, id, 'belong')
    return store.read.members.list(id, page)
  }

  async function getMember(caller: Caller, id: string, operatorId: string): Promise<Member> {
    checkRight(caller, id, 'belong')
    return mustFindMember(store.read, id, operatorId)
  }

  async function getOperator(caller: Caller, id: string, operatorId: string): Promise<Operator> {
    await getMember(caller, id, operatorId)
    const operator = await store.read.operators.find(operatorId)
    if (!operator) throw new Fault('not_found', 'operator', `No operator ${operatorId}`)
    return operator
  }

  async function listOperators(caller: Caller, id: string, q: string): Promise<readonly Operator[]> {
    checkRight(caller, id, 'belong')
    const operators: Operator[] = []
    for (let after: string | undefined, last = false; !last; ) {
      const page = await store.read.members.list(id, { limit: 500, after, q })
      const found = await Promise.all(page.items.map(({ operatorId }) => store.read.operators.find(operatorId)))
      operators.push(...found.filter(one => one !== undefined))
      after = page.next
      last = after === undefined
    }
    return operators
  }

  async function setMember(caller: Caller, id: string, operatorId: string, role: Role): Promise<Member> {
    checkRight(caller, id, 'own')
    return store.transaction(async tables => {
      await tables.projects.hold(id)
      if (!(await tables.operators.find(operatorId)))
        throw new Fault('not_found', 'operator', `No operator ${operatorId}`)
      if (role !== 'owner') await checkNotLastOwner(tables, id, operatorId)
      const now = await tables.now()
      await tables.members.set(id, operatorId, role, now)
      await tables.audit.add(
        auditOf(caller, { projectId: id, action: 'member.set', subject: operatorId, detail: [role], at: now }),
      )
      return mustFindMember(tables, id, operatorId)
    })
  }

  async function removeMember(caller: Caller, id: string, operatorId: string): Promise<void> {
    checkRight(caller, id, 'own')
    await changeStore(store, async tables => {
      await tables.projects.hold(id)
      await mustFindMember(tables, id, operatorId)
      await checkNotLastOwner(tables, id, operatorId)
      await tables.members.remove(id, operatorId)
      await tables.audit.add(
        auditOf(caller, {
          projectId: id,
          action: 'member.remove',
          subject: operatorId,
          detail: [],
          at: await tables.now(),
        }),
      )
    })
  }

  return {
    list,
    get,
    create,
    change,
    remove,
    listMembers,
    getMember,
    getOperator,
    listOperators,
    setMember,
    removeMember,
  }
}

async function mustFind(tables: Tables, id: string): Promise<Project> {
  return (await tables.projects.find(id)) ?? notThere(id)
}

/** Whoever names a project by its id must never reach another that took that id for its alias. */
function checkAlias({ alias }: ProjectWish): void {
  if (!alias) return
  const isWord = /^[A-Za-z0-9_-]{1,64}$/.test(alias)
  if (isWord && !isProjectId(alias)) return
  const detail = isWord ? 'must not look like the id of a project' : 'must have 1 to 64 letters, digits, _ and -'
  throw new Fault('invalid', 'project', `The alias ${detail}`, { violations: [{ pointer: '/alias', detail }] })
}

/** Nobody else changes it before this transaction is over. */
async function mustHold(tables: Tables, id: string): Promise<Project> {
  return (await tables.projects.hold(id)) ?? notThere(id)
}

function notThere(id: string): never {
  throw new Fault('not_found', 'project', `No project ${id}`)
}

export async function mustFindMember(tables: Tables, id: string, operatorId: string): Promise<Member> {
  const member = await tables.members.find(id, operatorId)
  if (!member) throw new Fault('not_found', 'member', `No member ${operatorId} in this project`)
  return member
}

/** In a transaction that holds the project: two owners who remove each other at once must not both succeed. */
export async function checkNotLastOwner(tables: Tables, id: string, operatorId: string): Promise<void> {
  const member = await tables.members.find(id, operatorId)
  if (!member || !roleHas(member.role, 'own')) return
  if ((await tables.members.countWith(id, 'owner')) > 1) return
  throw new Fault('conflict', 'member', 'The last owner of a project stays; make another member an owner first')
}
