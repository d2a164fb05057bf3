import type { CatalogueRole, Grant } from '../../../domain/users/grant.ts'
import type { Refusal } from '../../engine.ts'
import { canBorrow } from '../borrow.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { missingRight } from '../facts/reach.ts'
import type { ServerState } from '../link/server.ts'
import { type GrantDatabase, isMember } from './facts.ts'
import { mayGrantOn } from './on-database.ts'
import { becomesOwner } from './owner-role.ts'

/** Why grants can't be given. */
export function refusalsToGive(login: string, add: readonly Grant[], facts: PostgresFacts): readonly Refusal[] {
  const wanted = facts.grants.filter(({ name }) => add.some(grant => grant.database === name))
  return wanted.flatMap(database => refusalsFor(login, database, add, facts))
}

function refusalsFor(
  login: string,
  database: GrantDatabase,
  add: readonly Grant[],
  facts: PostgresFacts,
): readonly Refusal[] {
  const { name, oid, owner, closed, publicConnect } = database
  const { state } = facts
  if (!oid) return [{ code: 'not_found', subject: 'database', message: `There is no database ${name}` }]
  if (closed !== undefined)
    return [{ code: 'refused', subject: 'database', message: `${name} can't be looked into: ${closed}` }]
  if (!mayGrantOn(database, state) && !publicConnect)
    return [
      missingRight(`The managing login must be a member of ${owner}, the owner of ${name}, to let others connect`),
    ]
  const wanted = add.filter(grant => grant.database === name).map(({ role }) => role)
  const gathers = wanted.includes('owner') && becomesOwner(database, login, facts)
  if (gathers && database.inside?.ownsObjects && database.inside.ownsShared) {
    const message = `What it owns in ${name} would go to the owner role, and its tablespaces and subscriptions with it: give those another owner first`
    return [{ code: 'in_use', subject: 'user', message }]
  }
  if (state.me.superuser) return []
  const beyond = database.roles.find(
    ({ role, reach }) => !reach.admin && wanted.includes(role) && !isMember(database, role),
  )
  if (beyond) return [missingRight(`The managing login lacks the ADMIN option on the role ${beyond.name}`)]
  return facts.applied ? [] : wanted.flatMap(role => inVain(role, database, state))
}

// Half-way is too late for that: then what is begun is finished, or taken back.
function inVain(role: CatalogueRole, database: GrantDatabase, state: ServerState): readonly Refusal[] {
  const unreachable = database.inside?.unreachable.get(role)
  if (isMember(database, role) || !unreachable?.noTable) return []
  // An owner may still make tables of its own.
  if (role === 'owner' && mayGrantOn(database, state)) return []
  const owners = unreachable.owners.join(', ')
  return [
    missingRight(
      `${role} would reach no table in ${database.name}: the managing login may grant nothing there, and can't make itself a member of who could (${owners})`,
    ),
  ]
}

/** Why grants can't be taken away. */
export function refusalsToTake(
  login: string,
  remove: readonly Grant[],
  { grants, state }: PostgresFacts,
): readonly Refusal[] {
  const taken = grants.filter(({ name }) => remove.some(grant => grant.database === name))
  const owned = taken.find(one => one.owner === login && !remove.some(({ role }) => isMember(one, role)))
  if (owned)
    return [
      {
        code: 'refused',
        subject: 'grant',
        message: `${login} owns the database ${owned.name}: give that another owner first`,
      },
    ]
  const beyond = taken.flatMap(({ direct }) => direct).find(({ grantor }) => !canBorrow(state, grantor))
  return beyond
    ? [
        missingRight(
          `${beyond.grantor.name} granted the right on ${beyond.on}: the managing login must be a member of ${beyond.grantor.name} to take it away`,
        ),
      ]
    : []
}
