import type { FastifyRequest } from 'fastify'
import { isFault } from '../../../domain/fault.ts'
import type { Instance, ServerFacts } from '../../../domain/servers/instance.ts'
import { hasRight } from '../../../services/access/access.ts'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { AtlasParts } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'
import { sightOf } from '../requests/places.ts'

export type ClusterState = 'IDLE' | 'UPDATING' | 'REPAIRING'

/** A MongoDB server as this API shows it. */
export interface Cluster {
  readonly view: InstanceView
  readonly state: ClusterState
  /** What its server said of itself; undefined as long as nobody has reached it. */
  readonly server: ServerFacts | undefined
  /** Whether the caller may know where it is. */
  readonly isAddressOpen: boolean
}

/** Who lists does not wait longer for a server that is silent. */
const PROBE_MS = 3_000

/** Its id here: the first 24 hex digits. */
export const clusterIdOf = ({ id }: Pick<Instance, 'id'>): string => id.replaceAll('-', '').slice(0, 24)

export function clusterViews({ services }: AtlasParts, request: FastifyRequest, projectId: string) {
  return services.dialectViews.list(request.caller, sightOf(projectId))
}

export async function clusterNamed(parts: AtlasParts, request: FastifyRequest, name: string): Promise<InstanceView> {
  const found = (await clusterViews(parts, request, request.projectId)).find(view => view.name === name)
  if (!found) throw refusal('CLUSTER_NOT_FOUND', name, request.projectId)
  return found
}

/** Asks the server only where nobody has yet. */
export async function look(parts: AtlasParts, request: FastifyRequest, view: InstanceView): Promise<Cluster> {
  const { caller } = request
  const { instances, dialectViews } = parts.services
  const { instance } = view
  const [server, { openOperations }] = await Promise.all([
    instance.server ?? dialectViews.server(instance, AbortSignal.timeout(PROBE_MS)).catch(unlessAway),
    instances.get(caller, instance.id),
  ])
  const isWell = server !== undefined && view.contact?.reachable !== false && !instance.changedServer
  const state = isWell ? (openOperations > 0 ? 'UPDATING' : 'IDLE') : 'REPAIRING'
  return { view, state, server, isAddressOpen: hasRight(caller, instance.projectId, 'coordinates') }
}

/** A server that can't be reached, or used, is a cluster all the same. */
function unlessAway(error: unknown): undefined {
  if (!isFault(error) || error.code === 'internal') throw error
}
