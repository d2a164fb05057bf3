import { readFileSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import { type FastifyInstance, type FastifyServerOptions, fastify, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Settings } from '../settings/settings.ts'
import { addDocs } from './docs.ts'
import { addHealth } from './health.ts'
import { addLanding } from './landing.ts'
import { lenientUrl } from './lenient-url.ts'
import type { Metrics } from './metrics/metrics.ts'
import { answerProblems, problem } from './problems.ts'
import { requestIdOf } from './request-id.ts'
import { followRequest } from './request-log.ts'
import { keepRouteTable } from './route-table.ts'
import { answerUnreadable } from './unreadable.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to close: streams without an end listen to it. */
    readonly closing: AbortSignal
  }
}

export interface HttpOptions {
  readonly settings: Pick<Settings, 'limits' | 'tls' | 'trustProxy'>
  readonly log: Logger
  /** Throws, with words, while requests could not be served. */
  readonly ready: () => Promise<void>
  readonly metrics: Metrics
}

/** What runs is given this long to finish after SIGTERM; then its sockets are cut, and the ledger knows the rest. */
const FINISH_WITHIN_MS = 8000

/** The server that dialects are registered on: log, health, metrics, limits and answers for paths that are nobody's. */
export function createHttp({ settings, log, ready, metrics }: HttpOptions): FastifyInstance {
  const http = createServer(settings, log, metrics)
  keepRouteTable(http)
  http.addHook('onRequest', async (request, reply) => followRequest(metrics, request, reply))
  answerProblems(http)
  addHealth(http, ready, metrics)
  addLanding(http)
  addDocs(http)
  closeInTime(http)
  return http
}

function createServer(settings: HttpOptions['settings'], log: Logger, metrics: Metrics): FastifyInstance {
  const { limits, tls, trustProxy } = settings
  const options: FastifyServerOptions = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    rewriteUrl: ({ url = '/' }) => lenientUrl(url),
    bodyLimit: limits.bodyBytes,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    // Longer than the 60 s of common balancers, so that it is they who hang up.
    keepAliveTimeout: 65_000,
    // For a request to come in whole; answers may take longer.
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true, maxParamLength: 16_384 },
    clientErrorHandler: answerUnreadable(log),
    // An address that can't be decoded reaches no route and no hook.
    frameworkErrors: (error, request, reply) => {
      followRequest(metrics, request, reply)
      problem(reply, request, error.statusCode ?? 400, error.message)
    },
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
  }
  if (!tls) return fastify(options)
  const https: ServerOptions = { cert: readFileSync(tls.cert), key: readFileSync(tls.key), minVersion: 'TLSv1.2' }
  return fastify({ ...options, https } as FastifyServerOptions)
}

/** Dialects bring their own compilers. Fastify's would be loaded at every start, take "1" for 1, and drop what they don't know. */
function noCompiler(): never {
  throw new Error('A route with a schema belongs to a scope with compilers of its own')
}

function closeInTime(http: FastifyInstance): void {
  const closing = new AbortController()
  http.decorate('closing', closing.signal)
  endStreams(http, closing.signal)
  http.addHook('preClose', async () => {
    closing.abort()
    // A connection that was busy when closing began is idle later, and kept alive by its client.
    const sweep = setInterval(() => http.server.closeIdleConnections(), 50)
    const cut = setTimeout(() => http.server.closeAllConnections(), FINISH_WITHIN_MS)
    http.server.once('close', () => {
      clearInterval(sweep)
      clearTimeout(cut)
    })
  })
}

/** Server-sent events never finish, and closing would wait for them; their clients come back by themselves. */
function endStreams(http: FastifyInstance, closing: AbortSignal): void {
  http.addHook('onSend', async (_request, reply) => {
    if (!String(reply.getHeader('content-type')).startsWith('text/event-stream')) return
    const end = () => reply.raw.destroy()
    closing.addEventListener('abort', end)
    reply.raw.once('close', () => closing.removeEventListener('abort', end))
  })
}
