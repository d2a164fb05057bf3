import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import type { TroveHttp } from '../context.ts'
import { readXml } from '../formats/xml/read.ts'
import { bodyFrom } from '../formats/xml/to-body.ts'
import { bodyFormatOf } from './answers.ts'

/** As published. */
const MOST_BYTES = 1_048_576

/** Bodies are read as they come: clients name a type where they send nothing, and where no body belongs. */
export function readBodiesRaw(api: TroveHttp): void {
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  )
}

/** A hook: from bytes to what JSON or XML says, where the route takes a body at all. */
export async function parseBody(request: FastifyRequest): Promise<void> {
  const bytes = request.body as Buffer | undefined
  const isWanted = request.routeOptions.schema?.body !== undefined && bytes !== undefined && bytes.length > 0
  request.body = isWanted ? parse(request, bytes) : undefined
}

function parse(request: FastifyRequest, bytes: Buffer): unknown {
  const format = bodyFormatOf(request)
  if (format === 'xml') return bodyFrom(readXml(bytes))
  if (format === 'json') return parseJson(bytes)
  throw new Fault('unsupported_media_type', 'request', 'Send application/json or application/xml')
}

/** The parser's own message quotes the text, and with it passwords. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Fault('malformed', 'request', 'The body is not valid JSON')
  }
}
