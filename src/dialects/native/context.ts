import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Secret } from '../../domain/secret.ts'
import type { Asked, Prepared } from '../../services/operations/prepared.ts'
import type { ClaimedReplay } from '../../services/operations/replays.ts'
import { answerWith } from '../../services/operations/store-change.ts'
import type { RouteParts } from '../request.ts'
import type { RequestTypes } from '../validation.ts'
import { keptAnswer } from './answering.ts'
import { fromPreview } from './wire/operations.ts'

export { type RouteParts, readSignal, ref } from '../request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The Idempotency-Key of this request, once claimed. */
    replay?: ClaimedReplay
    /** The operation whose answer this request is about to hand over. */
    operationId?: string
  }
}

export type NativeHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  RequestTypes
>

export function askedBy(request: FastifyRequest, { requestTimeoutMs }: RouteParts): Asked {
  return { caller: request.caller, signal: AbortSignal.timeout(requestTimeoutMs), replay: request.replay }
}

/** Shows the plan when `dryRun` is asked for, else carries it out and answers with what `toWire` makes of it. */
export async function carryOut<T extends { readonly operationId?: string; readonly password?: Secret }>(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  prepared: Prepared<T>,
  toWire: (done: T) => unknown | Promise<unknown>,
): Promise<FastifyReply> {
  if ((request.query as { dryRun?: boolean }).dryRun) return reply.send(fromPreview(await prepared.preview()))
  const toAnswer = async (done: T) => keptAnswer({ status, body: await toWire(done) })
  const { done, isKept } = await answerWith(request.replay, toAnswer, () => prepared.run())
  if (isKept) request.replay = undefined
  if (done.operationId) reply.header('rolecall-operation', done.operationId)
  // Made first: what can't be answered after all stays undelivered, for its caller to fetch.
  const body = await toWire(done)
  noteOperation(request, reply, done.operationId, done.password !== undefined)
  return reply.code(status).send(body)
}

/** `handsOver`: the answer tells what only it can tell, so it counts whether its caller got it. */
export function noteOperation(
  request: FastifyRequest,
  reply: FastifyReply,
  operationId: string | undefined,
  handsOver: boolean,
): void {
  if (!operationId) return
  if (handsOver) request.operationId = operationId
  reply.header('rolecall-operation', operationId)
}

export function etagOf(thing: { readonly version: number }): string {
  return `"${thing.version}"`
}

/** The version that `If-Match` names; undefined without one, or with `*`. */
export function versionWanted(request: FastifyRequest): number | undefined {
  const text = request.headers['if-match']
  if (text === undefined || text === '*') return undefined
  const [, version] = /^"(\d+)"$/.exec(text) ?? []
  return version === undefined ? -1 : Number(version) // A tag that isn't ours fits no version.
}
