/** A role that people define on a server: what it lets its holders do, and where. */
export interface RoleDefinition {
  readonly name: string
  readonly privileges: readonly Privilege[]
  /** Roles that it hands on, as `DATABASE.ROLE`. */
  readonly roles: readonly string[]
}

export interface Privilege {
  readonly resource: { readonly cluster: true } | { readonly db: string; readonly collection: string }
  readonly actions: readonly string[]
}
