import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Right } from '../../domain/users/role.ts'
import { checkRight, hasRight } from '../../services/access/access.ts'
import type { InstanceView, Sight } from '../../services/instances/dialect-views.ts'
import type { RouteParts } from '../request.ts'
import { CLUSTER_ENGINES } from './engine-words.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The cluster that `{id}` names, once the caller has been found to have the right there. */
    cluster: InstanceView
  }
}

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Clusters are the instances of the project that the caller's token is at home in. */
export function sightOf({ key }: Caller): Sight {
  return { projectId: key.homeProjectId, engines: CLUSTER_ENGINES }
}

/** A hook: the caller has the right in its home project, else 403. Before any look-up, so that ids can't be probed. */
export function hereWith(right: Right) {
  return async ({ caller }: FastifyRequest): Promise<void> => checkHere(caller, right)
}

/** A hook: `{id}` is a cluster there that the caller sees, else 404; and the caller has the right, else 403. Who may not even read learns nothing of ids. */
export function clusterWith({ services }: RouteParts, right: Right) {
  return async (request: FastifyRequest): Promise<void> => {
    const { caller, params } = request
    const { id } = params as { id: string }
    if (!hasRight(caller, caller.key.homeProjectId, 'read')) checkHere(caller, right)
    if (!UUID.test(id)) throw noCluster()
    request.cluster = await services.dialectViews.get(caller, sightOf(caller), id, right)
    checkHere(caller, right)
  }
}

/** A hook, after that: the engine has this kind of thing, as its own description says. */
export function having({ services }: RouteParts, what: 'users' | 'databases') {
  return async ({ cluster: { instance } }: FastifyRequest): Promise<void> => {
    if (!services.engines.get(instance.engine).about.capabilities[what]) throw notOfThisType()
  }
}

function checkHere(caller: Caller, right: Right): void {
  const home = caller.key.homeProjectId
  if (!caller.roles.has(home))
    throw new Fault('forbidden', 'project', "This token's project is not open to its operator")
  checkRight(caller, home, right)
}

export function notOfThisType(): Fault {
  return new Fault('unsupported', 'instance', 'operation is not supported for this cluster type')
}

export function noCluster(): Fault {
  return new Fault('not_found', 'instance', 'cluster not found')
}
