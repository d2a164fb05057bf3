import type { FastifyRequest } from 'fastify'
import { isFault } from '../../../domain/fault.ts'
import type { Right } from '../../../domain/users/role.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import { checkRight } from '../../../services/access/access.ts'
import type { InstanceView, Sight } from '../../../services/instances/dialect-views.ts'
import { readSignal } from '../../request.ts'
import type { TroveParts } from '../context.ts'
import { DATASTORE_ENGINES, type Datastore, datastoreFor } from '../datastores/datastores.ts'
import { notFound, type Refusal } from '../refusals/refusal.ts'

/** The instance that a path names, and what every question about its server needs. */
export interface Place {
  readonly parts: TroveParts
  readonly request: FastifyRequest
  readonly view: InstanceView
  readonly datastore: Datastore
  /** The instance's id. */
  readonly id: string
  readonly signal: AbortSignal
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The same, with the login that Rolecall itself has there: nobody else's business. */
export interface UserPlace extends Place {
  readonly own: UserKey | undefined
}

export function sightOf({ projectId }: FastifyRequest): Sight {
  return { projectId, engines: DATASTORE_ENGINES }
}

/** By id, or by a name that only one has. Its server is asked nothing before the right is there. */
export async function placeAt(
  parts: TroveParts,
  request: FastifyRequest,
  right: Right,
  segment = named(request),
): Promise<Place> {
  const view = await findInstance(parts, request, segment)
  if (!view) throw noInstance(segment)
  checkRight(request.caller, request.projectId, right)
  return placeOf(parts, request, view)
}

export function placeOf(parts: TroveParts, request: FastifyRequest, view: InstanceView): Place {
  const datastore = datastoreFor(view.instance, parts.wishes)
  request.troveInstance = { id: view.instance.id, datastore: datastore.word }
  return { parts, request, view, datastore, id: view.instance.id, signal: readSignal(request, parts) }
}

/** Of several logins with one name the server took Rolecall for one, and says which. */
export async function userPlaceAt(parts: TroveParts, request: FastifyRequest, right: Right): Promise<UserPlace> {
  return withOwn(await placeAt(parts, request, right))
}

export async function withOwn(place: Place): Promise<UserPlace> {
  const { parts, view, datastore, signal } = place
  const named = view.primary === undefined ? undefined : { name: view.primary }
  if (!datastore.namesakes) return { ...place, own: named }
  return {
    ...place,
    own: await parts.services.links.read(view.instance, signal, async client => client.login ?? named),
  }
}

export async function findInstance(
  { services }: TroveParts,
  request: FastifyRequest,
  segment: string,
): Promise<InstanceView | undefined> {
  const { caller } = request
  if (UUID.test(segment)) return orNone(services.dialectViews.get(caller, sightOf(request), segment))
  const all = await services.dialectViews.list(caller, sightOf(request))
  const [found, another] = all.filter(({ name }) => name === segment)
  return another ? undefined : found
}

export function noInstance(segment: string): Refusal {
  return notFound(`Resource ${segment} cannot be found.`)
}

function named({ params }: FastifyRequest): string {
  return (params as { instanceId: string }).instanceId
}

/** What is not there is no fault here. */
export async function orNone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isFault(error) && error.code === 'not_found') return undefined
    throw error
  }
}
