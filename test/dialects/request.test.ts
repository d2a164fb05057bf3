import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { type RouteParts, readSignal } from '../../src/dialects/request.ts'
import { aServer } from '../http/a-server.ts'

const open: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(http => http.close()))
})

const DEADLINE_MS = 300
const PARTS = { requestTimeoutMs: DEADLINE_MS } as RouteParts

/** A server with one route, which hands its request's signal to `work`; answers its port. */
async function listening(work: (signal: AbortSignal) => Promise<unknown>): Promise<number> {
  const { http } = aServer()
  open.push(http)
  const handle = async (request: FastifyRequest) => (await work(readSignal(request, PARTS))) ?? {}
  http.get('/thing', handle)
  http.post('/thing', handle)
  const url = await http.listen({ port: 0, host: '127.0.0.1' })
  return Number(new URL(url).port)
}

const METHODS = ['GET', 'POST']

/** Sends a whole request, with a body where it has one, and hangs up `afterMs` later. */
async function ask(port: number, method: string, afterMs: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const body = method === 'POST' ? '{"a":1}' : ''
  socket.write(
    `${method} /thing HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await sleep(afterMs)
  socket.destroy()
}

test.each(METHODS)('a read for a %s ends at its deadline, and no sooner', async method => {
  const { promise: ended, resolve } = Promise.withResolvers<readonly [string, number]>()
  const port = await listening(async signal => {
    const began = performance.now()
    await once(signal, 'abort')
    resolve([signal.reason.name, performance.now() - began])
  })
  await ask(port, method, 2 * DEADLINE_MS)
  const [name, ms] = await ended
  expect([name, ms > DEADLINE_MS - 10]).toEqual(['TimeoutError', true])
})

test.each(METHODS)('a read for a %s ends when its caller hangs up', async method => {
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  const port = await listening(async signal => {
    await once(signal, 'abort')
    resolve(signal.reason.name)
  })
  await ask(port, method, DEADLINE_MS / 3)
  expect(await ended).toBe('AbortError')
})

test.each(METHODS)('the deadline of a %s that was answered is forgotten', async method => {
  const signals: AbortSignal[] = []
  const port = await listening(async signal => void signals.push(signal))
  await ask(port, method, 2 * DEADLINE_MS)
  await sleep(10)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
})
