import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'

/**
 * A hook. Go clients and axios resolve dot segments, so that a user named `..` ends as `DELETE /v2/databases/ID/`: an address with an
 * empty or a dot segment leads nowhere here, and is never tidied up. Nor is one whose escapes nobody can decode.
 */
export async function checkAddress({ originalUrl, is404 }: FastifyRequest): Promise<void> {
  const [path = '', ...query] = originalUrl.split('?')
  const segments = path.split('/').slice(1)
  if (path.includes('#') || !isDecodable(path) || segments.some(leadsNowhere)) throw notServed()
  if (!is404 && !isDecodable(query.join('?')))
    throw new Fault('malformed', 'request', 'The query has an escape that can not be decoded')
}

export function notServed(): Fault {
  return new Fault('not_found', 'request', 'not found')
}

function leadsNowhere(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..'
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
