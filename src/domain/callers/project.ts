import type { Policy } from '../servers/policy.ts'
import type { Role } from '../users/role.ts'

/** The unit of ownership: Atlas group, Trove account, WireMock organisation, DigitalOcean team. */
export interface Project {
  /** 24 lower-case hex digits. */
  readonly id: string
  readonly name: string
  /** Stands for the id in Trove paths; unique in the installation. */
  readonly alias?: string
  readonly policy: Policy
  readonly createdAt: number
  /** Counts changes; its ETag. */
  readonly version: number
}

export interface Member {
  readonly projectId: string
  readonly operatorId: string
  readonly username: string
  readonly role: Role
  readonly since: number
}
