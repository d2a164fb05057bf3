import { CATALOGUE_ROLES, type CatalogueRole, type Grant } from '../../../domain/users/grant.ts'
import type { Statement, Step } from '../../engine.ts'
import { borrowing, canBorrow, grantMembership } from '../borrow.ts'
import { inDatabase, type PostgresFacts } from '../facts/facts.ts'
import type { Reach } from '../facts/reach.ts'
import { commentOnRole, markedComment } from '../marks.ts'
import { catalogueRoleName } from '../names.ts'
import { open, quoteName } from '../sql.ts'
import { remark } from '../users/existing.ts'
import { type GrantDatabase, isMember } from './facts.ts'
import { lacksNothing } from './lacking.ts'
import { closeStatements, grantOnDatabase, hasAll, mayGrantOn, toClose } from './on-database.ts'
import { actAs, actsAsOwner, becomesOwner, moveStatements } from './owner-role.ts'
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
    const closing = closePublic ? closeStatements(database, facts.state) : []
    if (!database.oid || (missing.length === 0 && closing.length === 0)) return []
    const given = missing.flatMap(role => giveStatements(login, role, missing, database, facts))
    const why = `give ${missing.join(' and ') || 'PUBLIC nothing'} in ${database.name}${leftOut(database, missing)}`
    const lenders = [
      ...toBorrow(database, login, missing, facts),
      ...(closePublic ? toClose(database, facts.state) : []),
    ]
    const statements = [...given, ...closing, ...markOf(login, facts)]
    return [{ ...inDatabase(database.name, facts), why, statements: borrowing(facts.state, lenders, statements) }]
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
    role => !isMember(database, role) || isIncomplete(database, role, login, facts),
  )
}

// Things came to be, or owners came within reach, since the login was made a member.
function isIncomplete(database: GrantDatabase, role: CatalogueRole, login: string, facts: PostgresFacts): boolean {
  const lacking = database.inside?.lacking.get(role)
  if (lacking && !lacksNothing(lacking)) return true
  const { ownerReach } = database
  if (!hasAll(role, database) && ownerReach && canBorrow(facts.state, ownerReach)) return true
  return role === 'owner' && !actsAsOwner(database, login, facts)
}

function leftOut({ inside }: GrantDatabase, roles: readonly CatalogueRole[]): string {
  const unreachable = roles.flatMap(role => inside?.unreachable.get(role) ?? [])
  const things = Math.max(0, ...unreachable.map(one => one.things))
  const owners = new Set(unreachable.flatMap(one => one.owners))
  if (things === 0) return ''
  return ` (${things} things in it belong to others who would have to grant them: ${[...owners].join(', ')})`
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
  const moves = role === 'owner' ? moveStatements(login, name, database, facts) : []
  return [
    ...(found ? [] : makeStatements(name, role, facts)),
    ...moves,
    ...grantOnDatabase(name, role, database, facts.state, moves.length > 0 && database.owner === login),
    ...(lacking ? grantLacking(name, role, lacking) : []),
    ...coverStatements(name, role, together, database),
    ...(isMember(database, role) ? [] : [open(grantMembership(facts.state, name, login))]),
    ...(role === 'owner' && !actsAsOwner(database, login, facts) ? [actAs(login, name, database)] : []),
  ]
}

const nameOf = (database: GrantDatabase, role: CatalogueRole) =>
  catalogueRoleName({ name: database.name, oid: database.oid! }, role)

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

/** Whose rights the statements take. */
function toBorrow(
  database: GrantDatabase,
  login: string,
  roles: readonly CatalogueRole[],
  facts: PostgresFacts,
): readonly (Reach | undefined)[] {
  const { inside, mayGrantConnect, ownerReach } = database
  const changesOwner = roles.includes('owner') || roles.some(role => !isThere(database, role))
  const owner = changesOwner ? database.roles.find(one => one.role === 'owner')?.reach : undefined
  const moves = roles.includes('owner') && becomesOwner(database, login, facts) && inside?.ownsObjects
  const onDatabase =
    mayGrantConnect || !mayGrantOn(database, facts.state) || roles.every(role => hasAll(role, database))
  const owners = new Set(roles.flatMap(role => inside?.lacking.get(role)?.owners ?? []))
  const lenders = inside?.lenders.filter(({ oid }) => owners.has(oid)) ?? []
  return [owner, moves ? facts.reach : undefined, onDatabase ? undefined : ownerReach, ...lenders]
}
