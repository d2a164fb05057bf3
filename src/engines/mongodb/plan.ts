import type { Change } from '../../domain/users/change.ts'
import { type GrantChange, sameGrant } from '../../domain/users/grant.ts'
import type { Facts, Plan, Refusal } from '../engine.ts'
import { planCreateDatabase, planDropDatabase, planUndoCreateDatabase } from './databases/plan.ts'
import type { MongodbFacts } from './facts/facts.ts'
import { engineRolesIn, grantsIn } from './roles/catalogue.ts'
import { planRole, asBefore as roleBefore } from './roles/define.ts'
import { writtenText } from './roles/names.ts'
import { planGrant } from './roles/plan.ts'
import { planDrop, planUndoCreate } from './users/drop.ts'
import { planEndSessions, planLock, planUnlock } from './users/lock.ts'
import { planCreate, planRename, planReset, planSet } from './users/plan.ts'
import { planReplace } from './users/replace.ts'

/** The exact commands that bring the server from what `facts` saw to what `change` wants. */
export function plan(change: Change, facts: Facts): Plan {
  const seen = facts as MongodbFacts
  const made = planFor(change, seen)
  return seen.state.readOnly ? { steps: made.steps, refusals: [READ_ONLY, ...made.refusals] } : made
}

const READ_ONLY: Refusal = {
  code: 'read_only',
  subject: 'server',
  message: 'This server is a secondary, or takes no changes: it is never written to',
}

function planFor(change: Change, facts: MongodbFacts): Plan {
  switch (change.kind) {
    case 'create-user':
      return planCreate(change, facts)
    case 'reset-user':
      return planReset(change, facts)
    case 'lock-user':
      return planLock(change, facts)
    case 'unlock-user':
      return planUnlock(change, facts)
    case 'set-user':
      return planSet(change, facts)
    case 'grant-user':
      return planGrant(change, facts)
    case 'rename-user':
      return planRename()
    case 'replace-user':
      return planReplace(change, facts)
    case 'end-sessions':
      return planEndSessions(change, facts)
    case 'drop-user':
      return planDrop(change, facts)
    case 'undo-create-user':
      return planUndoCreate(change, facts)
    case 'create-database':
      return planCreateDatabase(change, facts)
    case 'drop-database':
      return planDropDatabase(change, facts)
    case 'undo-create-database':
      return planUndoCreateDatabase(change, facts)
    case 'create-role':
    case 'set-role':
    case 'drop-role':
    case 'undo-create-role':
      return planRole(change, facts)
  }
}

/** What takes a change back. Nothing brings back a password, a login or a database that is gone. */
export function undo(change: Change, before: Facts): Change | undefined {
  switch (change.kind) {
    case 'create-user': {
      const { name, authDatabase } = change.user
      return { kind: 'undo-create-user', key: { name, authDatabase } }
    }
    case 'create-database':
      return { kind: 'undo-create-database', name: change.database.name }
    case 'create-role':
      return before.exists ? asItWas(change, before as MongodbFacts) : { kind: 'undo-create-role', role: change.role }
    case 'set-role': {
      const role = roleBefore(change.role, before as MongodbFacts)
      if (role) return { kind: 'set-role', role }
      return change.orCreate ? { kind: 'undo-create-role', role: change.role } : undefined
    }
    case 'replace-user': {
      const { login } = before as MongodbFacts
      return login && { kind: 'replace-user', key: change.key, roles: login.roles.map(writtenText) }
    }
    case 'grant-user':
      return {
        kind: 'grant-user',
        key: change.key,
        grants: inverse(change.grants, before as MongodbFacts),
        ahead: true,
      }
    case 'set-user':
      return asBefore(change, before as MongodbFacts)
    case 'lock-user':
    case 'drop-user':
      return isOpen(before as MongodbFacts) ? { ...change, kind: 'unlock-user' } : undefined
    case 'unlock-user':
      return isOpen(before as MongodbFacts) ? undefined : { ...change, kind: 'lock-user' }
    default:
      return undefined
  }
}

/** What it becomes, where that is ours already. */
function asItWas({ role, over }: Extract<Change, { kind: 'create-role' }>, before: MongodbFacts): Change | undefined {
  const was = roleBefore(role, before)
  return over && was ? { kind: 'set-role', role: was } : undefined
}

const isOpen = ({ login }: MongodbFacts) => login?.locked === false

/** Roles are given by one command and taken by another. */
function asBefore(
  { key, engineRoles, grants }: Extract<Change, { kind: 'set-user' }>,
  { login }: MongodbFacts,
): Change {
  const roles = login?.roles ?? []
  return {
    kind: 'set-user',
    key,
    settings: {},
    engineRoles: engineRoles && engineRolesIn(roles),
    grants: grants && grantsIn(roles).filter(({ by }) => by === 'catalogue'),
  }
}

function inverse({ add, remove }: GrantChange, { login }: MongodbFacts): GrantChange {
  const touched = new Set([...add, ...remove].map(({ database }) => database))
  const had = grantsIn(login?.roles ?? []).filter(({ database }) => touched.has(database))
  const back = had.map(({ role, database }) => ({ role, database }))
  return { add: back, remove: add.filter(grant => !back.some(one => sameGrant(one, grant))) }
}
