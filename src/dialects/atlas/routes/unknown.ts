import type { FastifyRequest } from 'fastify'
import type { AtlasHttp } from '../context.ts'
import { Refusal, refusal } from '../refusals/refusal.ts'
import { pathOf } from '../requests/addresses.ts'

/** Paths that nobody has, and methods that a path hasn't; credentials have been looked at before. */
export function unknownRoutes(http: AtlasHttp): void {
  http.setNotFoundHandler(async (request: FastifyRequest) => {
    const path = pathOf(request)
    const allow = http.methodsAt(path)
    if (allow.length > 0)
      throw new Refusal('METHOD_NOT_ALLOWED', [request.method], { headers: { allow: allow.join(', ') } })
    throw refusal('RESOURCE_NOT_FOUND', path)
  })
}
