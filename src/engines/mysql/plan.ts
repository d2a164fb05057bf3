import type { Change, CommonChange } from '../../domain/users/change.ts'
import { type GrantChange, sameGrant } from '../../domain/users/grant.ts'
import { common } from '../common-changes.ts'
import type { Facts, Plan, Refusal } from '../engine.ts'
import { planCreateDatabase, planDropDatabase, planUndoCreateDatabase } from './databases/plan.ts'
import type { MysqlFacts } from './facts/facts.ts'
import { planGrant } from './grants/plan.ts'
import { planDrop, planUndoCreate } from './users/drop.ts'
import { planEndSessions, planLock, planUnlock } from './users/lock.ts'
import { planCreate, planReset, planSet } from './users/plan.ts'
import { grantsOf } from './users/read.ts'
import { planRename } from './users/rename.ts'

/** The exact statements that bring the server from what `facts` saw to what `change` wants. */
export function plan(change: Change, facts: Facts): Plan {
  const seen = facts as MysqlFacts
  const made = planFor(common(change), seen)
  return seen.state.readOnly ? { steps: made.steps, refusals: [READ_ONLY, ...made.refusals] } : made
}

const READ_ONLY: Refusal = {
  code: 'read_only',
  subject: 'server',
  message: 'This server is set to read only: it is never written to',
}

function planFor(change: CommonChange, facts: MysqlFacts): Plan {
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
      return planRename(change, facts)
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
  }
}

/** What takes a change back. Nothing brings back a password, a login or a database that is gone. */
export function undo(change: Change, before: Facts): Change | undefined {
  switch (change.kind) {
    case 'create-user':
      return { kind: 'undo-create-user', key: { name: change.user.name, host: change.user.host } }
    case 'create-database':
      return { kind: 'undo-create-database', name: change.database.name }
    case 'grant-user':
      return { kind: 'grant-user', key: change.key, grants: inverse(change.grants, before as MysqlFacts) }
    case 'set-user':
      return asBefore(change, before as MysqlFacts)
    case 'rename-user':
      return { kind: 'rename-user', key: change.to, to: change.key, back: true }
    case 'lock-user':
    case 'drop-user':
      return isOpen(before as MysqlFacts) ? { ...change, kind: 'unlock-user' } : undefined
    case 'unlock-user':
      return isOpen(before as MysqlFacts) ? undefined : { ...change, kind: 'lock-user' }
    default:
      return undefined
  }
}

const isOpen = ({ account }: MysqlFacts) => account?.locked === false

/** Each of its settings is a statement of its own. */
function asBefore(
  { key, settings, engineRoles }: Extract<Change, { kind: 'set-user' }>,
  { account }: MysqlFacts,
): Change | undefined {
  if (!account) return undefined
  const { replication, connectionLimit } = account
  return {
    kind: 'set-user',
    key,
    settings: {
      replication: settings.replication === undefined ? undefined : replication,
      connectionLimit: settings.connectionLimit === undefined ? undefined : connectionLimit || -1,
    },
    engineRoles: engineRoles && account.roles,
  }
}

// A database has one set of privileges for a login: what it was before is given again as a whole.
function inverse({ add, remove }: GrantChange, { account, state }: MysqlFacts): GrantChange {
  const touched = new Set([...add, ...remove].map(({ database }) => database))
  const had = account ? grantsOf(account, state).filter(({ database }) => touched.has(database)) : []
  const back = had.map(({ role, database }) => ({ role, database }))
  return { add: back, remove: add.filter(grant => !back.some(one => sameGrant(one, grant))) }
}
