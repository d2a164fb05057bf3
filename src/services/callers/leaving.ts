import type { ApiKey } from '../../domain/callers/api-key.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import type { Member, Project } from '../../domain/callers/project.ts'
import { Fault } from '../../domain/fault.ts'
import { newProjectId } from '../../domain/id.ts'
import { ROLES } from '../../domain/users/role.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'
import { checkNotLastOwner, mustFindMember } from './projects.ts'

/** People go: out of a project, or altogether. */
export interface Leaving {
  /** Takes a member out. Who belongs to no other project gets a fresh one, alone in it, and its keys lead there. The last owner stays. */
  moveOut(caller: Caller, projectId: string, operatorId: string): Promise<void>
  /** The caller itself, with its keys, and with the projects that it is alone in. Refused while others, or servers, depend on it. */
  removeOwn(caller: Caller): Promise<void>
}

export function createLeaving(store: Store): Leaving {
  async function moveOut(caller: Caller, projectId: string, operatorId: string): Promise<void> {
    checkRight(caller, projectId, 'own')
    await changeStore(store, async tables => {
      await tables.projects.hold(projectId)
      const member = await mustFindMember(tables, projectId, operatorId)
      await checkNotLastOwner(tables, projectId, operatorId)
      await leave(tables, caller, member)
      if ((await tables.members.listOf(operatorId)).length === 0)
        await moveKeys(tables, member, await ownProject(tables, caller, member))
    })
  }

  async function removeOwn(caller: Caller): Promise<void> {
    if (caller.operator.first) throw new Fault('conflict', 'operator', 'The first operator of an installation stays')
    await changeStore(store, async tables => {
      const { id } = caller.operator
      const memberships = await tables.members.listOf(id)
      checkWholeIn(caller, memberships)
      for (const member of memberships) await leaveOrClose(tables, caller, member)
      await tables.operators.remove(id)
      const line = { action: 'operator.delete', subject: id, detail: [], at: await tables.now() }
      await tables.audit.add(auditOf(caller, line))
    })
  }

  return { moveOut, removeOwn }
}

async function leave(tables: Tables, caller: Caller, { projectId, operatorId }: Member): Promise<void> {
  await tables.members.remove(projectId, operatorId)
  const line = { projectId, action: 'member.remove', subject: operatorId, detail: [] }
  await tables.audit.add(auditOf(caller, { ...line, at: await tables.now() }))
}

/** Projects have shorter names than operators. */
const NAME_CHARACTERS = 64

async function ownProject(tables: Tables, caller: Caller, { operatorId, username }: Member): Promise<string> {
  const createdAt = await tables.now()
  const name = [...username].slice(0, NAME_CHARACTERS).join('')
  const project: Project = { id: newProjectId(), name, policy: {}, createdAt, version: 1 }
  await tables.projects.add(project)
  await tables.members.set(project.id, operatorId, 'owner', createdAt)
  await tables.operators.setHome(operatorId, project.id)
  const line = { projectId: project.id, action: 'project.create', subject: project.id, detail: [], at: createdAt }
  await tables.audit.add(auditOf(caller, line))
  return project.id
}

/** A key that could do what its operator could goes on doing so; a weaker one stays as weak as it is; one that others made, and may know, ends. */
async function moveKeys(tables: Tables, { projectId: from, operatorId, role }: Member, to: string): Promise<void> {
  for (const key of await keysOf(tables, from, operatorId)) {
    if (key.madeBy !== undefined) {
      await tables.keys.revoke(key.id, await tables.now())
      continue
    }
    const own = key.projects.find(({ projectId }) => projectId === from)!
    const isWhole = ROLES.indexOf(own.role) >= ROLES.indexOf(role)
    await tables.keys.move(key.id, from, { ...own, projectId: to, role: isWhole ? 'owner' : own.role })
  }
}

async function keysOf(tables: Tables, projectId: string, operatorId: string): Promise<readonly ApiKey[]> {
  const keys: ApiKey[] = []
  for (let after: string | undefined, last = false; !last; last = after === undefined) {
    const page = await tables.keys.list(projectId, { limit: 500, after }, operatorId)
    keys.push(...page.items.filter(({ homeProjectId }) => homeProjectId === projectId))
    after = page.next
  }
  return keys
}

/** A weak key in the wrong hands must not end its operator. */
function checkWholeIn({ roles, key }: Caller, memberships: readonly Member[]): void {
  const isWhole = memberships.every(({ projectId, role }) => roles.get(projectId) === role)
  const isScoped = key.projects.some(({ scopes }) => scopes !== undefined)
  if (isWhole && !isScoped) return
  throw new Fault('forbidden', 'key', 'This key is weaker than its operator, and was not made for that')
}

async function leaveOrClose(tables: Tables, caller: Caller, member: Member): Promise<void> {
  const { projectId } = member
  await tables.projects.hold(projectId)
  const isAlone = (await tables.members.list(projectId, { limit: 2 })).items.length === 1
  if (isAlone) return close(tables, caller, projectId)
  await checkNotLastOwner(tables, projectId, member.operatorId)
  await leave(tables, caller, member)
}

async function close(tables: Tables, caller: Caller, projectId: string): Promise<void> {
  const instances = await tables.instances.count(projectId)
  if (instances > 0) {
    const message = `${instances} instances are managed in a project that only you belong to; remove their connections first`
    throw new Fault('in_use', 'project', message, { counts: { instances } })
  }
  await tables.projects.remove(projectId)
  const line = { action: 'project.delete', subject: projectId, detail: [], at: await tables.now() }
  await tables.audit.add(auditOf(caller, line))
}
