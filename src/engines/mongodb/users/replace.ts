import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import { secretStep, step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { refusalsOfPlaces } from '../names.ts'
import { heldRole, type RoleName, roleFrom, sameRole, without, writtenText } from '../roles/names.ts'
import { missingRoleSteps, refusalsOfRoles } from '../roles/plan.ts'
import { onExisting } from './existing.ts'
import { dropRoleStep } from './lock.ts'
import { refusalsOfPassword } from './passwords.ts'
import type { Login } from './read.ts'

type Replace = Extract<Change, { kind: 'replace-user' }>

/** Roles and password are set by one command: it has what it had, or what it is to have. */
export function planReplace(change: Replace, facts: MongodbFacts): Plan {
  const { login, lonely = [] } = facts
  if (!login) return onExisting(change.key.name, facts, [])
  const wanted = wantedRoles(change, login)
  const steps = [
    ...missingRoleSteps(wanted, facts),
    ...setSteps(change, wanted, login, facts),
    ...without(lonely, wanted).map(role => dropRoleStep('drop a role that only it had', role)),
  ]
  const { refusals } = onExisting(change.key.name, facts, steps)
  const wrong = change.password ? refusalsOfPassword(change.password, login.db) : []
  return { steps, refusals: [...refusals, ...wrong, ...refusalsOfNew(wanted, facts)] }
}

/** Where none are asked for, those that it has. */
export function wantedRoles({ roles }: Replace, login: Login): readonly RoleName[] {
  const all = roles?.map(roleFrom) ?? login.roles
  return all.filter((role, at) => all.findIndex(one => sameRole(one, role)) === at)
}

export function hasExactly(login: Login, wanted: readonly RoleName[]): boolean {
  return without(wanted, login.roles).length === 0 && without(login.roles, wanted).length === 0
}

function refusalsOfNew(wanted: readonly RoleName[], facts: MongodbFacts): readonly Refusal[] {
  const added = without(wanted, facts.login!.roles)
  return [...refusalsOfPlaces(added.map(({ db }) => db)), ...refusalsOfRoles(added.map(writtenText), facts)]
}

function setSteps({ password }: Replace, wanted: readonly RoleName[], login: Login, { opens }: MongodbFacts) {
  const { user, db, locked, markers } = login
  const isSame = hasExactly(login, wanted)
  const all = [...wanted, ...markers]
  // A locked login's roles are kept in a role of ours: there they change, and are given back with the lock.
  const held: readonly Step[] =
    locked && !isSame
      ? [step('change the roles that it gets back', 'admin', { updateRole: heldRole(login).role, roles: all })]
      : []
  const roles = isSame || locked ? {} : { roles: all }
  const command = { updateUser: user, ...roles }
  if (password && !opens) return [...held, secretStep('set its password and its roles', db, command, password)]
  return 'roles' in command ? [step('set its roles', db, command)] : held
}
