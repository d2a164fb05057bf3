import { canBorrow, isAtHand } from '../borrow.ts'
import { type Reach, readReach } from '../facts/reach.ts'
import type { Link } from '../link/link.ts'
import { OWNERS_HERE } from './things.ts'

/** Owners of what is in a database, and of the database, that the managing login isn't, but may make itself a member of. */
export async function readLenders(link: Link, signal: AbortSignal): Promise<readonly Reach[]> {
  if (link.state.me.superuser) return []
  const owners = await link.ask<{ readonly name: string }>(signal, OWNERS_HERE)
  const reach = await readReach(
    link,
    owners.map(({ name }) => name),
    signal,
  )
  return reach.filter(role => !isAtHand(link.state, role) && canBorrow(link.state, role))
}
