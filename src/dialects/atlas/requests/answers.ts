import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AtlasParts, generationOf } from '../context.ts'
import { writeCompact, writePretty } from './json.ts'
import { styleOf } from './query.ts'

const HARDENING = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
}

/** 40 hex digits for clients that parse them; they stand for the release. */
export const buildOf = (version: string): string => createHash('sha1').update(`rolecall ${version}`).digest('hex')

/** A hook, the first: headers that every answer has, and how its body is written. */
export function beginAnswers(parts: AtlasParts) {
  const service = `gitHash=${buildOf(parts.version)}; versionString=v${parts.version}`
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    request.style = styleOf(request)
    reply.headers({ ...HARDENING, 'x-mongodb-service-version': service, 'cache-control': 'no-store' })
    if (request.protocol === 'https') reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains')
    reply.type('application/json').serializer((body: unknown) => written(parts, request, reply, body))
  }
}

function written(parts: AtlasParts, request: FastifyRequest, reply: FastifyReply, body: unknown): string {
  const { pretty, envelope } = request.style
  const whole = envelope ? enveloped(parts, request, reply, body) : body
  return pretty ? writePretty(whole) : writeCompact(whole)
}

function enveloped(parts: AtlasParts, request: FastifyRequest, { statusCode: status }: FastifyReply, body: unknown) {
  return isList(body) && listStyle(parts, request) === 'flat' ? { ...body, status } : { content: body, status }
}

function isList(body: unknown): body is { readonly results: unknown } {
  return typeof body === 'object' && body !== null && 'results' in body
}

/** The legacy generations' page wraps lists as well; the general rule only adds a status to them. */
function listStyle({ rules }: AtlasParts, request: FastifyRequest): 'content' | 'flat' {
  return rules.envelopeLists ?? (generationOf(request) === 'v2' ? 'flat' : 'content')
}

/** A hook, the last. A 204 can't carry an envelope, so that is a 200. */
export async function finishAnswer(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  const type = String(reply.getHeader('content-type') ?? '')
  // Of a text the type was given a charset.
  if (/^application\/json;/.test(type)) reply.header('content-type', 'application/json')
  if (reply.statusCode !== 204 || !request.style?.envelope) return payload
  const body = { content: {}, status: 204 }
  reply.code(200).removeHeader('content-length')
  return request.style.pretty ? writePretty(body) : writeCompact(body)
}
