import { CATALOGUE_ROLES, type CatalogueRole, type Grant } from '../../../domain/grant.ts'
import type { Statement, Step } from '../../engine.ts'
import { inDatabase, type PostgresFacts } from '../facts.ts'
import { commentOnRole, markedComment } from '../marks.ts'
import { catalogueRoleName } from '../names.ts'
import { borrowing, grantMembership, type Reach } from '../reach.ts'
import { open, quoteName } from '../sql.ts'
import { remark } from '../users/existing.ts'
import { type GrantDatabase, isMember } from './facts.ts'
import { actAs, actsAsOwner, moveStatements } from './owner-role.ts'
import { RIGHTS, words } from './rights.ts'
import { coverFuture, grantLacking } from './statements.ts'

/** The grants that a new login begins with. */
export function giveSteps(
  login: string,
  add: readonly Grant[],
  facts: PostgresFacts,
  closePublic = false,
): readonly Step[] {
  return facts.grants.flatMap((database): readonly Step[] => {
    const missing = rolesToGive(database, login, add, facts)
    const closing = closePublic ? closeStatements(database) : []
    if (!database.oid || (missing.length === 0 && closing.length === 0)) return []
    const given = missing.flatMap(role => giveStatements(login, role, missing, database, facts))
    const why = `give ${missing.join(' and ') || 'PUBLIC nothing'} in ${database.name}${leftOut(database)}`
    const statements = [...given, ...closing, ...markOf(login, facts)]
    return [
      {
        ...inDatabase(database.name, facts),
        why,
        statements: borrowing(facts.state, toBorrow(database, missing, facts), statements),
      },
    ]
  })
}

// What a login begins with is marked already, when it was made.
function markOf(login: string, facts: PostgresFacts): readonly Statement[] {
  if (facts.role) return [remark(facts)]
  return [commentOnRole(login, markedComment(undefined, facts.mark))]
}

function rolesToGive(
  database: GrantDatabase,
  login: string,
  add: readonly Grant[],
  facts: PostgresFacts,
): readonly CatalogueRole[] {
  const wanted = new Set(add.filter(grant => grant.database === database.name).map(({ role }) => role))
  // In this order: what the owner role will make is covered when the others are there.
  return CATALOGUE_ROLES.filter(role => wanted.has(role)).filter(
    role => !isMember(database, role) || (role === 'owner' && !actsAsOwner(database, login, facts)),
  )
}

function leftOut({ inside }: GrantDatabase): string {
  const beyond = Math.max(0, ...[...(inside?.lacking.values() ?? [])].map(one => one.beyond))
  return beyond === 0 ? '' : ` (${beyond} things in it belong to others who would have to grant them)`
}

function giveStatements(
  login: string,
  role: CatalogueRole,
  together: readonly CatalogueRole[],
  database: GrantDatabase,
  facts: PostgresFacts,
): readonly Statement[] {
  const found = database.roles.find(one => one.role === role)
  const name = found?.name ?? nameOf(database, role)
  const lacking = database.inside?.lacking.get(role)
  return [
    ...(found ? [] : makeStatements(name, role, facts)),
    ...(role === 'owner' ? moveStatements(login, name, database, facts) : []),
    ...onDatabase(name, role, database),
    ...(lacking ? grantLacking(name, role, lacking) : []),
    ...coverStatements(name, role, together, database),
    ...(isMember(database, role) ? [] : [open(grantMembership(facts.state, name, login))]),
    ...(role === 'owner' && !actsAsOwner(database, login, facts) ? [actAs(login, name, database)] : []),
  ]
}

const nameOf = (database: GrantDatabase, role: CatalogueRole) =>
  catalogueRoleName({ name: database.name, oid: database.oid! }, role)

function onDatabase(name: string, role: CatalogueRole, database: GrantDatabase): readonly Statement[] {
  const has = database.roles.find(one => one.role === role)?.has ?? []
  if (!database.mayGrantConnect || RIGHTS[role].database.every(right => has.includes(right))) return []
  return [open(`grant ${words(RIGHTS[role].database)} on database ${quoteName(database.name)} to ${quoteName(name)}`)]
}

// Only a member may set the defaults of what the owner role makes, and grant on what it made.
function makeStatements(name: string, role: CatalogueRole, { state, mark }: PostgresFacts): readonly Statement[] {
  const join = role === 'owner' && !state.me.superuser ? [open(grantMembership(state, name, state.me.name))] : []
  return [open(`create role ${quoteName(name)} nologin`), commentOnRole(name, markedComment(undefined, mark)), ...join]
}

// Defaults are set once, when the later of the two roles is made.
function coverStatements(
  name: string,
  role: CatalogueRole,
  together: readonly CatalogueRole[],
  database: GrantDatabase,
): readonly Statement[] {
  if (isThere(database, role)) return []
  if (role !== 'owner') {
    const owner = database.roles.find(one => one.role === 'owner')
    return owner ? coverFuture(owner.name, name, role) : []
  }
  const there = database.roles.map(one => ({ name: one.name, role: one.role }))
  const alsoNew = together.filter(one => one !== 'owner' && !isThere(database, one))
  const others = [...there, ...alsoNew.map(one => ({ name: nameOf(database, one), role: one }))]
  return others.flatMap(one => coverFuture(name, one.name, one.role))
}

const isThere = ({ roles }: GrantDatabase, role: CatalogueRole) => roles.some(one => one.role === role)

function closeStatements({ name, publicConnect, mayGrantConnect, inside }: GrantDatabase): readonly Statement[] {
  const connect =
    publicConnect && mayGrantConnect ? [open(`revoke connect on database ${quoteName(name)} from public`)] : []
  const schema =
    inside?.publicSchema.open && inside.publicSchema.mine ? [open('revoke all on schema public from public')] : []
  return [...connect, ...schema]
}

function toBorrow(
  database: GrantDatabase,
  roles: readonly CatalogueRole[],
  facts: PostgresFacts,
): readonly (Reach | undefined)[] {
  const changesOwner = roles.includes('owner') || roles.some(role => !isThere(database, role))
  const owner = changesOwner ? database.roles.find(one => one.role === 'owner')?.reach : undefined
  const moves = roles.includes('owner') && database.inside?.ownsObjects ? facts.reach : undefined
  return [owner, moves]
}
