import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '../../domain/fault.ts'
import { needsSoFar, notingNeeds } from '../../services/access/needs.ts'
import { type NativeHttp, noteOperation, type RouteParts } from './context.ts'
import { isDryRun } from './dry-run.ts'
import { answerAgain } from './handing-over.ts'

const REPLAYED: ReadonlySet<string> = new Set(['POST', 'PATCH', 'DELETE'])

/** `Idempotency-Key`, and what becomes of an answer: delivered, or kept for its caller. */
export function replayHooks(api: NativeHttp, parts: RouteParts): void {
  const { replays, operations } = parts.services

  api.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key']
    if (key === undefined || !REPLAYED.has(request.method) || makesKey(request) || isDryRun(request)) return
    checkKey(key)
    const state = await replays.begin(
      request.caller,
      key as string,
      textOf(request),
      AbortSignal.timeout(parts.requestTimeoutMs),
    )
    if (state.kind === 'new') {
      request.replay = state.replay
      return
    }
    reply.header('idempotency-replayed', 'true')
    if (state.kind === 'answered') return sendAgain(reply, state.answer)
    request.replay = state.replay
    const status = state.operation.targets[0]?.kind.startsWith('create-') ? 201 : 200
    const body = await answerAgain(parts, request, state)
    const handsOver = state.outcomes.some(({ password }) => password)
    noteOperation(request, reply, state.operation.id, handsOver)
    return reply.code(status).send(body)
  })

  api.addHook('preHandler', (request, _reply, done) => {
    if (!request.replay) return done()
    notingNeeds(done)
  })

  api.addHook('onSend', async (request, reply, payload) => {
    if (!request.replay) return payload
    const { replay } = request
    const body = payload === undefined || payload === null ? '' : payload
    const unfinished = reply.statusCode >= 500 || typeof body !== 'string'
    const answer = { status: reply.statusCode, headers: headersOf(reply), needs: needsSoFar() }
    if (!unfinished) await replays.keep(replay, { ...answer, body })
    else if (!reply.hasHeader('rolecall-operation')) await replays.forget(replay)
    return payload
  })

  // 'finish' means that the socket took the last byte; without it the answer stays undelivered, and its caller can fetch it.
  api.addHook('onResponse', async (request, reply) => {
    if (request.operationId && reply.raw.writableFinished) await operations.delivered(request.operationId)
  })
}

function makesKey(request: FastifyRequest): boolean {
  return request.routeOptions.url?.endsWith('/keys') ?? false
}

function checkKey(key: string | string[]): void {
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return
  throw new Fault('malformed', 'request', 'An Idempotency-Key has 1 to 255 printable ASCII characters')
}

/** The whole request; the store keeps a keyed hash of it alone. */
function textOf(request: FastifyRequest): string {
  return JSON.stringify([request.method, request.url, request.body ?? null])
}

const KEPT_HEADERS = ['content-type', 'rolecall-operation', 'etag', 'location']

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap(name => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])),
  )
}

function sendAgain(
  reply: FastifyReply,
  answer: { status: number; headers: Readonly<Record<string, string>>; body: string },
): FastifyReply {
  reply.code(answer.status).headers(answer.headers)
  if (answer.body === '') return reply.send()
  return reply.serializer((body: unknown) => body as string).send(answer.body)
}
