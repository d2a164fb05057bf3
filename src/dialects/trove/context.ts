import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Asked } from '../../services/operations/prepared.ts'
import type { CountRequest, Rate } from '../rate.ts'
import type { RouteParts } from '../request.ts'
import type { RequestTypes } from '../validation.ts'
import type { Format } from './requests/negotiation.ts'
import type { VerbRates } from './requests/rates.ts'
import type { TroveWishes } from './wishes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the answer is written in. */
    format: Format
    /** The project that the path names. */
    projectId: string
    /** What is left of the key's requests; of a request that is one too many: of those of its kind. */
    rate?: Rate
    /** The instance that the path names, once it has been found: faults tell of it. */
    troveInstance?: { readonly id: string; readonly datastore: string }
  }
}

/** What the dialect is given. */
export interface TroveGiven extends RouteParts {
  readonly countRequest: CountRequest
  readonly wishes: TroveWishes
  /** Where clients reach this server, if that differs from what they ask. */
  readonly publicUrl?: string
}

export interface TroveParts extends TroveGiven {
  readonly rates: VerbRates
}

export type TroveHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  RequestTypes
>

/** A caller that hangs up stops no change. */
export function askedBy(request: FastifyRequest, { requestTimeoutMs }: RouteParts): Asked {
  return { caller: request.caller, signal: AbortSignal.timeout(requestTimeoutMs) }
}
