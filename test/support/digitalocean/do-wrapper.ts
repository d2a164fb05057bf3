import { createRequire } from 'node:module'
import { join } from 'node:path'
import { npmPackages } from '../clients/npm.ts'
import { type Adoption, type DoCluster, type DoUser, type Driver, type ErrorBody, Refusal } from './driver.ts'

/** The part of do-wrapper that tests call. */
interface DoDatabases {
  /** Where it asks: the one way to tell it another address. */
  readonly requestHelper: { apiUrl: string }
  getAllClusters(tag?: string, includeAll?: boolean): Promise<{ databases: DoCluster[] } | DoCluster[]>
  getClusterById(id: string): Promise<{ database: DoCluster }>
  createCluster(wish: Adoption): Promise<{ database: DoCluster }>
  getAllUsers(id: string): Promise<{ users: DoUser[] }>
  getUser(id: string, name: string): Promise<{ user: DoUser }>
  createUser(id: string, name: string): Promise<{ user: DoUser }>
  deleteUser(id: string, name: string): Promise<null>
  getAllPools(id: string): Promise<{ pools: object[] }>
}

interface DoWrapper {
  readonly default: new (token: string) => { readonly databases: DoDatabases }
}

export interface Wrapper extends Driver {
  readonly calls: DoDatabases
}

/** do-wrapper: got below, no retries. It encodes what it puts into a path. */
export async function doWrapper(origin: string, token: string): Promise<Wrapper> {
  const packages = createRequire(join(npmPackages('digitalocean'), 'package.json'))
  const { default: DigitalOcean } = packages('do-wrapper') as DoWrapper
  const { databases: calls } = new DigitalOcean(token)
  calls.requestHelper.apiUrl = `${origin}/v2/`
  return {
    calls,
    // Its way to "all of them" adds page to page until there are as many as `meta.total` says.
    clusters: async () => (await asked(calls.getAllClusters(undefined, true))) as DoCluster[],
    cluster: async id => (await asked(calls.getClusterById(id))).database,
    adopt: async wish => (await asked(calls.createCluster(wish))).database,
    users: async cluster => (await asked(calls.getAllUsers(cluster))).users,
    user: async (cluster, name) => (await asked(calls.getUser(cluster, name))).user,
    addUser: async (cluster, name) => (await asked(calls.createUser(cluster, name))).user,
    dropUser: async (cluster, name) => void (await asked(calls.deleteUser(cluster, name))),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function asked<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    const { response, message } = error as Error & { readonly response?: { statusCode: number; body: string } }
    if (!response) throw new Refusal(message)
    const body = JSON.parse(response.body) as ErrorBody
    throw new Refusal(body.message ?? message, response.statusCode, body.id)
  }
}
