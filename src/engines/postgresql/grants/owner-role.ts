import type { Statement } from '../../engine.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { open, quoteName, quoteText } from '../sql.ts'
import { type GrantDatabase, isMember } from './facts.ts'

/**
 * From now on the login makes things as the owner role, and would lose what it made before. REASSIGN OWNED takes databases along,
 * wherever it runs: those are given back.
 */
export function moveStatements(
  login: string,
  owner: string,
  database: GrantDatabase,
  facts: PostgresFacts,
): readonly Statement[] {
  const { role, state } = facts
  if (!role || !database.inside?.ownsObjects || isExempt(login, role.superuser, state.me.name)) return []
  if (!becomesOwner(database, login, facts)) return []
  const giveBack = role.owned.map(name => open(`alter database ${quoteName(name)} owner to ${quoteName(login)}`))
  return [open(`reassign owned by ${quoteName(login)} to ${quoteName(owner)}`), ...giveBack]
}

// A superuser would lose its powers there, and Rolecall its own.
const isExempt = (login: string, superuser: boolean, me: string) => superuser || login === me

/** Is it only now that what the login makes there will go to the owner role? */
export function becomesOwner(database: GrantDatabase, login: string, facts: PostgresFacts): boolean {
  return !isMember(database, 'owner') || !actsAsOwner(database, login, facts)
}

/** Does what the login makes there go to the owner role? */
export function actsAsOwner({ actsAs, roles }: GrantDatabase, login: string, { role, state }: PostgresFacts): boolean {
  if (isExempt(login, role?.superuser ?? false, state.me.name)) return true
  return actsAs !== undefined && roles.some(one => one.role === 'owner' && one.name === actsAs)
}

export function actAs(login: string, owner: string, { name }: GrantDatabase): Statement {
  return open(`alter role ${quoteName(login)} in database ${quoteName(name)} set role = ${quoteText(owner)}`)
}
