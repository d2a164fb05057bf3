import type { Change } from '../../../domain/users/change.ts'
import type { CatalogueRole, Grant, GrantChange } from '../../../domain/users/grant.ts'
import type { Plan, Refusal, Statement, Step } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { mayGrant, mayGrantAll, missingRight } from '../facts/rights.ts'
import { open, quoteAccount, quoteName } from '../sql.ts'
import { onExisting } from '../users/existing.ts'
import type { GrantDatabase } from './facts.ts'
import { catalogueRoleOf, nearestRole, type Privilege, privilegeList, privilegesOf } from './privileges.ts'

interface AccountName {
  readonly name: string
  readonly host: string
}

/** One step for each database: there an account has one set of privileges, whichever roles it came by. */
export function planGrant({ key, grants, ahead }: Extract<Change, { kind: 'grant-user' }>, facts: MysqlFacts): Plan {
  if (!facts.account) return onExisting(key.name, facts, [])
  const steps = grantSteps(facts.account, grants, facts)
  return { steps, refusals: refusalsToGrant(grants, facts, ahead) }
}

export function grantSteps(account: AccountName, change: GrantChange, facts: MysqlFacts): readonly Step[] {
  return facts.grants.flatMap(database => stepOn(database, account, change))
}

function stepOn(database: GrantDatabase, account: AccountName, change: GrantChange): readonly Step[] {
  const wanted = wantedOn(database, change)
  const statements = statementsOn(database, account, wanted)
  if (statements.length === 0) return []
  const why =
    wanted.size > 0 ? `give it its privileges on ${database.name}` : `take its privileges on ${database.name} away`
  return [{ why, statements }]
}

function statementsOn(
  { grantName, has }: GrantDatabase,
  account: AccountName,
  wanted: ReadonlySet<Privilege>,
): readonly Statement[] {
  const [on, whom] = [`${quoteName(grantName)}.*`, quoteAccount(account)]
  const take = without(has, wanted)
  // ALL is more than it is shown as (MariaDB's DELETE HISTORY), so it goes as a whole.
  const anew = isAll(has) && take.size > 0
  const give = anew || isAll(wanted) ? wanted : without(wanted, has)
  const revoke = open(`revoke ${privilegeList(anew ? has : take)} on ${on} from ${whom}`)
  const grant = open(`grant ${privilegeList(give)} on ${on} to ${whom}`)
  return [
    ...(take.size > 0 ? [revoke] : []),
    ...(without(wanted, has).size > 0 || (anew && give.size > 0) ? [grant] : []),
  ]
}

const isAll = (privileges: ReadonlySet<Privilege>) => catalogueRoleOf(privileges) === 'owner'

/** What is shown as a role goes with that role, whoever gave it; what is given comes to what stays. */
export function wantedOn({ name, has }: GrantDatabase, { add, remove }: GrantChange): ReadonlySet<Privilege> {
  const shown = catalogueRoleOf(has) ?? nearestRole(has)
  const goes = rolesOn(name, remove).some(role => role === shown)
  return new Set([...(goes ? [] : has), ...rolesOn(name, add).flatMap(role => [...privilegesOf(role)])])
}

function rolesOn(database: string, grants: readonly Grant[]): readonly CatalogueRole[] {
  return grants.filter(grant => grant.database === database).map(({ role }) => role)
}

function without(some: ReadonlySet<Privilege>, others: ReadonlySet<Privilege>): ReadonlySet<Privilege> {
  return new Set([...some].filter(one => !others.has(one)))
}

/** Why grants can't be given, or taken away. */
export function refusalsToGrant(
  change: GrantChange,
  { grants, rights }: MysqlFacts,
  ahead = false,
): readonly Refusal[] {
  const missing = ahead
    ? undefined
    : grants.find(({ name, exists }) => !exists && change.add.some(grant => grant.database === name))
  if (missing) return [{ code: 'not_found', subject: 'database', message: `There is no database ${missing.name}` }]
  const wanted = change.add.flatMap(({ role }) => [...privilegesOf(role)])
  const gives = change.add.some(({ role }) => role === 'owner') ? mayGrantAll(rights) : true
  if (grants.length === 0 || (gives && mayGrant(rights, wanted))) return []
  return [missingRight('The managing login lacks GRANT OPTION on *.*, or a right that is to be granted')]
}

/** Is any of what the change wants so? Without marks on grants, what is there is all that can be asked. */
export function isPartlyGranted(change: GrantChange, grants: readonly GrantDatabase[]): boolean {
  return grants.some(database => {
    const shown = catalogueRoleOf(database.has)
    const given = rolesOn(database.name, change.add).some(role => role === shown)
    const taken = rolesOn(database.name, change.remove)
    return given || (taken.length > 0 && !taken.some(role => role === (shown ?? nearestRole(database.has))))
  })
}
