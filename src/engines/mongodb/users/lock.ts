import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Step } from '../../engine.ts'
import { plainStep, step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import type { Account } from '../names.ts'
import { heldRole, LOCKED, type RoleName, sameRole } from '../roles/names.ts'
import { onExisting } from './existing.ts'
import type { Login } from './read.ts'

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

/** The server locks nobody. A locked login has no roles: at most it can say who it is, and do nothing. */
export function planLock({ key }: Of<'lock-user'>, facts: MongodbFacts): Plan {
  if (!facts.login) return onExisting(key.name, facts, [])
  // Nothing shows whether what was under way has been ended: whoever locks again ends it again.
  return onExisting(key.name, facts, [...lockSteps(facts.login, facts), ...endSteps(facts.login, facts)])
}

/** What it has is kept in a role of its own first: a lock that was cut off loses nothing. */
export function lockSteps(login: Login, { roles, closesSources = false }: MongodbFacts): readonly Step[] {
  if (login.locked) return []
  const held = heldRole(login)
  const isThere = (name: RoleName) => roles.some(role => sameRole(role, name))
  const keep = isThere(held) ? 'updateRole' : 'createRole'
  return [
    ...(isThere(LOCKED) ? [] : [lockedRoleStep(closesSources)]),
    step('keep its roles for the day when it is unlocked', held.db, {
      [keep]: held.role,
      privileges: [],
      roles: [...login.roles, ...login.markers],
    }),
    step('let it do nothing any more', login.db, { updateUser: login.user, roles: [LOCKED, ...login.markers] }),
  ]
}

/** An address that nobody has (RFC 5737). Who has the role is let in from there alone, where the server minds that. */
const NOWHERE = [{ clientSource: ['192.0.2.0/32'] }]

function lockedRoleStep(closesSources: boolean): Step {
  const command = { createRole: LOCKED.role, privileges: [], roles: [] }
  const closing = closesSources ? { authenticationRestrictions: NOWHERE } : {}
  return step('make the role of the locked', LOCKED.db, { ...command, ...closing })
}

export function planUnlock({ key }: Of<'unlock-user'>, facts: MongodbFacts): Plan {
  const { login, roles } = facts
  if (!login) return onExisting(key.name, facts, [])
  const held = heldRole(login)
  const back = { updateUser: login.user, roles: [...login.roles, ...login.markers] }
  return onExisting(key.name, facts, [
    ...(login.locked ? [step('give its roles back', login.db, back)] : []),
    ...(roles.some(role => sameRole(role, held)) ? [dropRoleStep('drop the role that kept them', held)] : []),
  ])
}

export function dropRoleStep(why: string, { role, db }: RoleName): Step {
  return step(why, db, { dropRole: role })
}

export function planEndSessions({ key }: Of<'end-sessions'>, facts: MongodbFacts): Plan {
  return onExisting(key.name, facts, facts.login ? endSteps(facts.login, facts) : [])
}

/** Ends what its sessions have under way, cursors included. Connections stay: what they may do is looked up for every command. */
export function endSteps({ user, db }: Account, { rights }: MongodbFacts): readonly Step[] {
  if (!rights.sessions) return []
  return [plainStep('end what its sessions have under way', 'admin', { killAllSessions: [{ user, db }] })]
}
