/** What whoever runs this wants of the dialect: the settings below `trove`. */
export interface TroveWishes extends NameWishes {
  /** Public half of the key that stands for callers whose token is the word `notused`. */
  readonly anonymous?: string
  /** A user name and a password do as well as a token. */
  readonly httpBasic: boolean
  /** Root may be enabled and disabled. */
  readonly root: boolean
  /** Links are also called `users_links`, for everybody. */
  readonly collectionLinks: boolean
  readonly reservedUsers: readonly string[]
  readonly reservedDatabases: readonly string[]
  /** How many things a page has at most. */
  readonly page: { readonly users: number; readonly databases: number; readonly instances: number }
  readonly rate: RateWishes
}

/** What names on the MySQL family may be. */
export interface NameWishes {
  /** 0: as long as the server takes. */
  readonly nameLimit: number
  readonly anyPassword: boolean
  readonly hosts: readonly HostKind[]
}

/** Hosts beyond those that the published API takes. */
export type HostKind = 'netmask' | 'ipv6' | 'names'

/** Requests a minute, key and method; 0: as many as one likes. */
export interface RateWishes {
  readonly reads: number
  readonly userWrites: number
  readonly writes: number
  readonly actions: number
}
