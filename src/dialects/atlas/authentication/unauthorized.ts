import type { FastifyReply } from 'fastify'

/** No credentials, or none that are good: the same answer for all of them. Without a challenge where the caller tried a token. */
export class Unauthorized extends Error {
  readonly challenge: string | undefined

  constructor(challenge?: string) {
    super('Unauthorized')
    this.challenge = challenge
  }
}

/** As the hosted API has it, to the byte; in this order, and pretty whatever was asked for. */
const BODY = `{
  "error" : 401,
  "reason" : "Unauthorized",
  "detail" : "You are not authorized for this resource.",
  "errorCode" : "UNEXPECTED_ERROR"
}`

export function sendUnauthorized({ challenge }: Unauthorized, reply: FastifyReply): FastifyReply {
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  return reply.code(401).type('application/json').serializer(String).send(BODY)
}
