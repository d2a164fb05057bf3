import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Step } from '../../engine.ts'
import { borrowing, canBorrow } from '../borrow.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { open, quoteName } from '../sql.ts'
import { onExisting, remark } from './existing.ts'
import { endSessionsOf } from './sessions.ts'

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

/** The lock is in force once it is committed; ending what is open already comes after, so that nobody slips in between. */
export function planLock({ key }: Of<'lock-user'>, facts: PostgresFacts): Plan {
  if (!facts.role) return onExisting(key.name, facts, [])
  return onExisting(key.name, facts, [...lockSteps(facts), ...(facts.sessions > 0 ? [endSessionsStep(facts)] : [])])
}

export function lockSteps(facts: PostgresFacts): readonly Step[] {
  const { name, canLogIn } = facts.role!
  if (!canLogIn && facts.roleMark?.locked) return []
  const lock = open(`alter role ${quoteName(name)} nologin`)
  return [{ why: 'let nobody log in any more', statements: [lock, remark(facts, true)] }]
}

export function planUnlock({ key }: Of<'unlock-user'>, facts: PostgresFacts): Plan {
  if (!facts.role || facts.role.canLogIn) return onExisting(key.name, facts, [])
  const unlock = open(`alter role ${quoteName(key.name)} login`)
  return onExisting(key.name, facts, [{ why: 'let it log in again', statements: [unlock, remark(facts, false)] }])
}

export function planEndSessions({ key }: Of<'end-sessions'>, facts: PostgresFacts): Plan {
  return onExisting(key.name, facts, facts.sessions > 0 && facts.role ? [endSessionsStep(facts)] : [])
}

/** Whoever may not signal other logins' sessions may still signal those of a role that it is a member of. */
export function endSessionsStep({ state, role, reach }: PostgresFacts): Step {
  const end = [open(endSessionsOf(role!.oid))]
  const statements = state.me.signal || !reach || !canBorrow(state, reach) ? end : borrowing(state, [reach], end)
  return { why: 'end its sessions, until none is left', statements }
}
