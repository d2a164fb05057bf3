import type { Grant } from '../../../domain/users/grant.ts'
import type { Statement, Step } from '../../engine.ts'
import { borrowing, revokeMemberships } from '../borrow.ts'
import type { ForeignGrant } from '../drop/foreign-grants.ts'
import { revokes } from '../drop/revokes.ts'
import { inDatabase, type PostgresFacts } from '../facts/facts.ts'
import { open, quoteName } from '../sql.ts'
import { remark } from '../users/existing.ts'
import type { GrantDatabase } from './facts.ts'

export function takeSteps(login: string, remove: readonly Grant[], facts: PostgresFacts): readonly Step[] {
  const memberships = facts.grants.flatMap(database => leaveStatements(login, remove, database, facts))
  const leave: Step[] =
    memberships.length === 0 ? [] : [{ why: 'take grants away', statements: [...memberships, remark(facts)] }]
  const direct = facts.grants.filter(({ direct }) => direct.length > 0)
  return [...leave, ...direct.map(({ name, direct }) => takeDirect(login, name, direct, facts))]
}

function leaveStatements(
  login: string,
  remove: readonly Grant[],
  database: GrantDatabase,
  { state }: PostgresFacts,
): readonly Statement[] {
  const roles = remove.filter(grant => grant.database === database.name).map(({ role }) => role)
  const left = database.roles.filter(one => roles.includes(one.role) && one.grantors.length > 0)
  return left.flatMap(({ name, grantors }) => [
    ...revokeMemberships(state, name, login, grantors),
    ...(database.actsAs === name
      ? [open(`alter role ${quoteName(login)} in database ${quoteName(database.name)} reset role`)]
      : []),
  ])
}

// Rights that others gave the login itself: each goes as whoever gave it.
function takeDirect(login: string, database: string, direct: readonly ForeignGrant[], facts: PostgresFacts): Step {
  const statements = [...revokes(direct, login), remark(facts)]
  const borrowed = borrowing(
    facts.state,
    direct.map(({ grantor }) => grantor),
    statements,
  )
  return {
    ...inDatabase(database, facts),
    why: `take away what others granted it in ${database}`,
    statements: borrowed,
  }
}
