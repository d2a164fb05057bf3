/** The objects as clients hand them out; each leaves out what it has no word for. */
export interface TroveUser {
  readonly name: string
  readonly host?: string
  readonly databases?: readonly { readonly name: string }[]
  readonly password?: string
}

export interface TroveInstance {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly hostname: string
  readonly flavor: { readonly id: string }
  readonly volume: { readonly size: number }
}

export interface NewUser {
  readonly name: string
  readonly password: string
  readonly databases: readonly string[]
}

/** One of the clients of this API, as its users call it: what all of them have calls for. */
export interface Driver extends AsyncDisposable {
  /** False: users come without their host. */
  readonly showsHosts: boolean
  /** All of them, by the client's own way from page to page; `limit` is the size of a page. */
  instances(limit?: number): Promise<readonly TroveInstance[]>
  instance(id: string): Promise<TroveInstance>
  /** Takes over a server that was let go; answers what it is. */
  adopt(name: string): Promise<TroveInstance>
  release(id: string): Promise<void>
  restart(id: string): Promise<void>
  resizeVolume(id: string, size: number): Promise<void>
  flavors(): Promise<readonly { readonly id: unknown; readonly name: string }[]>
  users(instance: string, limit?: number): Promise<readonly TroveUser[]>
  createUsers(instance: string, users: readonly NewUser[]): Promise<void>
  dropUser(instance: string, name: string): Promise<void>
  databases(instance: string, limit?: number): Promise<readonly string[]>
  createDatabase(instance: string, name: string, characterSet?: string, collate?: string): Promise<void>
  dropDatabase(instance: string, name: string): Promise<void>
  rootEnabled(instance: string): Promise<boolean>
  enableRoot(instance: string): Promise<TroveUser>
}

/** Which user: where the host is left out, the client says none. */
export interface Whom {
  readonly name: string
  readonly host?: string
}

/** What a client can do that has words for everything. */
export interface WholeDriver extends Driver {
  createUser(instance: string, user: NewUser & Whom): Promise<void>
  user(instance: string, whom: Whom): Promise<TroveUser>
  changeUser(instance: string, whom: Whom, change: Partial<Whom & { password: string }>): Promise<void>
  dropWhom(instance: string, whom: Whom): Promise<void>
  access(instance: string, whom: Whom): Promise<readonly string[]>
  grant(instance: string, whom: Whom, databases: readonly string[]): Promise<void>
  revoke(instance: string, whom: Whom, database: string): Promise<void>
  disableRoot(instance: string): Promise<void>
  rename(instance: string, name: string): Promise<void>
}

/** How a client says that it was refused, in one form for all of them. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/** More pages than any test has: whoever turns so many runs in a circle. */
export const MOST_PAGES = 600
