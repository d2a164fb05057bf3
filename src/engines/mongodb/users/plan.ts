import type { Change } from '../../../domain/users/change.ts'
import type { NewUser, UserSettings } from '../../../domain/users/user.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import { type Command, secretStep, step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { missingRight } from '../facts/rights.ts'
import { isSameMark, markData, markerRole, marksOf } from '../marks.ts'
import { type Account, accountOf, refusalsOfPlaces, wrongAuthDatabase, wrongUserName } from '../names.ts'
import { engineRolesIn, rolesOf } from '../roles/catalogue.ts'
import { type RoleName, roleFrom, roleText, sameRole, without } from '../roles/names.ts'
import { changeSteps, missingRoleSteps, refusalsOfRoles, refusalsToGrant } from '../roles/plan.ts'
import { planUndoCreate } from './drop.ts'
import { onExisting } from './existing.ts'
import { isProvable, refusalsOfPassword } from './passwords.ts'
import { incarnationOfLogin, type Login } from './read.ts'
import { planReplace } from './replace.ts'

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

const ROOT: RoleName = { role: 'root', db: 'admin' }

/** The login, its roles and its mark are one command. What they need is there before it. */
export function planCreate(change: Of<'create-user'>, found: MongodbFacts): Plan {
  const { user, password, ahead, everything } = change
  const account = accountOf(user)
  const wrong = wrongUserName(account.user) ?? wrongAuthDatabase(account.db)
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'user', message: wrong }] }
  if (found.login && found.applied) return { steps: [], refusals: [] }
  if (isKnown(change, found)) return planReplace(replacing(change), found)
  const leftover = leftoverSteps(change, found)
  const facts = isLeftover(change, found) ? { ...found, login: undefined } : found
  const engineRoles = [...user.engineRoles.map(roleFrom), ...(everything ? [ROOT] : [])]
  const roles = distinct([...user.grants.flatMap(rolesOf), ...engineRoles])
  const steps = [
    ...leftover,
    ...missingRoleSteps(engineRoles, facts),
    ...markerSteps(account, facts),
    secretStep('make the login, with its mark', account.db, createCommand(account, roles, facts), password),
  ]
  const refusals = [
    ...refusalsOfPassword(password),
    ...refusalsOfSettings(user.settings),
    ...refusalsOfPlaces(placesOf(user)),
    ...refusalsOfRoles(user.engineRoles, facts),
    ...(ahead ? [] : refusalsToGrant(user.grants, facts)),
  ]
  return { steps, refusals: [...refusalsToMake(account, facts), ...refusals] }
}

/** It was there before its server left, and came back with it. */
function isKnown({ known = [] }: Of<'create-user'>, { login }: MongodbFacts): boolean {
  const incarnation = login && incarnationOfLogin(login)
  return incarnation !== undefined && known.includes(incarnation)
}

function replacing({ user, password }: Of<'create-user'>): Of<'replace-user'> {
  const { name, authDatabase, engineRoles } = user
  return { kind: 'replace-user', key: { name, authDatabase }, roles: engineRoles, password }
}

function isLeftover({ over = [] }: Of<'create-user'>, { login, mark }: MongodbFacts): boolean {
  return login !== undefined && marksOf(mark, over).some(one => isSameMark(login.mark, one))
}

/** What the operations that this one takes the place of have made, and nothing else. Roles on collections stay: it may want the same. */
function leftoverSteps({ user, over }: Of<'create-user'>, facts: MongodbFacts): readonly Step[] {
  if (over === undefined) return []
  const key = { name: user.name, authDatabase: user.authDatabase }
  return planUndoCreate({ kind: 'undo-create-user', key, of: over }, { ...facts, lonely: [] }).steps
}

function createCommand(account: Account, roles: readonly RoleName[], { mark, keepsData }: MongodbFacts): Command {
  if (keepsData) return { createUser: account.user, roles, customData: markData(mark) }
  return { createUser: account.user, roles: [...roles, markerRole(mark, account)] }
}

