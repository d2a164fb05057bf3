/** Operators of a project to whom things are shared together. */
export interface Team {
  /** 5 to 10 lower-case letters and digits. */
  readonly id: string
  readonly projectId: string
  /** Unique in its project after trimming and NFC. */
  readonly name: string
  readonly createdAt: number
}

export const TEAM_ROLES = ['member', 'admin'] as const
export type TeamRole = (typeof TEAM_ROLES)[number]

export interface TeamMember {
  readonly teamId: string
  readonly operatorId: string
  readonly role: TeamRole
  readonly since: number
}
