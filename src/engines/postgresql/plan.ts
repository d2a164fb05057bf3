import type { Change, CommonChange } from '../../domain/users/change.ts'
import { type Grant, sameGrant } from '../../domain/users/grant.ts'
import { common } from '../common-changes.ts'
import type { Facts, Plan, Refusal } from '../engine.ts'
import { planCreateDatabase, planDropDatabase, planUndoCreateDatabase } from './databases/plan.ts'
import { planDrop, planUndoCreate } from './drop/plan.ts'
import type { PostgresFacts } from './facts/facts.ts'
import { planGrant } from './grants/plan.ts'
import { planEndSessions, planLock, planUnlock } from './users/lock.ts'
import { planCreate, planReset, planSet } from './users/plan.ts'
import { engineRolesOf, grantsOf } from './users/read.ts'
import { planRename } from './users/rename.ts'

/** The exact statements that bring the server from what `facts` saw to what `change` wants. */
export function plan(change: Change, facts: Facts): Plan {
  const seen = facts as PostgresFacts
  const made = planFor(common(change), seen)
  if (!seen.state.standby) return made
  return { steps: made.steps, refusals: [STANDBY, ...made.refusals] }
}

const STANDBY: Refusal = {
  code: 'read_only',
  subject: 'server',
  message: 'This server is a standby: it is never written to',
}

function planFor(change: CommonChange, facts: PostgresFacts): Plan {
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
      return { kind: 'undo-create-user', key: { name: change.user.name } }
    case 'create-database':
      return { kind: 'undo-create-database', name: change.database.name }
    case 'grant-user':
      return { kind: 'grant-user', key: change.key, grants: inverse(change.grants, before as PostgresFacts) }
    case 'set-user':
      return asBefore(change, before as PostgresFacts)
    case 'rename-user':
      return { kind: 'rename-user', key: change.to, to: change.key, back: true }
    case 'lock-user':
      return isOpen(before as PostgresFacts) ? { ...change, kind: 'unlock-user' } : undefined
    case 'drop-user':
      return isOpen(before as PostgresFacts) && holdsNothing(before as PostgresFacts)
        ? { ...change, kind: 'unlock-user' }
        : undefined
    case 'unlock-user':
      return isOpen(before as PostgresFacts) ? undefined : { ...change, kind: 'lock-user' }
    default:
      return undefined
  }
}

const isOpen = ({ role }: PostgresFacts) => role?.canLogIn === true

/** What a drop takes away in databases before it drops the login, nobody gives back: then it stays shut out. */
const holdsNothing = ({ holdings }: PostgresFacts) => holdings?.databases.length === 0

function asBefore(
  { key, settings, engineRoles, end }: Extract<Change, { kind: 'set-user' }>,
  { role }: PostgresFacts,
): Change | undefined {
  if (!role) return undefined
  const { replication, connectionLimit, passwordUntil } = role
  const until = passwordUntil === null ? undefined : Math.round(passwordUntil)
  return {
    kind: 'set-user',
    key,
    settings: {
      replication: settings.replication === undefined ? undefined : replication,
      connectionLimit: settings.connectionLimit === undefined ? undefined : connectionLimit,
    },
    engineRoles: engineRoles && engineRolesOf(role),
    end: end && { until, before: end.until },
  }
}

// Only what was not so before is taken back: a grant that was there already stays.
function inverse(
  { add, remove }: { readonly add: readonly Grant[]; readonly remove: readonly Grant[] },
  { role }: PostgresFacts,
) {
  const before = role ? grantsOf(role).filter(({ by }) => by === 'catalogue') : []
  const had = (grant: Grant) => before.some(one => sameGrant(one, grant))
  return { add: remove.filter(had), remove: add.filter(grant => !had(grant)) }
}
