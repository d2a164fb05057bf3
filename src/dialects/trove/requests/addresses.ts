import type { FastifyRequest } from 'fastify'

/** What addresses in answers depend on, beside the request. */
interface Published {
  /** Where clients reach this server, if that differs from what they ask. */
  readonly publicUrl?: string
}

/** Where clients reach this server: as configured, else as this request's proxy or `Host` says. Never ends in a slash. */
export function baseOf(request: FastifyRequest, { publicUrl }: Published): string {
  return (publicUrl ?? `${request.protocol}://${request.host}`).replace(/\/+$/, '')
}

/** The path as the caller spelled it. */
export function pathOf(request: FastifyRequest): string {
  return request.originalUrl.split('?')[0]!
}

/** The project in the words of the caller: what links repeat. */
export function tenantIn(request: FastifyRequest): string {
  return pathOf(request).split('/')[2] ?? ''
}

export function linksOf(request: FastifyRequest, published: Published, kind: string, id: string) {
  const base = baseOf(request, published)
  return [
    { href: `${base}/v1.0/${tenantIn(request)}/${kind}/${id}`, rel: 'self' },
    { href: `${base}/${kind}/${id}`, rel: 'bookmark' },
  ]
}
