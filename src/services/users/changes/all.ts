import type { UserChanges } from '../user-changes.ts'
import { createDropping } from './dropping.ts'
import { createMaking } from './making.ts'
import { createManagedUsers, type UserChangeParts } from './managed-users.ts'
import { createPasswords } from './passwords.ts'
import { createRights } from './rights.ts'
import { createShuttingOut } from './shutting-out.ts'

export function createUserChanges(parts: UserChangeParts): UserChanges {
  const managed = createManagedUsers(parts)
  return {
    ...createMaking(parts, managed),
    ...createPasswords(parts, managed),
    ...createRights(parts, managed),
    ...createShuttingOut(managed),
    ...createDropping(parts, managed),
  }
}
