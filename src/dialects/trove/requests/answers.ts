import type { FastifyReply, FastifyRequest } from 'fastify'
import { writeJson } from '../formats/json.ts'
import { elementFrom } from '../formats/xml/from-body.ts'
import { writeXml } from '../formats/xml/write.ts'
import { Refusal } from '../refusals/refusal.ts'
import { type Format, formatOf, MEDIA_TYPES, wantedBy } from './negotiation.ts'

type Body = Readonly<Record<string, unknown>>

/** A hook, the first: whatever is answered, it is in the format that the path or the caller asks for. */
export async function negotiate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  request.format = suffixIn(request.routeOptions.url ?? '') ?? wantedBy(request.headers.accept).format
  // Looked at when the answer is written: the last part of a path may turn out to name a format, too.
  reply.serializer((body: Body) => (request.format === 'xml' ? writeXml(elementFrom(body)) : writeJson(body)))
  reply.type(MEDIA_TYPES[request.format])
}

/** A hook: there is one version. */
export async function checkVersion({ headers }: FastifyRequest): Promise<void> {
  const { version = '1.0' } = wantedBy(headers.accept)
  if (version !== '1.0') throw new Refusal(406, 'notAcceptable', 'version not supported')
}

/** A hook: the type without a charset, and for answers without a body their length too. */
export async function finishHeaders(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  reply.header('content-type', MEDIA_TYPES[request.format])
  if (payload === undefined || payload === null || payload === '') reply.header('content-length', '0')
  return payload
}

/** What a path ends in to name its format. */
export function suffixIn(path: string): Format | undefined {
  const [, suffix] = /\.(json|xml)$/.exec(path) ?? []
  return suffix as Format | undefined
}

/** The format of a request's body; undefined: none that is known. */
export function bodyFormatOf({ headers }: FastifyRequest): Format | undefined {
  const type = headers['content-type']
  return type === undefined || type.includes('*') ? undefined : formatOf(type)
}
