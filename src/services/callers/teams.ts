import type { Caller } from '../../domain/callers/caller.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import type { Team, TeamMember, TeamRole } from '../../domain/callers/team.ts'
import { Fault } from '../../domain/fault.ts'
import { newShortId } from '../../domain/id.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight, checkWholeKey, hasRight } from '../access/access.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'

export interface TeamMemberShown {
  readonly member: TeamMember
  readonly operator: Operator
}

/** Teams of a project: every member may make one, and is its admin then. Admins of the project are admins of every team. */
export interface Teams {
  list(caller: Caller, projectId: string, q: string): Promise<readonly Team[]>
  /** Those that an operator belongs to; another's are for admins. */
  listOf(caller: Caller, projectId: string, operatorId: string, q: string): Promise<readonly Team[]>
  get(caller: Caller, id: string): Promise<Team>
  create(caller: Caller, projectId: string, name: string): Promise<Team>
  remove(caller: Caller, id: string): Promise<void>
  members(caller: Caller, id: string): Promise<readonly TeamMemberShown[]>
  /** Throws `conflict` when the last admin would be demoted. */
  setMember(caller: Caller, id: string, operatorId: string, role: TeamRole): Promise<TeamMemberShown>
  /** Members may leave; only admins remove others. The last admin stays. */
  removeMember(caller: Caller, id: string, operatorId: string): Promise<void>
}

export function createTeams(store: Store): Teams {
  async function list(caller: Caller, projectId: string, q: string): Promise<readonly Team[]> {
    checkRight(caller, projectId, 'belong')
    return store.read.teams.list(projectId, { q })
  }

  async function listOf(caller: Caller, projectId: string, memberId: string, q: string): Promise<readonly Team[]> {
    checkRight(caller, projectId, memberId === caller.operator.id ? 'belong' : 'administer')
    return store.read.teams.list(projectId, { q, memberId })
  }

  async function create(caller: Caller, projectId: string, name: string): Promise<Team> {
    checkRight(caller, projectId, 'belong')
    if (!hasRight(caller, projectId, 'change')) checkWholeKey(caller, projectId)
    checkName(name)
    return changeStore(store, async tables => {
      const createdAt = await tables.now()
      const team: Team = { id: newShortId(), projectId, name: name.trim(), createdAt }
      await tables.teams.add(team)
      await tables.teams.setMember(team, caller.operator.id, 'admin', createdAt)
      await note(tables, caller, team, 'team.create', [])
      return team
    })
  }

  function remove(caller: Caller, id: string): Promise<void> {
    return changeStore(store, async tables => {
      const team = await mustAdminister(tables, caller, id)
      await tables.teams.remove(id)
      await note(tables, caller, team, 'team.delete', [])
    })
  }

  async function members(caller: Caller, id: string): Promise<readonly TeamMemberShown[]> {
    const team = await mustSee(store.read, caller, id)
    const all = await store.read.teams.members(team.id)
    return Promise.all(all.map(member => shown(store.read, member)))
  }

  function setMember(caller: Caller, id: string, operatorId: string, role: TeamRole): Promise<TeamMemberShown> {
    return changeStore(store, async tables => {
      const team = await mustAdminister(tables, caller, id)
      if (!(await tables.members.find(team.projectId, operatorId)))
        throw new Fault('not_found', 'member', `No member ${operatorId} in this project`)
      if (role !== 'admin') await checkNotLastAdmin(tables, team, operatorId)
      await tables.teams.setMember(team, operatorId, role, await tables.now())
      await note(tables, caller, team, 'team.set-member', [operatorId, role])
      return shown(tables, await mustBeMember(tables, team, operatorId))
    })
  }

  function removeMember(caller: Caller, id: string, operatorId: string): Promise<void> {
    return changeStore(store, async tables => {
      const leaves = operatorId === caller.operator.id
      const team = leaves ? await mustSee(tables, caller, id) : await mustAdminister(tables, caller, id)
      if (leaves && !hasRight(caller, team.projectId, 'change')) checkWholeKey(caller, team.projectId)
      await mustBeMember(tables, team, operatorId)
      await checkNotLastAdmin(tables, team, operatorId)
      await tables.teams.removeMember(id, operatorId)
      await note(tables, caller, team, 'team.remove-member', [operatorId])
    })
  }

  const get = (caller: Caller, id: string) => mustSee(store.read, caller, id)
  return { list, listOf, get, create, remove, members, setMember, removeMember }
}

async function mustSee(tables: Tables, caller: Caller, id: string): Promise<Team> {
  const team = await tables.teams.find(id)
  if (!team || !hasRight(caller, team.projectId, 'belong')) throw new Fault('not_found', 'team', `No team ${id}`)
  return team
}

async function mustAdminister(tables: Tables, caller: Caller, id: string): Promise<Team> {
  const team = await mustSee(tables, caller, id)
  if (hasRight(caller, team.projectId, 'administer')) return team
  const isNarrowed = caller.narrowed?.has(team.projectId)
  if (!isNarrowed && (await tables.teams.roleOf(id, caller.operator.id)) === 'admin') return team
  throw new Fault('forbidden', 'team', 'Only admins of the team, or of the project, may do that')
}

async function mustBeMember(tables: Tables, { id }: Team, operatorId: string): Promise<TeamMember> {
  const member = (await tables.teams.members(id)).find(one => one.operatorId === operatorId)
  if (!member) throw new Fault('not_found', 'member', `No member ${operatorId} in this team`)
  return member
}

async function checkNotLastAdmin(tables: Tables, { id, projectId }: Team, operatorId: string): Promise<void> {
  // Two admins who remove each other at once must not both succeed.
  await tables.projects.hold(projectId)
  const admins = (await tables.teams.members(id)).filter(({ role }) => role === 'admin')
  if (admins.length !== 1 || admins[0]?.operatorId !== operatorId) return
  throw new Fault('conflict', 'team', 'The last admin of a team stays; make another member an admin first')
}

async function shown(tables: Tables, member: TeamMember): Promise<TeamMemberShown> {
  const operator = await tables.operators.find(member.operatorId)
  if (!operator) throw new Fault('not_found', 'member', `No operator ${member.operatorId}`)
  return { member, operator }
}

function checkName(name: string): void {
  const length = [...name.trim()].length
  if (length >= 1 && length <= 255 && !/\p{Cc}/u.test(name) && name.isWellFormed()) return
  const violations = [{ pointer: '/name', detail: 'must have 1 to 255 characters and no control characters' }]
  throw new Fault('invalid', 'team', 'The team is not acceptable', { violations })
}

async function note(tables: Tables, caller: Caller, team: Team, action: string, detail: readonly string[]) {
  const at = await tables.now()
  await tables.audit.add(auditOf(caller, { projectId: team.projectId, action, subject: team.id, detail, at }))
}
