import type { Role } from '../users/role.ts'
import type { Access } from './access.ts'
import type { TeamRole } from './team.ts'

/** Somebody is asked into a project. Whoever brings the code that its owner was told once is taken for that somebody. */
export interface Invitation {
  /** 5 to 10 lower-case letters and digits. */
  readonly id: string
  readonly projectId: string
  readonly senderId: string
  /** For people: nothing is sent to it, and it proves nothing. */
  readonly email: string
  readonly role: Role
  /** One thing of the project that comes with it. */
  readonly to?: InvitedTo
  readonly createdAt: number
  readonly expiresAt: number
}

export type InvitedTo =
  | { readonly kind: 'team'; readonly id: string; readonly role: TeamRole }
  | { readonly kind: 'connection' | 'data-source'; readonly id: string; readonly role: Access }
