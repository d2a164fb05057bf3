import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Asked } from '../../services/operations/prepared.ts'
import type { RouteParts } from '../request.ts'
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

/** A hook. A timer of its own, because a signal that times out by itself is kept in memory until then, however soon the answer was. */
export async function setDeadline(
  { requestTimeoutMs }: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const controller = new AbortController()
  const late = () => controller.abort(new DOMException('The deadline passed', 'TimeoutError'))
  const timer = setTimeout(late, requestTimeoutMs).unref()
  reply.raw.once('finish', () => clearTimeout(timer))
  request.deadline = controller.signal
}

/** A caller that hangs up stops no change: its answer waits for the same request to come again. */
export function askedBy({ caller, deadline: signal, replay }: FastifyRequest): Asked {
  return { caller, signal, replay }
}

/** A caller that hangs up cancels a read. */
export function readSignal({ deadline, signal }: FastifyRequest): AbortSignal {
  return AbortSignal.any([deadline, signal])
}
