import type { FastifyRequest } from 'fastify'
import type { AtlasHttp } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'

/** As published: larger than other dialects'. */
const MOST_BYTES = 1_048_576

/** Bodies are read as JSON whatever they are called: the documented curl command sends a form's type. */
export function readBodiesRaw(api: AtlasHttp): void {
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  )
}

/** A hook: a type that nobody can read is no reason to refuse a body. */
export async function ignoreContentType({ raw }: FastifyRequest): Promise<void> {
  if (raw.headers['content-type'] !== undefined) raw.headers['content-type'] = 'application/json'
}

/** A hook: from bytes to what they say, where the route takes a body at all. Clients echo what was read, so that is dropped. */
export async function parseBody(request: FastifyRequest): Promise<void> {
  const bytes = request.body as Buffer | undefined
  if (request.routeOptions.schema?.body === undefined) {
    request.body = undefined
    return
  }
  if (bytes === undefined || bytes.length === 0) throw refusal('INVALID_JSON')
  request.body = withoutEchoes(request, parseJson(bytes))
}

/** The parser's own message quotes the text, and with it passwords. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw refusal('MALFORMED_JSON')
  }
}

/** `links` says nothing, and `groupId` what the path says: else it is refused once the rest was found to be in order. */
function withoutEchoes(request: FastifyRequest, body: unknown): unknown {
  if (!isObject(body)) return body
  const { links: _, groupId, ...rest } = body
  const { groupId: own } = request.params as { groupId?: string }
  if (own === undefined) return groupId === undefined ? rest : { ...rest, groupId }
  if (groupId !== undefined && groupId !== null && typeof groupId !== 'string')
    throw refusal('INVALID_JSON_ATTRIBUTE', 'groupId')
  request.echoedGroupId = groupId || own
  return rest
}

/** An array is none: what is taken from it would be an object without fields. */
function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
}

/** A hook, once the fields are in order. */
export async function checkEcho({ echoedGroupId, params }: FastifyRequest): Promise<void> {
  const { groupId } = params as { groupId?: string }
  if (echoedGroupId !== undefined && echoedGroupId !== groupId) throw refusal('GROUP_MISMATCH')
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The project that the body says it is of. */
    echoedGroupId?: string
  }
}

/**
 * A hook for a route whose clients send null or "" where they mean nothing: `preValidation: absent({ null: ['roles'], blank: ['username'] })`.
 * Fields that are named as blank are absent as null, too.
 */
export function absent(fields: { readonly null?: readonly string[]; readonly blank?: readonly string[] }) {
  const { null: nulls = [], blank = [] } = fields
  return async (request: FastifyRequest): Promise<void> => {
    if (!isObject(request.body)) return
    const isAbsent = ([name, value]: readonly [string, unknown]) =>
      (value === null && (nulls.includes(name) || blank.includes(name))) || (value === '' && blank.includes(name))
    request.body = Object.fromEntries(Object.entries(request.body).filter(entry => !isAbsent(entry)))
  }
}
