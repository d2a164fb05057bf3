import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics/metrics.ts'
import { problem } from './problems.ts'

/** Long enough for a store that is merely busy; probes give up after a few seconds themselves. */
const READY_WITHIN_MS = 3000

/** For whoever runs us: alive, ready, and in numbers. */
export function addHealth(http: FastifyInstance, ready: () => Promise<void>, metrics: Metrics): void {
  http.get('/livez', async () => ({ status: 'alive' }))
  http.get('/readyz', async (request, reply) => {
    const reason = await reasonAgainst(ready)
    if (reason) return problem(reply, request, 503, `Not ready: ${reason}`)
    return { status: 'ready' }
  })
  http.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.page()))
}

async function reasonAgainst(ready: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the store did not answer within ${READY_WITHIN_MS} ms`)),
      READY_WITHIN_MS,
    )
  })
  try {
    await Promise.race([ready(), late])
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    clearTimeout(timer)
  }
}
