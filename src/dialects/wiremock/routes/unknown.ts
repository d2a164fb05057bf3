import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import type { WiremockHttp } from '../context.ts'

/** As the published API lists them. */
const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

/** Paths that nobody has, and methods that a path hasn't; the key has been looked at before. */
export function unknownRoutes(http: WiremockHttp): void {
  http.setNotFoundHandler(async (request: FastifyRequest, reply: FastifyReply) => {
    const methods = http.methodsAt(request.url.split('?')[0] ?? '')
    if (methods.length === 0) throw new Fault('not_found', 'request', 'Nothing is served at this path')
    const allow = ORDER.filter(method => methods.includes(method) || method === 'OPTIONS')
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow.join(', ')).send()
    throw new Fault('method_not_allowed', 'request', `This path takes ${allow.join(', ')}`, { allow })
  })
}
