/** A credential that an identity endpoint issued for an API key: good for one project, and for a while. The token itself is never stored. */
export interface Token {
  readonly id: string
  readonly keyId: string
  readonly projectId: string
  /** How its caller proved who it is: `password`, `token`, `application_credential`. */
  readonly methods: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
}
