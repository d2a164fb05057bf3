import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Asked } from '../../services/operations/prepared.ts'
import type { RequestTypes } from '../validation.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** When the caller gets its answer in any case, counted from its arrival. */
    deadline: AbortSignal
  }
}

export type DigitalOceanHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  RequestTypes
>

/** A caller that hangs up stops no change: its answer waits for the same request to come again. */
export function askedBy({ caller, deadline: signal, replay }: FastifyRequest): Asked {
  return { caller, signal, replay }
}

/** A caller that hangs up cancels a read. */
export function readSignal({ deadline, signal }: FastifyRequest): AbortSignal {
  return AbortSignal.any([deadline, signal])
}
