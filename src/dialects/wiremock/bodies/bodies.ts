import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import type { WiremockHttp } from '../context.ts'
import { Refused } from '../problems.ts'
import { placeOfMistake } from './json-place.ts'

/** A hook, last before the body is read: what isn't JSON is refused unread. No body at all has no type to be wrong. */
export async function checkMediaType(request: FastifyRequest): Promise<void> {
  const type = request.headers['content-type']
  if (type === undefined && !hasBody(request)) return
  if (/^application\/json\s*(;|$)/i.test(type ?? '')) return
  throw new Fault('unsupported_media_type', 'request', 'Send application/json')
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Bodies are read as they come: routes without one leave it alone, the others parse it themselves. */
export function readBodiesRaw(api: WiremockHttp): void {
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** A hook: from bytes to what JSON says. The last of two members with one name counts; `__proto__` is a name like any other. */
export async function parseBody(request: FastifyRequest): Promise<void> {
  const rules = request.routeOptions.config.body
  if (!rules) return
  const bytes = request.body as Buffer | undefined
  request.body = rules.mayBeEmpty && !bytes?.length ? {} : parse(bytes ?? Buffer.alloc(0))
}

function parse(bytes: Buffer): unknown {
  const text = decode(bytes)
  try {
    return JSON.parse(text)
  } catch {
    const { line, column } = placeOfMistake(text)
    throw unreadable(`json document does not parse at line ${line} column ${column}`)
  }
}

/** A byte order mark is left out by the decoder. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable('json document is not UTF-8, at line 1 column 1')
  }
}

function unreadable(detail: string): Refused {
  return new Refused(400, [{ title: 'Invalid JSON', detail, source: {} }])
}
