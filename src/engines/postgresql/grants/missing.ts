import type { CatalogueRole, GrantShown } from '../../../domain/users/grant.ts'
import type { DatabaseUser } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import { type Links, whyClosed, withEach } from '../link/links.ts'
import { catalogueMemberships, type UserRow, userFrom } from '../users/read.ts'
import { readUnreached } from './unreached.ts'

/** By each catalogue role of a login in one database: owners of what that role does not reach there. */
export type Missing = ReadonlyMap<CatalogueRole, readonly string[]>

export async function readMissing(link: Link, login: UserRow, signal: AbortSignal): Promise<Missing> {
  const here = catalogueMemberships(login).filter(({ database }) => database === link.state.database)
  const missing = new Map<CatalogueRole, readonly string[]>()
  for (const one of here) {
    const { owners } = await readUnreached(link, one, signal)
    missing.set(
      one.role,
      owners.filter(owner => owner !== login.name),
    )
  }
  return missing
}

export function withMissing(grants: readonly GrantShown[], database: string, found: Missing): readonly GrantShown[] {
  return grants.map(grant => {
    const missing = grant.by === 'catalogue' && grant.database === database ? found.get(grant.role) : undefined
    return missing && missing.length > 0 ? { ...grant, missing } : grant
  })
}

/** A login as the answer of a change that granted it something in these databases shows it. */
export async function userWithMissing(
  links: Links,
  login: UserRow,
  databases: readonly string[],
): Promise<DatabaseUser> {
  const user = userFrom(login)
  const granted = databases.filter(name => user.grants.some(one => one.database === name && one.by === 'catalogue'))
  const found = await withEach(granted, name => look(links, login, name))
  const grants = granted.reduce((shown, name, at) => withMissing(shown, name, found[at]!), user.grants)
  return { ...user, grants }
}

async function look(links: Links, login: UserRow, database: string): Promise<Missing> {
  try {
    return await links.within(database, link => readMissing(link, login, links.signal))
  } catch (error) {
    whyClosed(error)
    return new Map()
  }
}
