import type { FastifyReply, FastifyRequest } from 'fastify'
import { baseOf } from './addresses.ts'
import { negotiate } from './answers.ts'
import { nameRequest } from './authentication.ts'
import type { TroveParts } from './context.ts'
import { MEDIA_TYPES } from './negotiation.ts'
import { apiVersion } from './wire/versions.ts'

/** What `/` says to everybody but a browser: which versions of the API there are. */
export function versionsAnswer(parts: Pick<TroveParts, 'publicUrl'>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    await nameRequest(request, reply)
    await negotiate(request, reply)
    const text = reply.serialize({ versions: [apiVersion(baseOf(request, parts))] })
    // As bytes: of a text the type would be given a charset.
    return reply.header('content-type', MEDIA_TYPES[request.format]).send(Buffer.from(text as string))
  }
}
