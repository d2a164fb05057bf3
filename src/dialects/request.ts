import type { FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Caller } from '../domain/caller.ts'
import type { Services } from '../services/services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the key has been accepted. */
    caller: Caller
  }
}

/** What the routes of a dialect are given. */
export interface RouteParts {
  readonly services: Services
  /** A request's deadline, in milliseconds. */
  readonly requestTimeoutMs: number
}

/** The request's own deadline. A caller that hangs up cancels a read; a change goes on, and its answer is kept. */
export function readSignal(request: FastifyRequest, { requestTimeoutMs }: RouteParts): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(requestTimeoutMs), request.signal])
}

/** A named schema of the document, by reference. */
export function ref<T extends TSchema>(schema: T): T {
  return Type.Unsafe({ $ref: `${(schema as { $id?: string }).$id}#` }) as unknown as T
}
