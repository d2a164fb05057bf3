import { finished } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFault } from '../../../domain/fault.ts'
import { tooLate } from '../../../ledger/deadline.ts'
import type { ReplayState } from '../../../services/operations/replays.ts'
import type { RouteParts } from '../../request.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { createTurns } from './replay-turns.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** An attempt at the same request whose answer never arrived, once its change has settled. */
    earlier?: Extract<ReplayState, { kind: 'settled' }>
    /** The id of what an attempt at the same request made in the store alone, and could not tell. */
    madeBefore?: string
    /** What this request made in the store alone is kept for the same request, until its caller has the answer. */
    isKept?: boolean
    /** The operation whose outcome this request is about to hand over. */
    handsOver?: string
  }
  interface FastifyContextConfig {
    /** Its answer tells what only it can tell: the same request again gets the outcome of one whose answer was lost. */
    readonly replayed?: boolean
  }
}

/** Clients repeat a POST after a 5xx or a broken connection, for half a minute and without any key. */
const REPEATED_FOR_MS = 120_000

/** What becomes of an answer: taken by its caller, and then the same request is a new one; or kept for the same request to come again. */
export function replayHooks(api: DigitalOceanHttp, parts: RouteParts): void {
  const { replays, operations } = parts.services
  const turns = createTurns()

  api.addHook('preHandler', async (request, reply) => {
    if (!request.routeOptions.config.replayed) return
    const text = `POST ${request.url}\n${request.bytes?.toString('latin1') ?? ''}`
    const replayKey = `digitalocean POST ${request.url} ${replays.hash(text)}`
    const turn = turns.enter(`${request.caller.key.id} ${replayKey}`)
    finished(reply.raw, hungUp => {
      if (hungUp) turn.leave()
      else forgetTaken(request, reply).finally(turn.leave)
    })
    await turn.begins(request.deadline)
    const state = await beginOrLate(request, replayKey, text)
    request.replay = state.replay
    if (state.kind === 'settled') request.earlier = state
    if (state.kind !== 'answered') return
    request.isKept = true
    request.madeBefore = state.answer.body
  })

  async function beginOrLate(request: FastifyRequest, replayKey: string, text: string): Promise<ReplayState> {
    const keptMs = REPEATED_FOR_MS + parts.requestTimeoutMs
    try {
      return await replays.begin(request.caller, replayKey, text, request.deadline, keptMs)
    } catch (error) {
      // It still runs: to this API's clients that is a reason to ask again, and a 409 is not.
      if (isFault(error) && error.code === 'conflict' && error.subject === 'request') throw tooLate()
      throw error
    }
  }

  // Before it is sent: whoever is told that nothing has been changed may ask anew at once. An operation that has begun stays known.
  api.addHook('onSend', async (request, reply, payload) => {
    if (request.replay && !request.earlier && !request.isKept && reply.statusCode >= 400)
      await replays.forget(request.replay)
    return payload
  })

  async function forgetTaken(request: FastifyRequest, { statusCode }: FastifyReply): Promise<void> {
    const { replay, handsOver, isKept, log } = request
    if (!replay || !(handsOver || isKept) || statusCode >= 300) return
    try {
      await replays.forget({ ...replay, operationId: handsOver })
      if (handsOver) await operations.delivered(handsOver)
    } catch (error) {
      log.error({ err: error }, 'an answer that was taken is still kept')
    }
  }
}
