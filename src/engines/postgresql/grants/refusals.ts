import type { Grant } from '../../../domain/grant.ts'
import type { Refusal } from '../../engine.ts'
import type { PostgresFacts } from '../facts.ts'
import { canBorrow, missingRight } from '../reach.ts'
import { type GrantDatabase, isMember } from './facts.ts'

/** Why grants can't be given. */
export function refusalsToGive(add: readonly Grant[], facts: PostgresFacts): readonly Refusal[] {
  const wanted = facts.grants.filter(({ name }) => add.some(grant => grant.database === name))
  return wanted.flatMap(database => refusalsFor(database, add, facts))
}

function refusalsFor(database: GrantDatabase, add: readonly Grant[], { state }: PostgresFacts): readonly Refusal[] {
  const { name, oid, owner, closed, mayGrantConnect, publicConnect } = database
  if (!oid) return [{ code: 'not_found', subject: 'database', message: `There is no database ${name}` }]
  if (closed !== undefined)
    return [{ code: 'refused', subject: 'database', message: `${name} can't be looked into: ${closed}` }]
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
