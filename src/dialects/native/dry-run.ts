import type { FastifyRequest } from 'fastify'
import { rehearse } from '../../services/operations/rehearsal.ts'
import type { NativeHttp } from './context.ts'

const CHANGES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * `dryRun=true` on a change. What an engine would do is shown by the route; a change of the store alone is checked whole and rolled
 * back, and has no statements to show.
 */
export function dryRunHooks(api: NativeHttp): void {
  api.addHook('preHandler', (request, _reply, done) => {
    if (isDryRun(request)) return rehearse(() => done())
    done()
  })

  api.addHook('onSend', async (request, reply, payload) => {
    if (!isDryRun(request) || reply.statusCode >= 300 || isPlan(payload)) return payload
    for (const name of ['location', 'etag']) reply.removeHeader(name)
    reply.code(200).type('application/json; charset=utf-8')
    return JSON.stringify({ plan: { steps: [], refusals: [] } })
  })
}

export function isDryRun(request: FastifyRequest): boolean {
  const { dryRun } = (request.query ?? {}) as { dryRun?: boolean | string }
  return CHANGES.has(request.method) && (dryRun === true || dryRun === 'true')
}

function isPlan(payload: unknown): boolean {
  return typeof payload === 'string' && payload.startsWith('{"plan":')
}
