import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Caller } from '../../domain/caller.ts'
import type { Asked, Prepared } from '../../services/prepared.ts'
import type { Replay } from '../../services/replays.ts'
import type { Services } from '../../services/services.ts'
import type { RequestTypes } from '../validation.ts'
import { fromPreview } from './wire/operations.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the key has been accepted. */
    caller: Caller
    /** The Idempotency-Key of this request, once claimed. */
    replay?: Replay
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

/** What the routes of a subject are given. */
export interface RouteParts {
  readonly services: Services
  /** A request's deadline, in milliseconds. */
  readonly requestTimeoutMs: number
}

/** A named schema of the document, by reference. */
export function ref(schema: TSchema): TSchema {
  return Type.Unsafe({ $ref: `${(schema as { $id?: string }).$id}#` })
}

/** The request's own deadline. A caller that hangs up cancels a read; a change goes on, and its answer is kept. */
export function readSignal(request: FastifyRequest, { requestTimeoutMs }: RouteParts): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(requestTimeoutMs), request.signal])
}

export function askedBy(request: FastifyRequest, { requestTimeoutMs }: RouteParts): Asked {
  return { caller: request.caller, signal: AbortSignal.timeout(requestTimeoutMs), replay: request.replay }
}

/** Shows the plan when `dryRun` is asked for, else carries it out and answers with what `toWire` makes of it. */
export async function carryOut<T extends { readonly operationId?: string }>(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  prepared: Prepared<T>,
  toWire: (done: T) => unknown | Promise<unknown>,
): Promise<FastifyReply> {
  if ((request.query as { dryRun?: boolean }).dryRun) return reply.send(fromPreview(await prepared.preview()))
  const done = await prepared.run()
  noteOperation(request, reply, done.operationId)
  return reply.code(status).send(await toWire(done))
}

export function noteOperation(request: FastifyRequest, reply: FastifyReply, operationId?: string): void {
  if (!operationId) return
  request.operationId = operationId
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
