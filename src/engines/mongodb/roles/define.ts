import type { RoleChange } from '../../../domain/users/change.ts'
import type { Privilege, RoleDefinition } from '../../../domain/users/role-definition.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import { step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { missingRight } from '../facts/rights.ts'
import { OURS } from '../names.ts'
import { knownOf } from './actions.ts'
import { type RoleName, roleFrom, sameRole, without } from './names.ts'
import type { RoleFound } from './read.ts'

/** A role that people define is one of `admin`: only there may it reach other databases. */
export function definedRole(name: string): RoleName {
  return { role: name, db: 'admin' }
}

export function planRole(change: RoleChange, facts: MongodbFacts): Plan {
  switch (change.kind) {
    case 'create-role':
      return change.over?.some(one => isDefinedSo(one, facts))
        ? planSetRole(change.role, facts)
        : planCreateRole(change.role, facts)
    case 'set-role':
      return change.orCreate && !found(change.role.name, facts)
        ? planCreateRole(change.role, facts)
        : planSetRole(change.role, facts)
    case 'drop-role':
      return { steps: dropSteps(change.name, facts), refusals: [] }
    case 'undo-create-role':
      return { steps: isAnyOf(change, facts) ? dropSteps(change.role.name, facts) : [], refusals: [] }
  }
}

function planCreateRole(role: RoleDefinition, facts: MongodbFacts): Plan {
  if (isDefinedSo(role, facts)) return { steps: [], refusals: [] }
  const steps = [step(`make the role ${role.name}`, 'admin', { createRole: role.name, ...bodyOf(role, facts) })]
  const there: readonly Refusal[] = found(role.name, facts)
    ? [{ code: 'exists', subject: 'role', message: `There already is another role ${role.name}` }]
    : []
  return { steps, refusals: [...there, ...refusalsOf(role, facts)] }
}

function planSetRole(role: RoleDefinition, facts: MongodbFacts): Plan {
  if (!found(role.name, facts)) {
    return { steps: [], refusals: [{ code: 'not_found', subject: 'role', message: `There is no role ${role.name}` }] }
  }
  if (isDefinedSo(role, facts)) return { steps: [], refusals: [] }
  const steps = [step(`change the role ${role.name}`, 'admin', { updateRole: role.name, ...bodyOf(role, facts) })]
  return { steps, refusals: refusalsOf(role, facts) }
}

function dropSteps(name: string, facts: MongodbFacts): readonly Step[] {
  return found(name, facts) ? [step(`drop the role ${name}`, 'admin', { dropRole: name })] : []
}

function refusalsOf({ name, roles }: RoleDefinition, facts: MongodbFacts): readonly Refusal[] {
  if (name.startsWith(OURS)) return [{ code: 'invalid', subject: 'role', message: `${name} is one of our marks` }]
  const missing = roles.filter(role => !facts.roles.some(one => sameRole(one, roleFrom(role))))
  return [
    ...(facts.rights.users ? [] : [missingRight('users')]),
    ...missing.map((role): Refusal => ({ code: 'not_found', subject: 'role', message: `There is no role ${role}` })),
  ]
}

function bodyOf({ privileges, roles }: RoleDefinition, { actions }: MongodbFacts) {
  return { privileges: knownOf(privileges, actions), roles: roles.map(roleFrom) }
}

function found(name: string, { roles }: MongodbFacts): RoleFound | undefined {
  return roles.find(role => sameRole(role, definedRole(name)))
}

function isAnyOf({ role, over = [] }: Extract<RoleChange, { kind: 'undo-create-role' }>, facts: MongodbFacts): boolean {
  return [role, ...over].some(one => isDefinedSo(one, facts))
}

/** Does it allow on this server what the definition would? */
export function isDefinedSo(role: RoleDefinition, facts: Pick<MongodbFacts, 'roles' | 'actions'>): boolean {
  const there = facts.roles.find(one => sameRole(one, definedRole(role.name)))
  if (!there || there.builtIn) return false
  const wanted = role.roles.map(roleFrom)
  if (without(wanted, there.roles).length > 0 || without(there.roles, wanted).length > 0) return false
  return textOf(knownOf(role.privileges, facts.actions)) === textOf(there.privileges)
}

/** One text for the same rights, however they are put together. */
function textOf(privileges: readonly Privilege[]): string {
  const rights = privileges.flatMap(({ resource, actions }) => actions.map(action => `${placeOf(resource)} ${action}`))
  return JSON.stringify([...new Set(rights)].sort())
}

function placeOf(resource: Privilege['resource']): string {
  return 'cluster' in resource ? 'cluster' : JSON.stringify([resource.db, resource.collection])
}

export function asBefore({ name }: RoleDefinition, { roles }: MongodbFacts): RoleDefinition | undefined {
  const before = roles.find(one => sameRole(one, definedRole(name)))
  return before && { name, privileges: before.privileges, roles: before.roles.map(({ role, db }) => `${db}.${role}`) }
}
