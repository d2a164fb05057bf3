/** Who calls Rolecall: a person or a program. */
export interface Operator {
  /** 5 to 10 lower-case letters and digits: WireMock's `userId`. */
  readonly id: string
  readonly username: string
  readonly email?: string
  readonly name?: string
  readonly issuer?: string
  readonly subject?: string
  /** The installation's first operator may also make projects. */
  readonly first: boolean
  readonly homeProjectId?: string
  readonly disabledAt?: number
  readonly createdAt: number
}