/** Where no data is kept beside a login, a role that has no rights says which operation made it. */
function markerSteps(account: Account, { keepsData, mark, roles }: MongodbFacts): readonly Step[] {
  const marker = markerRole(mark, account)
  if (keepsData || roles.some(role => sameRole(role, marker))) return []
  const command = { createRole: marker.role, privileges: [], roles: [] }
  return [step('make the role that marks it', marker.db, command)]
}

const placesOf = ({ grants, engineRoles }: Pick<NewUser, 'grants' | 'engineRoles'>): readonly string[] => [
  ...grants.map(({ database }) => database),
  ...engineRoles.map(role => roleFrom(role).db),
]

const distinct = (roles: readonly RoleName[]) =>
  roles.filter((role, at) => roles.findIndex(one => sameRole(one, role)) === at)

function refusalsToMake({ user, db }: Account, { login, rights }: MongodbFacts): readonly Refusal[] {
  if (login) return [{ code: 'exists', subject: 'user', message: `There already is a login ${user} in ${db}` }]
  return rights.users ? [] : [missingRight('users')]
}

function refusalsOfSettings(settings: UserSettings): readonly Refusal[] {
  const asked = Object.entries(settings).filter(([, value]) => value !== undefined)
  if (asked.length === 0) return []
  const message = `Logins have no ${asked.map(([name]) => name).join(', ')} of their own here`
  return [{ code: 'unsupported', subject: 'user', message }]
}

/** A new password that nobody can prove is set again: it is the same. */
export function planReset({ key, password }: Of<'reset-user'>, facts: MongodbFacts): Plan {
  const { login, applied } = facts
  if (!login || (applied && isProvable(login))) return onExisting(key.name, facts, [])
  const step = secretStep('set the new password', login.db, { updateUser: login.user }, password)
  return withRefusals(onExisting(key.name, facts, [step]), refusalsOfPassword(password, login.db))
}

/** Its engine roles, and what it is granted, become those that are wanted; what is left out stays. */
export function planSet(change: Of<'set-user'>, facts: MongodbFacts): Plan {
  const { key, settings, engineRoles = [], grants = [] } = change
  const { login } = facts
  const refused = [...refusalsOfSettings(settings), ...refusalsOfPlaces(placesOf({ grants, engineRoles }))]
  if (!login) return withRefusals(onExisting(key.name, facts, []), refused)
  const { add, remove } = rolesToSet(change, login)
  const steps = [...missingRoleSteps(add, facts), ...changeSteps(login, add, remove)]
  const missing = refusalsOfRoles(without(engineRoles.map(roleFrom), login.roles).map(roleText), facts)
  return withRefusals(onExisting(key.name, facts, steps), [...refused, ...missing])
}

function rolesToSet({ engineRoles, grants }: Of<'set-user'>, { roles }: Login) {
  const engineHad = engineRolesIn(roles).map(roleFrom)
  const had = [...(engineRoles ? engineHad : []), ...(grants ? without(roles, engineHad) : [])]
  const wanted = distinct([...(engineRoles ?? []).map(roleFrom), ...(grants ?? []).flatMap(rolesOf)])
  return { wanted, add: without(wanted, roles), remove: without(had, wanted) }
}

const withRefusals = (plan: Plan, refusals: readonly Refusal[]): Plan => ({
  ...plan,
  refusals: [...plan.refusals, ...refusals],
})

/** Is any of what the change wants so already? */
export function isPartlySet(change: Of<'set-user'>, { login }: Pick<MongodbFacts, 'login'>): boolean {
  if (!login || !(change.engineRoles || change.grants)) return false
  const { wanted, add, remove } = rolesToSet(change, login)
  return add.length < wanted.length || remove.length === 0
}

/** Names are part of what a login's password is checked with. */
export function planRename(): Plan {
  const message = 'The server renames no login: make one of the new name, and drop this one'
  return { steps: [], refusals: [{ code: 'unsupported', subject: 'user', message }] }
}
