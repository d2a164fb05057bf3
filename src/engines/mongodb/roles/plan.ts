import type { Change } from '../../../domain/users/change.ts'
import { type Grant, type GrantChange, sameGrant } from '../../../domain/users/grant.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import { step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { OURS, refusalsOfPlaces } from '../names.ts'
import { onExisting } from '../users/existing.ts'
import type { Login } from '../users/read.ts'
import { knownOf } from './actions.ts'
import { grantsIn, rolesOf } from './catalogue.ts'
import { heldRole, type RoleName, roleFrom, sameRole, without, writtenText } from './names.ts'
import { asWritten } from './narrowed.ts'
import { definitionOf } from './synthesised.ts'

/** Gives first and takes then: nobody is without what it keeps in between. */
export function planGrant({ key, grants, ahead }: Extract<Change, { kind: 'grant-user' }>, facts: MongodbFacts): Plan {
  const { login } = facts
  if (!login) return onExisting(key.name, facts, [])
  const { add, remove } = rolesToChange(grants, login)
  const { steps, refusals } = onExisting(key.name, facts, changeSteps(login, add, remove))
  return {
    steps,
    refusals: [
      ...refusals,
      ...refusalsOfPlaces(grants.add.map(({ database }) => database)),
      ...(ahead ? [] : refusalsToGrant(grants.add, facts)),
    ],
  }
}

/** In the order in which they came. */
export function rolesAfter(grants: GrantChange, texts: readonly string[]): readonly string[] {
  const roles = texts.map(roleFrom)
  const { add, remove } = rolesToChange(grants, { roles })
  const all = [...without(roles, remove), ...add].map(writtenText)
  return [...new Set(all)]
}

function rolesToChange({ add, remove }: GrantChange, { roles }: Pick<Login, 'roles'>) {
  const given = add.flatMap(rolesOf)
  const had = grantsIn(roles).filter(grant => remove.some(one => sameGrant(one, grant)))
  const gone = had.flatMap(grant => [...rolesOf(grant), { role: 'dbOwner', db: grant.database }])
  const taken = without(gone, given).filter(role => roles.some(one => sameRole(one, role)))
  return { add: without(given, roles), remove: taken }
}

/** A locked login's roles are kept in a role of ours: there they change, and are given back with the lock. */
export function changeSteps(login: Login, add: readonly RoleName[], remove: readonly RoleName[]): readonly Step[] {
  const { user, db, locked } = login
  const [subject, place, kind] = locked ? [heldRole(login).role, 'admin', 'Role'] : [user, db, 'User']
  return [
    ...(add.length > 0 ? [step('give it roles', place, { [`grantRolesTo${kind}`]: subject, roles: add })] : []),
    ...(remove.length > 0
      ? [step('take roles away', place, { [`revokeRolesFrom${kind}`]: subject, roles: remove })]
      : []),
  ]
}

/** Is any of what the change wants so already? */
export function isPartlyGranted({ add, remove }: GrantChange, { roles }: Login): boolean {
  const has = grantsIn(roles)
  const isThere = (grant: Grant) => has.some(one => sameGrant(one, grant))
  return add.some(isThere) || (add.length === 0 && remove.some(grant => !isThere(grant)))
}

/** Roles that servers don't bring are made when somebody first gets them. */
export function missingRoleSteps(wanted: readonly RoleName[], { roles, actions }: MongodbFacts): readonly Step[] {
  const needed = withNeeded(wanted).filter(name => !roles.some(role => sameRole(role, name)))
  return needed.flatMap(name => {
    const definition = definitionOf(name)
    if (!definition) return []
    const privileges = knownOf(definition.privileges, actions)
    const command = { createRole: name.role, privileges, roles: definition.roles }
    return [step(`make the role ${asWritten(name).role}`, name.db, command)]
  })
}

/** Roles with those that they hand on and that servers need not bring, these first. */
export function withNeeded(wanted: readonly RoleName[]): readonly RoleName[] {
  const all = wanted.flatMap(name => [...(definitionOf(name)?.roles ?? []).filter(one => definitionOf(one)), name])
  return all.filter((name, at) => all.findIndex(one => sameRole(one, name)) === at)
}

export function refusalsOfRoles(wanted: readonly string[], { roles }: MongodbFacts): readonly Refusal[] {
  return wanted.map(roleFrom).flatMap((name): readonly Refusal[] => {
    const text = writtenText(name)
    if (name.role.startsWith(OURS))
      return [{ code: 'invalid', subject: 'role', message: `${text} is one of our marks` }]
    if (definitionOf(name) || roles.some(role => sameRole(role, name))) return []
    return [{ code: 'not_found', subject: 'role', message: `There is no role ${text}` }]
  })
}

export function refusalsToGrant(grants: readonly Grant[], { databases }: MongodbFacts): readonly Refusal[] {
  const missing = new Set(grants.map(({ database }) => database).filter(name => !databases.includes(name)))
  return [...missing].map(name => ({
    code: 'not_found',
    subject: 'database',
    message: `There is no database ${name}`,
  }))
}
