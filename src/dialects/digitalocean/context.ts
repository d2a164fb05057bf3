import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Asked } from '../../services/operations/prepared.ts'
import type { RouteParts } from '../request.ts'
import type { RequestTypes } from '../validation.ts'

export type DigitalOceanHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  RequestTypes
>

/** A caller that hangs up stops no change: its answer waits for the replay. */
export function askedBy(request: FastifyRequest, { requestTimeoutMs }: RouteParts): Asked {
  return { caller: request.caller, signal: AbortSignal.timeout(requestTimeoutMs) }
}
