import type { Change } from '../../../domain/change.ts'
import type { Links } from '../link/links.ts'
import type { UserRow } from '../users/read.ts'

export interface GrantDatabase {
  readonly name: string
}

export async function readGrantDatabases(
  _links: Links,
  _change: Change,
  _role: UserRow | undefined,
): Promise<readonly GrantDatabase[]> {
  return []
}
