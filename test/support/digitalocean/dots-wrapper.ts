import { createRequire } from 'node:module'
import { join } from 'node:path'
import { npmPackages } from '../clients/npm.ts'
import {
  type Adoption,
  type DoCluster,
  type DoEngineOptions,
  type DoUser,
  type ErrorBody,
  type HasDatabases,
  type KnowsOptions,
  Refusal,
  type Releases,
} from './driver.ts'

/** The part of dots-wrapper that tests call. */
interface DotsDatabases {
  listDatabaseClusters(request: object): Answer<{ databases: DoCluster[] }>
  getDatabaseCluster(request: ClusterRequest): Answer<{ database: DoCluster }>
  createDatabaseCluster(request: Adoption): Answer<{ database: DoCluster }>
  destroyDatabaseCluster(request: ClusterRequest): Answer<unknown>
  listDatabaseOptions(): Answer<{ options: Record<string, DoEngineOptions> }>
  listDatabaseClusterUsers(request: ClusterRequest): Answer<{ users: DoUser[] }>
  getDatabaseClusterUser(request: UserRequest): Answer<{ user: DoUser }>
  createDatabaseClusterUser(request: UserRequest & { settings?: object }): Answer<{ user: DoUser }>
  removeDatabaseClusterUser(request: UserRequest): Answer<unknown>
  listDatabaseClusterDbs(request: ClusterRequest): Answer<{ dbs: { name: string }[] }>
  getDatabaseClusterDb(request: DbRequest): Answer<{ db: { name: string } }>
  createDatabaseClusterDb(request: DbRequest): Answer<{ db: { name: string } }>
  deleteDatabaseClusterDb(request: DbRequest): Answer<unknown>
  listConnectionPools(request: ClusterRequest): Answer<object>
  listDatabaseClusterFirewallRules(request: ClusterRequest): Answer<object>
  listDatabaseClusterBackups(request: ClusterRequest): Answer<object>
  listReadOnlyReplicas(request: ClusterRequest): Answer<object>
  configureDatabaseClusterMaintenanceWindow(
    request: ClusterRequest & { readonly day: string; readonly hour: string },
  ): Answer<unknown>
  resizeDatabaseCluster(
    request: ClusterRequest & { readonly num_nodes: number; readonly size: string },
  ): Answer<unknown>
}

type Answer<T> = Promise<{ readonly status: number; readonly data: T }>
type ClusterRequest = { readonly database_cluster_id: string }
type UserRequest = ClusterRequest & { readonly user_name: string }
type DbRequest = ClusterRequest & { readonly db_name: string }

interface DotsWrapper {
  createApiClient(options: { endpoint: string; token: string }): { readonly database: DotsDatabases }
}

export interface Dots extends Releases, KnowsOptions, HasDatabases {
  readonly calls: DotsDatabases
}

/** dots-wrapper: axios below, no retries, 15 s. It wants the `/v2` in its endpoint. */
export async function dotsWrapper(origin: string, token: string): Promise<Dots> {
  const packages = createRequire(join(npmPackages('digitalocean'), 'package.json'))
  const { createApiClient } = packages('dots-wrapper') as DotsWrapper
  const calls = createApiClient({ endpoint: `${origin}/v2`, token }).database
  const of = (cluster: string) => ({ database_cluster_id: cluster })
  const user = (cluster: string, name: string) => ({ ...of(cluster), user_name: name })
  const db = (cluster: string, name: string) => ({ ...of(cluster), db_name: name })
  return {
    calls,
    clusters: async () => (await asked(calls.listDatabaseClusters({}))).databases,
    cluster: async id => (await asked(calls.getDatabaseCluster(of(id)))).database,
    adopt: async wish => (await asked(calls.createDatabaseCluster(wish))).database,
    release: async id => void (await asked(calls.destroyDatabaseCluster(of(id)))),
    options: async () => (await asked(calls.listDatabaseOptions())).options,
    users: async cluster => (await asked(calls.listDatabaseClusterUsers(of(cluster)))).users,
    user: async (cluster, name) => (await asked(calls.getDatabaseClusterUser(user(cluster, name)))).user,
    addUser: async (cluster, name) => (await asked(calls.createDatabaseClusterUser(user(cluster, name)))).user,
    dropUser: async (cluster, name) => void (await asked(calls.removeDatabaseClusterUser(user(cluster, name)))),
    databases: async cluster => (await asked(calls.listDatabaseClusterDbs(of(cluster)))).dbs.map(({ name }) => name),
    database: async (cluster, name) => (await asked(calls.getDatabaseClusterDb(db(cluster, name)))).db.name,
    addDatabase: async (cluster, name) => (await asked(calls.createDatabaseClusterDb(db(cluster, name)))).db.name,
    dropDatabase: async (cluster, name) => void (await asked(calls.deleteDatabaseClusterDb(db(cluster, name)))),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function asked<T>(call: Answer<T>): Promise<T> {
  try {
    return (await call).data
  } catch (error) {
    const { response, message } = error as AxiosError
    if (!response) throw new Refusal(message)
    throw new Refusal(response.data.message ?? message, response.status, response.data.id)
  }
}

interface AxiosError extends Error {
  readonly response?: { readonly status: number; readonly data: ErrorBody }
}
