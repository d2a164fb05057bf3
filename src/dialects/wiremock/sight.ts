import type { FastifyRequest } from 'fastify'
import { wantsView } from './view.ts'
import type { Sight } from './wire/connections.ts'

/** How the caller of a request sees connections. */
export function sightOf(request: FastifyRequest): Sight {
  return { view: wantsView(request), userId: request.caller.operator.id }
}
