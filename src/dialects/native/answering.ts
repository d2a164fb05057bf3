import type { FastifyReply, FastifyRequest } from 'fastify'
import type { KeptAnswer } from '../../services/operations/replays.ts'
import { answerWith } from '../../services/operations/store-change.ts'

/** What is about to be sent. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Carries out a change of the store alone. With an Idempotency-Key its answer commits with it, so a repeat always gets the first one. */
export async function answerChange<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  toAnswer: (done: T) => Answer,
  change: () => Promise<T>,
): Promise<FastifyReply> {
  const { done, isKept } = await answerWith(request.replay, done => keptAnswer(toAnswer(done)), change)
  if (isKept) request.replay = undefined
  const { status, headers = {}, body } = toAnswer(done)
  return reply.code(status).headers(headers).send(body)
}

/** The bytes that Fastify makes of it. */
export function keptAnswer({ status, headers = {}, body }: Answer): KeptAnswer {
  if (body === undefined) return { status, headers, body: '' }
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) }
}
