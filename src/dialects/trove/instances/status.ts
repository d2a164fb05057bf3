import type { FastifyRequest } from 'fastify'
import { isFault } from '../../../domain/fault.ts'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { TroveParts } from '../context.ts'
import { orNone, sightOf } from './place.ts'

export type Status = 'ACTIVE' | 'BUILD' | 'SHUTDOWN' | 'ERROR'

/** An instance, and how its server does. */
export interface Seen {
  readonly view: InstanceView
  readonly status: Status
  /** Why it is not well. */
  readonly fault?: string
}

/** Who lists does not wait longer for a server that is silent. */
const PROBE_MS = 3_000

/** From what is known; a server that nobody has reached yet is `BUILD`. */
function statusOf({ instance, contact }: InstanceView): Status {
  if (instance.changedServer) return 'ERROR'
  if (!contact) return 'BUILD'
  return contact.reachable ? 'ACTIVE' : 'SHUTDOWN'
}

/** Asks the server where nobody has yet, so that clients which wait for `ACTIVE` get there. */
export async function look(parts: TroveParts, request: FastifyRequest, view: InstanceView): Promise<Seen> {
  const status = statusOf(view)
  return status === 'BUILD' ? probe(parts, request, view) : { view, status }
}

/** Asks the server now. */
export async function probe(parts: TroveParts, request: FastifyRequest, view: InstanceView): Promise<Seen> {
  const { caller } = request
  const { instances, dialectViews } = parts.services
  const fault = await reasonAgainst(instances.check(caller, view.instance.id, AbortSignal.timeout(PROBE_MS)))
  const now = (await orNone(dialectViews.get(caller, sightOf(request), view.instance.id))) ?? view
  const status = statusOf(now)
  // It was tried, and not even that could be noted.
  return { view: now, status: status === 'BUILD' && fault ? 'ERROR' : status, fault }
}

async function reasonAgainst(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked
    return undefined
  } catch (error) {
    if (isFault(error) && error.code !== 'internal') return error.code
    throw error
  }
}
