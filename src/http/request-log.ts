import { finished } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Metrics } from './metrics/metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Set by each dialect in its own scope (`scope.decorate('dialect', 'native')`); metrics and log lines tell it. */
    readonly dialect?: string
  }
  interface FastifyContextConfig {
    /** The path itself is a credential (Keystone's `/tokens/{token}`): log lines show the route instead. */
    readonly secretPath?: boolean
  }
}

/** One line and one measurement a request, when its last byte is out or its caller is gone. Never a body, a query or a header. */
export function followRequest(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): void {
  request.answer = reply.raw
  reply.header('x-request-id', request.id)
  const began = performance.now()
  finished(reply.raw, () => note(metrics, request, reply, performance.now() - began))
}

function note(metrics: Metrics, request: FastifyRequest, reply: FastifyReply, ms: number): void {
  const { dialect = 'none' } = request.server
  const { method, ip: address } = request
  const route = request.routeOptions.url ?? 'none'
  const hungUp = !reply.raw.writableFinished
  // 499 as proxies have it: nobody was there any more to get a status.
  const status = hungUp && !reply.raw.headersSent ? 499 : reply.raw.statusCode
  metrics.observe({ dialect, method, route, status: String(status) }, ms / 1000)
  const line = { dialect, method, path: pathOf(request), status, ms: Math.round(ms * 10) / 10, address }
  request.log.info(hungUp ? { ...line, hungUp } : line, 'request')
}

function pathOf(request: FastifyRequest): string {
  const { url: route, config } = request.routeOptions
  if (config.secretPath && route) return route
  return request.raw.url?.split('?')[0] ?? ''
}
