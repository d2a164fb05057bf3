import type { OnOwned } from '../../../domain/servers/policy.ts'
import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import { borrowing, canBorrow } from '../borrow.ts'
import { inDatabase, type PostgresFacts } from '../facts/facts.ts'
import { cannotAlter, missingRight, type Reach } from '../facts/reach.ts'
import { isSameMark } from '../marks.ts'
import { open, quoteName } from '../sql.ts'
import { endSessionsStep, lockSteps } from '../users/lock.ts'
import { endSessionsOf } from '../users/sessions.ts'
import type { Counts, HeldDatabase } from './facts.ts'
import { dropMadeRoles, ownsNothing } from './made-roles.ts'
import { revokes } from './revokes.ts'

/** Lock out, end sessions, clean up every database, drop; and make sure that nobody who slipped in is still there. */
export function planDrop({ onOwned }: Extract<Change, { kind: 'drop-user' }>, facts: PostgresFacts): Plan {
  if (!facts.exists) return { steps: [], refusals: [] }
  return { steps: dropSteps(onOwned, facts), refusals: refusalsToDrop(onOwned, facts) }
}

/** Drops only what this operation made: the login if it still carries its mark, and catalogue roles made on the way. */
export function planUndoCreate(_change: Extract<Change, { kind: 'undo-create-user' }>, facts: PostgresFacts): Plan {
  const roles = dropMadeRoles(facts)
  if (!facts.role || !isSameMark(facts.roleMark, facts.mark)) return { steps: roles, refusals: [] }
  return { steps: [...dropSteps('refuse', facts), ...roles], refusals: refusalsToDrop('refuse', facts) }
}

function dropSteps(onOwned: OnOwned, facts: PostgresFacts): readonly Step[] {
  const end = endSessionsStep(facts)
  const cleaning = facts.holdings!.databases.map(database => cleanStep(database, onOwned, facts))
  return [
    ...lockSteps(facts),
    end,
    ...cleaning,
    ...(cleaning.length > 0 ? [end] : []),
    dropStep(facts),
    ...stragglers(facts),
  ]
}

function dropStep({ role, holdings }: PostgresFacts): Step {
  const members = holdings!.members.length
  const lost =
    members === 0
      ? ''
      : `; ${members} ${members === 1 ? 'role is a member of it and loses' : 'roles are members of it and lose'} what it gave`
  return { why: `drop the login${lost}`, statements: [open(`drop role ${quoteName(role!.name)}`)] }
}

// Whoever was half-way in when the lock was committed. A role that is gone has no members, so this takes pg_signal_backend.
function stragglers({ state, role }: PostgresFacts): readonly Step[] {
  if (!state.me.signal) return []
  return [{ why: 'end sessions that slipped in meanwhile', statements: [open(endSessionsOf(role!.oid))] }]
}

function cleanStep({ name, grants }: HeldDatabase, onOwned: OnOwned, facts: PostgresFacts): Step {
  const { role, reach, state } = facts
  const heir = heirOf(onOwned, facts)
  const statements = [
    ...revokes(grants, role!.name),
    ...(heir ? [open(`reassign owned by ${quoteName(role!.name)} to ${quoteName(heir.name)}`)] : []),
    ...(onOwned === 'drop' ? [] : [ownsNothing(role!.oid)]),
    open(`drop owned by ${quoteName(role!.name)}`),
  ]
  const borrowed = borrowing(state, [reach, heir, ...grants.map(({ grantor }) => grantor)], statements)
  return {
    ...inDatabase(name, facts),
    why: `${WHY[kindOf(onOwned)]} in ${name}`,
    statements: borrowed,
  }
}

const WHY = {
  refuse: 'take away what it was granted, and what it granted on,',
  reassign: 'give what it owns to another role, and take away what it was granted,',
  drop: 'drop what it owns, and take away what it was granted,',
} as const

