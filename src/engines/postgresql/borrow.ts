import type { Statement } from '../engine.ts'
import type { Lending, Reach } from './facts/reach.ts'
import type { ServerState } from './link/server.ts'
import { open, quoteName } from './sql.ts'

/** The statements, inside of which the managing login has the roles' rights; afterwards its memberships are what they were. */
export function borrowing(
  state: ServerState,
  roles: readonly (Reach | undefined)[],
  statements: readonly Statement[],
): readonly Statement[] {
  const needed = roles.filter(role => role !== undefined && !isAtHand(state, role)) as readonly Reach[]
  // In one order for everybody: two that borrow the same roles must not wait in a circle.
  const distinct = [...new Map(needed.map(role => [role.oid, role])).values()].sort(
    (a, b) => Number(a.oid) - Number(b.oid),
  )
  const take = distinct.map(role => takeMembership(role, state))
  const giveBack = distinct.map(role => giveBackMembership(role, state))
  return [...take, ...statements, ...giveBack]
}

/** Has the managing login the role's rights, or can it take them? */
export function canBorrow(state: ServerState, role: Reach): boolean {
  return isAtHand(state, role) || mayTake(state, role)
}

export function isAtHand({ me }: ServerState, { usage, set }: Reach): boolean {
  return me.superuser || (usage && set)
}

// Before 16 a membership gives a login that doesn't inherit no rights, and one that it has already can't be told from a borrowed one.
function mayTake({ version, me }: ServerState, { superuser, admin, lending }: Reach): boolean {
  return !superuser && (version >= 160000 ? lending !== null : admin && me.inherits)
}

function takeMembership({ name, lending }: Reach, state: ServerState): Statement {
  return open(grantMembership(state, name, state.me.name) + grantedBy(lending))
}

// A revoke would take away with what was borrowed what the same grantor had given before.
function giveBackMembership({ name, lending }: Reach, { me }: ServerState): Statement {
  if (!lending?.had) return open(`revoke ${quoteName(name)} from ${quoteName(me.name)}${grantedBy(lending)}`)
  const { inherit, set } = lending.had
  const before = `with inherit ${inherit}, set ${set}`
  return open(`grant ${quoteName(name)} to ${quoteName(me.name)} ${before}${grantedBy(lending)}`)
}

function grantedBy(lending: Lending | null): string {
  return lending ? ` granted by ${quoteName(lending.grantor)}` : ''
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
