import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Asked } from '../../services/operations/prepared.ts'
import type { CountRequest } from '../rate.ts'
import type { RouteParts } from '../request.ts'
import type { RequestTypes } from '../validation.ts'

/** The generations of this API: `v1.5` has clusters alone. */
export type Generation = 'v1.0' | 'v1.5' | 'v2'

declare module 'fastify' {
  interface FastifyInstance {
    readonly generation?: Generation
  }
  interface FastifyContextConfig {
    /** The versions that the resource has under `v2`, oldest first; left out: the first one of all. */
    readonly versions?: readonly string[]
    /** It answers a page of a list. */
    readonly paged?: boolean
    /** Whose bucket a request takes a token of. */
    readonly bucket?: keyof AtlasRules['rate']
  }
  interface FastifyRequest {
    /** How the answer is written. */
    style: Style
    /** The project that the path names, once the caller was found to have the right there. */
    projectId: string
    /** The version of the resource that is answered, `2023-01-01`. */
    resourceVersion: string
  }
}

export interface Style {
  readonly pretty: boolean
  readonly envelope: boolean
}

/** The settings of this dialect, `atlas.*`. */
export interface AtlasRules {
  readonly digestAlgorithm: 'MD5' | 'SHA-256'
  readonly nonceSeconds: number
  readonly acceptUnversioned: boolean
  readonly requireAccessList: boolean
  readonly envelopeLists?: 'content' | 'flat'
  readonly withdrawnVersions: readonly string[]
  readonly deleteMissing: 'error' | '204'
  readonly joinUsernameSegments: boolean
  readonly inertActions: boolean
  /** A change on several clusters is answered by then. */
  readonly requestMs: number
  readonly limits: { readonly users: number; readonly customRoles: number; readonly collectionRoles: number }
  readonly rate: { readonly databaseUsers: Bucket; readonly customRoles: Bucket }
}

/** A bucket of tokens, and how many a minute go back into it. */
export interface Bucket {
  readonly capacity: number
  readonly perMinute: number
}

export interface AtlasParts extends RouteParts {
  readonly countRequest: CountRequest
  /** Where clients reach this server, if that differs from what they ask. */
  readonly publicUrl?: string
  readonly rules: AtlasRules
  readonly version: string
}

export type AtlasHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  RequestTypes
>

/** The same for what is done on several clusters. */
export function askedOfMany(request: FastifyRequest, { rules }: AtlasParts): Asked {
  return { caller: request.caller, signal: AbortSignal.timeout(rules.requestMs) }
}

/** A caller that hangs up stops no change. */
export function askedBy(request: FastifyRequest, { requestTimeoutMs }: RouteParts): Asked {
  return { caller: request.caller, signal: AbortSignal.timeout(requestTimeoutMs) }
}

/** Which of the three it came in by. */
export function generationOf({ server }: FastifyRequest): Generation {
  return server.generation ?? 'v2'
}
