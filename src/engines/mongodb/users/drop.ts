import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Step } from '../../engine.ts'
import { step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { isMarkerRole, isSameMark, markerRole, marksOf } from '../marks.ts'
import { heldRole, sameRole, without } from '../roles/names.ts'
import { onExisting } from './existing.ts'
import { dropRoleStep, endSteps, lockSteps } from './lock.ts'
import type { Login } from './read.ts'

/** Take its roles, end what it has under way, drop it, and the same again for who slipped in; then the roles that were its own. */
export function planDrop({ key }: Extract<Change, { kind: 'drop-user' }>, facts: MongodbFacts): Plan {
  const { login, state } = facts
  if (!login) return { steps: leftoverSteps(facts), refusals: [] }
  if (login.user === state.me?.user && login.db === state.me.db) {
    const message = `Rolecall itself logs in as ${login.user}`
    return { steps: [], refusals: [{ code: 'refused', subject: 'user', message }] }
  }
  return onExisting(key.name, facts, dropSteps(login, facts))
}

/** Drops only what this operation made: the login if it carries its mark, and the role that would have marked it. */
export function planUndoCreate({ of }: Extract<Change, { kind: 'undo-create-user' }>, facts: MongodbFacts): Plan {
  const { login, roles, account, mark } = facts
  const marks = of ? marksOf(mark, of) : [mark]
  const isOurs = login !== undefined && marks.some(one => isSameMark(login.mark, one))
  const markers = account ? marks.map(one => markerRole(one, account)) : []
  const loose = roles.filter(role => markers.some(one => sameRole(role, one)))
  const left = isOurs ? without(loose, login.markers) : loose
  const steps = [
    ...(isOurs ? dropSteps(login, facts) : []),
    ...left.map(marker => dropRoleStep('drop the role that would have marked it', marker)),
  ]
  return { steps, refusals: [] }
}

function dropSteps(login: Login, facts: MongodbFacts): readonly Step[] {
  const end = endSteps(login, facts)
  return [
    ...lockSteps(login, facts),
    ...end,
    step('drop the login', login.db, { dropUser: login.user }),
    ...end,
    ...lonelySteps(facts),
    ...login.markers.map(marker => dropRoleStep('drop the role that marked it', marker)),
    dropRoleStep('drop the role that kept its roles', heldRole(login)),
  ]
}

// Before the role that kept its roles: while that is there, it tells which they were.
function lonelySteps({ lonely = [] }: MongodbFacts): readonly Step[] {
  return lonely.map(role => dropRoleStep('drop a role that only it had', role))
}

/** The login went and the process with it: the role that kept its roles, marks among them, tells what is left. */
function leftoverSteps(facts: MongodbFacts): readonly Step[] {
  const { account, roles } = facts
  const held = account && roles.find(role => sameRole(role, heldRole(account)))
  if (!held) return []
  return [
    ...lonelySteps(facts),
    ...held.roles.filter(isMarkerRole).map(marker => dropRoleStep('drop the role that marked it', marker)),
    dropRoleStep('drop the role that kept its roles', held),
  ]
}
