import type { Caller } from '../../domain/callers/caller.ts'
import { Fault, isFault, isTransient } from '../../domain/fault.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { Tables } from '../../store/store.ts'
import { viewerIn } from '../access/access.ts'
import { byAge } from '../instances/instance-view.ts'
import type { Cluster, ProjectParts, Scope, ScopeNamed, WantedUser } from './project-user.ts'

const AT_ONCE = 500

/** The servers of a project that its users live on, oldest first: all, or those that the operator sees. */
export async function clustersOf(
  { store, links, rules }: ProjectParts,
  projectId: string,
  viewer?: string,
): Promise<readonly Cluster[]> {
  const tables = store.read
  const [all, views] = await Promise.all([
    everyOne(tables, projectId, viewer),
    tables.instances.views(projectId, rules.dialect),
  ])
  const isHere = (instance: Instance) =>
    links.engineOf(instance).about.capabilities.projectUsers === true &&
    !instance.leaving &&
    views.get(instance.id)?.state !== 'released'
  const here = all.filter(isHere).toSorted(byAge)
  return here.map(instance => ({ instance, name: views.get(instance.id)?.alias ?? instance.name }))
}

async function everyOne(tables: Tables, projectId: string, viewer?: string): Promise<readonly Instance[]> {
  const all: Instance[] = []
  for (let page: Page<Instance> | undefined; !page || page.next !== undefined; ) {
    const next: KeyPage = { limit: AT_ONCE, after: page?.next }
    page = await tables.instances.list(projectId, next, viewer)
    all.push(...page.items)
  }
  return all
}

/** All, and those whose rows the caller may see at all. */
export async function clustersFor(parts: ProjectParts, caller: Caller, projectId: string): Promise<Clusters> {
  const viewer = viewerIn(caller, projectId)
  const all = clustersOf(parts, projectId)
  const seen = viewer === undefined ? all : clustersOf(parts, projectId, viewer)
  const [one, other] = await Promise.all([all, seen])
  return { all: one, seen: other }
}

/** Does it live there. */
export function isWithin({ scopes }: Pick<WantedUser, 'scopes'>, { instance }: Cluster): boolean {
  return scopes.length === 0 || scopes.some(({ instanceId }) => instanceId === instance.id)
}

/** Names of servers as ids. One that there is not is refused, or waits until there is one. */
export function scopesFrom(
  { rules }: ProjectParts,
  clusters: readonly Cluster[],
  named: readonly ScopeNamed[],
): readonly Scope[] {
  return named.map(({ type, name }) => {
    if (type !== rules.clusterType) return { type, name }
    const instanceId = clusters.find(cluster => cluster.name === name)?.instance.id
    if (instanceId === undefined && rules.unknownScope === 'error') throw noCluster(name)
    return { type, name, instanceId }
  })
}

/** The names that they have now; those that the caller does not see are left out. */
export function scopesShown(clusters: Clusters, scopes: readonly Scope[]): readonly Scope[] {
  return scopes.flatMap(scope => {
    const isIt = ({ instance }: Cluster) => instance.id === scope.instanceId
    const found = clusters.seen.find(isIt)
    if (found) return [{ ...scope, name: found.name }]
    return clusters.all.some(isIt) ? [] : [scope]
  })
}

/** The servers of a project, and those of them that a caller sees. */
export interface Clusters {
  readonly all: readonly Cluster[]
  readonly seen: readonly Cluster[]
}

function noCluster(name: string): Fault {
  return new Fault('not_found', 'instance', `No server ${name} in this project`, {
    violations: [{ pointer: name, detail: 'there is no server of this name' }],
  })
}

/** Throws (`unseen`, where the caller sees none of them) where something of it would be done on a server that the caller does not see, or that nothing is changed on. */
export function checkClusters({ seen }: Clusters, wanted: readonly Cluster[], unseen?: Fault): void {
  const hidden = wanted.filter(({ instance }) => !seen.some(one => one.instance.id === instance.id))
  if (unseen && hidden.length > 0 && hidden.length === wanted.length) throw unseen
  if (hidden.length > 0)
    throw new Fault('forbidden', 'instance', 'It lives on servers of the project that you do not see')
  const observed = wanted.find(({ instance }) => instance.mode === 'observe')
  if (observed)
    throw new Fault(
      'read_only',
      'instance',
      `${observed.name} is in observe mode: everything is listed, nothing is changed`,
    )
}

/** A fault that knows servers by their ids, in words that name each and say why. */
export function naming(clusters: readonly Cluster[], isNamed: (fault: Fault) => boolean = isTransient) {
  return (error: unknown): never => {
    const failed = isFault(error) ? error.details.failed : undefined
    if (!isFault(error) || !failed || !isNamed(error)) throw error
    const nameOf = (id: string) => clusters.find(({ instance }) => instance.id === id)?.name ?? 'a server'
    const words = [...failed].map(([id, { message }]) => `${nameOf(id)}: ${message}`).join('; ')
    throw new Fault(error.code, error.subject, words, { ...error.details, instances: [...failed.keys()].map(nameOf) })
  }
}
