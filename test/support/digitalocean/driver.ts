/** The objects as clients hand them out; each leaves out what it has no word for. */
export interface DoUser {
  readonly name: string
  readonly role?: string
  readonly password?: string
  readonly settings?: object
}

export interface DoCluster {
  readonly id: string
  readonly name: string
  readonly engine: string
  readonly version: string
  readonly region: string
  readonly status: string
  readonly created_at: string
  readonly num_nodes: number
  readonly connection: { readonly host: string; readonly port: number; readonly user?: string; readonly uri: string }
}

export interface DoEngineOptions {
  readonly regions: readonly string[]
  readonly versions: readonly string[]
}

export interface Adoption {
  readonly name: string
  readonly engine: string
  readonly version: string
  readonly region: string
  readonly size: string
  readonly num_nodes: number
}

/** One of DigitalOcean's clients, as its users call it: what all of them have calls for. */
export interface Driver extends AsyncDisposable {
  clusters(): Promise<readonly DoCluster[]>
  cluster(id: string): Promise<DoCluster>
  adopt(wish: Adoption): Promise<DoCluster>
  users(cluster: string): Promise<readonly DoUser[]>
  user(cluster: string, name: string): Promise<DoUser>
  addUser(cluster: string, name: string): Promise<DoUser>
  dropUser(cluster: string, name: string): Promise<void>
}

export interface Releases extends Driver {
  release(id: string): Promise<void>
}

export interface KnowsOptions extends Driver {
  options(): Promise<Readonly<Record<string, DoEngineOptions>>>
}

export interface FetchesCertificates extends Driver {
  /** The PEM text. */
  certificate(id: string): Promise<string>
}

export interface ChangesUsers extends Driver {
  changeUser(cluster: string, name: string, settings: object): Promise<DoUser>
}

export interface ResetsUsers extends Driver {
  resetUser(cluster: string, name: string): Promise<DoUser>
}

export interface HasDatabases extends Driver {
  databases(cluster: string): Promise<readonly string[]>
  database(cluster: string, name: string): Promise<string>
  addDatabase(cluster: string, name: string): Promise<string>
  dropDatabase(cluster: string, name: string): Promise<void>
}

/** How a client says that it was refused, in one form for all of them. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number | undefined
  /** The `id` of the error's body, where the client lets it through. */
  readonly id: string | undefined

  constructor(message: string, status?: number, id?: string) {
    super(message)
    this.status = status
    this.id = id
  }
}

export interface ErrorBody {
  readonly id?: string
  readonly message?: string
}

export const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString()
