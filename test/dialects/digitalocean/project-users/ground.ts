import type { AppWish, Asking } from '../../../support/app.ts'
import { adminOf, type Cluster, type Ground, logsIn, twoClusters } from '../../atlas/users/ground.ts'
import { type DigitalOcean, digitalOceanOf } from '../digitalocean.ts'

/** A project with two MongoDB servers, as both APIs see it: as two clusters with users of their own, and as one project with users. */
export interface BothSides extends Ground {
  readonly ocean: DigitalOcean
  /** Below the users of one of the clusters. */
  on(cluster: Cluster, method: string, below?: string, asking?: Asking): ReturnType<DigitalOcean['ask']>
  add(cluster: Cluster, name: string, more?: object): ReturnType<DigitalOcean['ask']>
  reset(cluster: Cluster, name: string): ReturnType<DigitalOcean['ask']>
  put(cluster: Cluster, name: string, role: string, ...databases: readonly string[]): ReturnType<DigitalOcean['ask']>
  drop(cluster: Cluster, name: string): ReturnType<DigitalOcean['ask']>
  /** What Rolecall keeps of the user. */
  record(name: string): ReturnType<Ground['atlas']['running']['app']['store']['read']['projectRecords']['find']>
  /** Where it logs in with that password. */
  opens(name: string, password: string, clusters?: readonly Cluster[]): Promise<readonly string[]>
  newest(): ReturnType<() => Promise<Newest>>
}

type Operations = Ground['atlas']['running']['app']['store']['read']['operations']
type Newest = Awaited<ReturnType<Operations['list']>>['items'][number]

/** Where no server is away, none is waited for: a busy machine may take its time. */
export const PATIENT = { '--timeouts-statement-ms': '6000', '--atlas-cluster-ms': '12000' } as const

export async function bothSides(wish?: AppWish): Promise<BothSides> {
  const ground = await twoClusters(wish)
  const { running } = ground.atlas
  const ocean = await digitalOceanOf(running)
  const on: BothSides['on'] = (cluster, method, below = '', asking = {}) =>
    ocean.ask(method, `/v2/databases/${cluster.instance}/users${below}`, asking)
  const { store } = running.app
  return {
    ...ground,
    ocean,
    on,
    add: (cluster, name, more = {}) => on(cluster, 'POST', '', { body: { name, ...more } }),
    reset: (cluster, name) => on(cluster, 'POST', `/${name}/reset_auth`, { body: {} }),
    put: (cluster, name, role, ...databases) =>
      on(cluster, 'PUT', `/${name}`, { body: { settings: { mongo_user_settings: { role, databases } } } }),
    drop: (cluster, name) => on(cluster, 'DELETE', `/${name}`),
    record: name => store.read.projectRecords.find(running.project, 'user', JSON.stringify([name, '', 'admin'])),
    opens: async (name, password, clusters = [ground.east, ground.west]) => {
      const tried = await Promise.all(clusters.map(cluster => logsIn(cluster, name, password)))
      return clusters.filter((_, at) => tried[at]).map(cluster => cluster.name)
    },
    newest: async () => (await store.read.operations.list({ projectId: running.project }, { limit: 1 })).items[0]!,
  }
}

/** The roles of a login of `admin`, as its server has them. */
export async function rolesAt(cluster: Cluster, name: string): Promise<readonly string[] | undefined> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  const roles = users[0]?.roles as { role: string; db: string }[] | undefined
  return roles
    ?.map(({ role, db }) => `${db}.${role}`)
    .filter(role => !role.startsWith('admin.rolecall.'))
    .sort()
}

/** Past Rolecall. */
export async function madeOutside(cluster: Cluster, name: string, roles: readonly object[] = []): Promise<void> {
  await using admin = await adminOf(cluster)
  await admin.db('admin').command({ createUser: name, pwd: 'of somebody else 1', roles })
}
