import type { Refusal, Statement } from '../engine.ts'
import type { Link } from './link/link.ts'
import type { ServerState } from './link/server.ts'
import { canBeThere } from './names.ts'
import { open, quoteName } from './sql.ts'

/** What the managing login may do with another role. */
export interface Reach {
  readonly oid: string
  readonly name: string
  readonly superuser: boolean
  readonly replication: boolean
  /** It has the role's rights without further ado. */
  readonly usage: boolean
  /** It may act as the role (`set role`). */
  readonly set: boolean
  /** It may give others, and so itself, membership. */
  readonly admin: boolean
}

// Before 16, CREATEROLE administers every role but superusers; since then it takes the ADMIN option.
const reachQuery = ({ version, me }: ServerState) => `
select r.oid::text as oid, r.rolname::text as name, r.rolsuper as superuser, r.rolreplication as replication,
  pg_has_role(r.oid, 'usage') as usage, pg_has_role(r.oid, '${version >= 160000 ? 'set' : 'member'}') as set,
  pg_has_role(r.oid, 'member with admin option')${version < 160000 && me.createRole ? ' or not r.rolsuper' : ''} as admin
from pg_roles r where r.rolname = any($1::name[])`

/** The roles of these names that there are. */
export async function readReach(link: Link, names: readonly string[], signal: AbortSignal): Promise<readonly Reach[]> {
  const asked = [...new Set(names)].filter(canBeThere)
  if (asked.length === 0) return []
  const found = await link.ask<Reach>(signal, reachQuery(link.state), [asked])
  return found.filter(({ name }) => names.includes(name))
}

/** The statements, inside of which the managing login has the roles' rights; it gives back what it had to take. */
export function borrowing(
  state: ServerState,
  roles: readonly (Reach | undefined)[],
  statements: readonly Statement[],
): readonly Statement[] {
  const needed = roles.filter(role => role !== undefined && !isAtHand(state, role)) as readonly Reach[]
  const distinct = needed.filter((role, at) => needed.findIndex(({ oid }) => oid === role.oid) === at)
  const take = distinct.map(({ name }) => open(grantMembership(state, name, state.me.name)))
  const giveBack = distinct.map(({ name }) => open(`revoke ${quoteName(name)} from ${quoteName(state.me.name)}`))
  return [...take, ...statements, ...giveBack]
}

/** Has the managing login the role's rights, or can it take them? */
export function canBorrow(state: ServerState, role: Reach): boolean {
  return isAtHand(state, role) || role.admin
}

function isAtHand({ me }: ServerState, { usage, set }: Reach): boolean {
  return me.superuser || (usage && set)
}

/** From 16 on inheriting and acting as the role are options of their own, and a role that doesn't inherit by default gets neither. */
export function grantMembership({ version }: ServerState, role: string, member: string): string {
  const options = version >= 160000 ? ' with inherit true, set true' : ''
  return `grant ${quoteName(role)} to ${quoteName(member)}${options}`
}

/** From 16 on a revoke takes back one grantor's grant, and leaves the others'. */
export function revokeMemberships(
  { version }: ServerState,
  role: string,
  member: string,
  grantors: readonly string[],
): readonly Statement[] {
  const revoke = `revoke ${quoteName(role)} from ${quoteName(member)}`
  if (version < 160000) return [open(revoke)]
  return [...new Set(grantors)].map(grantor => open(`${revoke} granted by ${quoteName(grantor)}`))
}

/** Why the managing login may not alter the role; undefined if it may. */
export function cannotAlter({ version, me }: ServerState, role: Reach): Refusal | undefined {
  if (me.superuser) return undefined
  if (role.superuser) return missingRight(`${role.name} is a superuser: only a superuser may change it`)
  if (!me.createRole) return missingRight('The managing login lacks CREATEROLE, which changing logins needs')
  if (version < 160000 && role.replication) {
    return missingRight(`${role.name} has REPLICATION: before PostgreSQL 16 only a superuser may change it`)
  }
  if (version >= 160000 && !role.admin) {
    return missingRight(`The managing login lacks the ADMIN option on the role ${role.name}`)
  }
  return undefined
}

export function missingRight(message: string): Refusal {
  return { code: 'missing_right', subject: 'server', message }
}
