import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Caller } from '../domain/callers/caller.ts'
import type { Services } from '../services/services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the key has been accepted. */
    caller: Caller
    /** Closed before it was finished: the caller hung up. `request.signal` takes a body that was read for that. */
    answer: ServerResponse
  }
}

/** What the routes of a dialect are given. */
export interface RouteParts {
  readonly services: Services
  /** A request's deadline, in milliseconds. */
  readonly requestTimeoutMs: number
}

/** The request's own deadline. A caller that hangs up cancels a read; a change goes on, and its answer is kept. */
export function readSignal({ answer }: FastifyRequest, { requestTimeoutMs }: RouteParts): AbortSignal {
  const reading = new AbortController()
  const end = (name: string) => reading.abort(new DOMException('The read was ended', name))
  const timer = setTimeout(end, requestTimeoutMs, 'TimeoutError').unref()
  // The timer goes with the answer: signals of `AbortSignal.timeout` would pile up until their deadline, 100 MB of them under load.
  answer.once('close', () => {
    clearTimeout(timer)
    if (!answer.writableFinished) end('AbortError')
  })
  return reading.signal
}

/** A named schema of the document, by reference. */
export function ref<T extends TSchema>(schema: T): T {
  return Type.Unsafe({ $ref: `${(schema as { $id?: string }).$id}#` }) as unknown as T
}
