import type { CatalogueRole, Grant } from '../../../domain/grant.ts'
import type { Refusal, Statement, Step } from '../../engine.ts'
import { inDatabase, type PostgresFacts } from '../facts.ts'
import { commentOnRole, markedComment } from '../marks.ts'
import { catalogueRoleName } from '../names.ts'
import { borrowing, grantMembership, missingRight, type Reach } from '../reach.ts'
import { open, quoteName, quoteText } from '../sql.ts'
import { remark } from '../users/existing.ts'
import { type GrantDatabase, isMember } from './facts.ts'
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
  return [...wanted].filter(
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

/**
 * From now on the login makes things as the owner role, and would lose what it made before. REASSIGN OWNED takes databases along,
 * wherever it runs: those are given back.
 */
function moveStatements(
  login: string,
  owner: string,
  { inside }: GrantDatabase,
  { role, state }: PostgresFacts,
): readonly Statement[] {
  if (!role || !inside?.ownsObjects || isExempt(login, role.superuser, state.me.name)) return []
  const giveBack = role.owned.map(name => open(`alter database ${quoteName(name)} owner to ${quoteName(login)}`))
  return [open(`reassign owned by ${quoteName(login)} to ${quoteName(owner)}`), ...giveBack]
}

// A superuser would lose its powers there, and Rolecall its own.
const isExempt = (login: string, superuser: boolean, me: string) => superuser || login === me

function actsAsOwner({ actsAs, roles }: GrantDatabase, login: string, { role, state }: PostgresFacts): boolean {
  if (isExempt(login, role?.superuser ?? false, state.me.name)) return true
  return actsAs !== undefined && roles.some(one => one.role === 'owner' && one.name === actsAs)
}

function actAs(login: string, owner: string, { name }: GrantDatabase): Statement {
  return open(`alter role ${quoteName(login)} in database ${quoteName(name)} set role = ${quoteText(owner)}`)
}

// Defaults are set once, when the later of the two roles is made.
function coverStatements(
  name: string,
  role: CatalogueRole,
  together: readonly CatalogueRole[],
  database: GrantDatabase,
): readonly Statement[] {
  const isNew = !database.roles.some(one => one.role === role)
  if (!isNew) return []
  if (role !== 'owner') {
    const owner = database.roles.find(one => one.role === 'owner')
    return owner ? coverFuture(owner.name, name, role) : []
  }
  const there = database.roles.flatMap(one => (one.role === 'owner' ? [] : coverFuture(name, one.name, one.role)))
  const before = together
    .slice(0, together.indexOf('owner'))
    .filter(one => !database.roles.some(found => found.role === one))
  return [...there, ...before.flatMap(one => coverFuture(name, nameOf(database, one), one))]
}

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
  const owner = database.roles.find(one => one.role === 'owner')?.reach
  const moves = roles.includes('owner') && database.inside?.ownsObjects ? facts.reach : undefined
  return [owner, moves]
}

export function refusalsToGive(add: readonly Grant[], facts: PostgresFacts): readonly Refusal[] {
  const wanted = facts.grants.filter(({ name }) => add.some(grant => grant.database === name))
  return wanted.flatMap(database => refusalsFor(database, add, facts))
}

function refusalsFor(database: GrantDatabase, add: readonly Grant[], { state }: PostgresFacts): readonly Refusal[] {
  const { name, oid, owner, closed, mayGrantConnect, publicConnect } = database
  if (!oid) return [{ code: 'not_found', subject: 'database', message: `There is no database ${name}` }]
  if (closed !== undefined)
    return [{ code: 'unavailable', subject: 'database', message: `${name} can't be looked into: ${closed}` }]
  if (!mayGrantConnect && !publicConnect)
    return [
      missingRight(`The managing login must be a member of ${owner}, the owner of ${name}, to let others connect`),
    ]
  const gathers = add.some(grant => grant.database === name && grant.role === 'owner') && !isMember(database, 'owner')
  if (gathers && database.inside?.ownsObjects && database.inside.ownsShared) {
    const message = `What it owns in ${name} would go to the owner role, and its tablespaces and subscriptions with it: give those another owner first`
    return [{ code: 'in_use', subject: 'user', message }]
  }
  if (state.me.superuser) return []
  const beyond = database.roles.find(
    ({ role, reach }) =>
      !reach.admin && add.some(grant => grant.database === name && grant.role === role) && !isMember(database, role),
  )
  return beyond ? [missingRight(`The managing login lacks the ADMIN option on the role ${beyond.name}`)] : []
}
