import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TroveParts } from './context.ts'
import { baseOf } from './requests/addresses.ts'
import { negotiate } from './requests/answers.ts'
import { nameRequest } from './requests/authentication.ts'
import { MEDIA_TYPES } from './requests/negotiation.ts'
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
