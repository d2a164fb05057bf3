import type { GrantShown } from '../../../domain/grant.ts'
import type { Links } from '../link/links.ts'
import { findRole, grantsOf } from '../users/read.ts'

export async function listGrants(
  links: Links,
  name: string,
): Promise<{ readonly grants: readonly GrantShown[]; readonly unreadable: readonly string[] }> {
  const role = await findRole(links.main, name, links.signal)
  return { grants: role ? grantsOf(role) : [], unreadable: [] }
}
