import type { FastifyRequest } from 'fastify'
import type { AtlasParts } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'

/** Where clients reach this server: as configured, else as this request's proxy or `Host` says. Never ends in a slash. */
export function baseOf(request: FastifyRequest, { publicUrl }: Pick<AtlasParts, 'publicUrl'>): string {
  return (publicUrl ?? `${request.protocol}://${request.host}`).replace(/\/+$/, '')
}

/** The request's target as it came in; of the absolute form what the origin form would be. */
export function targetOf({ originalUrl }: FastifyRequest): string {
  return originalUrl.replace(/^https?:\/\/[^/?]*/i, '') || '/'
}

/** The path as the caller spelled it, but for slashes that a base with one at its end put before it. */
export function pathOf(request: FastifyRequest): string {
  return targetOf(request).split('?')[0]!.replace(/^\/+/, '/')
}

/** The absolute address of something below the generation that the caller uses: `hrefOf(request, parts, '/groups/' + id)`. */
export function hrefOf(request: FastifyRequest, parts: AtlasParts, path: string): string {
  return `${baseOf(request, parts)}/api/atlas/${request.server.generation}${path}`
}

/** The only link of most things. */
export function selfLink(request: FastifyRequest, parts: AtlasParts, path: string) {
  return { href: hrefOf(request, parts, path), rel: 'self' }
}

/** A name as a segment of a path: as `encodeURIComponent`, but what RFC 3986 lets stand in a segment stands. */
export function segmentOf(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, one => decodeURIComponent(one))
}

/**
 * A hook: an empty or a dot segment leads nowhere. Go clients resolve dot segments, so that a user named `..` ends as
 * `DELETE /groups/ID/databaseUsers/`, which must never be taken for the list. The root alone may end in a slash.
 */
export async function checkAddress(request: FastifyRequest): Promise<void> {
  if (/^\/api\/atlas\/v[\d.]+\/$/.test(pathOf(request))) return
  const segments = pathOf(request).split('/').slice(1)
  if (segments.some(segment => ['', '.', '..'].includes(segment) || /^%2e(%2e)?$/i.test(segment)))
    throw refusal('RESOURCE_NOT_FOUND', pathOf(request))
}

/** A hook: each segment of the path decoded exactly once, in place of what the router made of it. */
export async function readPath(request: FastifyRequest): Promise<void> {
  if (request.is404) return
  const given = pathOf(request).split('/')
  const names = (request.routeOptions.url ?? '').split('/').map(part => (part.startsWith(':') ? part.slice(1) : ''))
  const params = names.flatMap((name, at) => (name === '' ? [] : [[name, decoded(name, given[at] ?? '')]]))
  request.params = Object.fromEntries(params)
}

function decoded(name: string, segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw refusal('INVALID_PATH_PARAMETER', name)
  }
}
