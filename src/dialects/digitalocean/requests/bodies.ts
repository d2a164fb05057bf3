import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import type { DigitalOceanHttp } from '../context.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Its body as it came. */
    bytes?: Buffer
  }
}

/** Bodies are read as they come, whatever their type says: clients send a JSON type with nothing behind it. */
export function readBodiesRaw(api: DigitalOceanHttp): void {
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** A hook: from bytes to one JSON object, where the route takes one. Nothing at all means `{}`, and `null` means absent. */
export async function parseBody(request: FastifyRequest): Promise<void> {
  if (!request.routeOptions.schema?.body) return
  const bytes = request.body as Buffer | undefined
  request.bytes = bytes
  request.body = bytes?.length ? withoutNulls(parse(bytes), DEEPEST) : {}
}

function parse(bytes: Buffer): object {
  const value = parsed(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Fault('malformed', 'request', 'The body must be one JSON object')
}

/** The parser's own message quotes the text, and there may be secrets in it. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Fault('malformed', 'request', 'The body is not valid JSON')
  }
}

/** No body of this API is deeper; what lies below is of no known field, and stays as it is. */
const DEEPEST = 8

function withoutNulls(value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => withoutNulls(item, depth - 1))
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member, depth - 1)]))
}
