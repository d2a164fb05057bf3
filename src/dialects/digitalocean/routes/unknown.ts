import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { notServed } from '../requests/addresses.ts'

/** Paths that nobody has, and methods that a path hasn't; the token has been looked at before. */
export function unknownRoutes(http: DigitalOceanHttp): void {
  http.setNotFoundHandler(async ({ url }: FastifyRequest) => {
    const allow = http.methodsAt(url.split('?')[0] ?? '')
    if (allow.length === 0) throw notServed()
    throw new Fault('method_not_allowed', 'request', `This path takes ${allow.join(', ')}`, { allow })
  })
}
