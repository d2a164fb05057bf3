import type { FastifyRequest } from 'fastify'

/** Callers ask for what the published API does not have: with a parameter, which links carry on, or with a header. */
export function wantsView(request: FastifyRequest): boolean {
  const header = request.headers['rolecall-view']
  return asksForView(request) || (typeof header === 'string' && header.toLowerCase() === 'full')
}

export function asksForView(request: FastifyRequest): boolean {
  return (request.query as { view?: unknown }).view === 'rolecall'
}
