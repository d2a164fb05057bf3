/** A client network that a project's access list names. Kept and told; it keeps nobody away from a database server. */
export interface AccessListEntry {
  readonly projectId: string
  /** CIDR. */
  readonly network: string
  readonly comment?: string
  readonly createdAt: number
  /** Gone from then on. */
  readonly deleteAt?: number
}