function kindOf(onOwned: OnOwned): keyof typeof WHY {
  return onOwned === 'refuse' || onOwned === 'drop' ? onOwned : 'reassign'
}

function heirOf(onOwned: OnOwned, { others }: PostgresFacts): Reach | undefined {
  const name = heirName(onOwned)
  return name === undefined ? undefined : others.find(role => role.name === name)
}

function heirName(onOwned: OnOwned): string | undefined {
  return onOwned.startsWith('reassign:') ? onOwned.slice('reassign:'.length) : undefined
}

function refusalsToDrop(onOwned: OnOwned, facts: PostgresFacts): readonly Refusal[] {
  const { state, reach, role } = facts
  if (role!.name === state.me.name) {
    return [{ code: 'refused', subject: 'user', message: `Rolecall itself logs in as ${role!.name}` }]
  }
  const cannot = cannotAlter(state, reach!)
  return [
    ...(cannot ? [cannot] : []),
    ...closedDatabases(facts),
    ...owned(onOwned, facts),
    ...beyondReach(facts),
    ...heirless(onOwned, facts),
  ]
}

function closedDatabases({ holdings, role }: PostgresFacts): readonly Refusal[] {
  return holdings!.closed.map(({ database, why }) => {
    const message = `The database ${database} holds something of ${role!.name}, and can't be looked into: ${why}`
    return { code: 'in_use', subject: 'user', message, counts: { databases: 1 } }
  })
}

function owned(onOwned: OnOwned, { holdings, role }: PostgresFacts): readonly Refusal[] {
  const { databases, sharedOwned } = holdings!
  if (kindOf(onOwned) === 'reassign') return []
  // DROP OWNED drops no databases or tablespaces: they hold what others made.
  const counts = onOwned === 'drop' ? sharedOwned : sumOf([sharedOwned, ...databases.map(one => one.owned)])
  if (Object.keys(counts).length === 0) return []
  const where = databases.filter(one => Object.keys(one.owned).length > 0).map(({ name }) => name)
  const inDatabases = onOwned === 'drop' || where.length === 0 ? '' : `, in ${where.join(', ')}`
  return [{ code: 'in_use', subject: 'user', message: `${role!.name} owns ${inWords(counts)}${inDatabases}`, counts }]
}

function sumOf(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {}
  for (const counts of all) for (const [kind, count] of Object.entries(counts)) sum[kind] = (sum[kind] ?? 0) + count
  return sum
}

const inWords = (counts: Counts) =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} ${count === 1 ? singular(kind) : kind}`)
    .join(', ')

const singular = (kind: string) => (kind.endsWith('ies') ? `${kind.slice(0, -3)}y` : kind.replace(/(x|ss)es$|s$/, '$1'))

function beyondReach({ state, holdings, reach }: PostgresFacts): readonly Refusal[] {
  const grants = holdings!.databases.flatMap(one => one.grants)
  const beyond = grants.find(({ grantor }) => !canBorrow(state, grantor))
  if (beyond) {
    return [
      missingRight(
        `${beyond.grantor.name} granted it a right on ${beyond.on}: the managing login must be a member of ${beyond.grantor.name} to take it back`,
      ),
    ]
  }
  if (holdings!.databases.length === 0 || canBorrow(state, reach!)) return []
  return [
    missingRight(`The managing login may not become a member of ${reach!.name}, which cleaning up after it needs`),
  ]
}

function heirless(onOwned: OnOwned, facts: PostgresFacts): readonly Refusal[] {
  const name = heirName(onOwned)
  if (name === undefined) return []
  const heir = heirOf(onOwned, facts)
  if (name === facts.role!.name)
    return [{ code: 'invalid', subject: 'role', message: 'What it owns must go to another role' }]
  if (!heir) return [{ code: 'not_found', subject: 'role', message: `There is no role ${name} to give its objects to` }]
  return canBorrow(facts.state, heir)
    ? []
    : [missingRight(`The managing login must be a member of ${name} to give it anything`)]
}
