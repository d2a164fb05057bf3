import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { createMetrics } from '../../src/http/metrics/metrics.ts'
import { createHttp, type HttpOptions } from '../../src/http/server.ts'

/** A server with nothing behind it, and the lines that it logs. */
export function aServer(overrides: Partial<HttpOptions> = {}): {
  http: FastifyInstance
  lines: Record<string, unknown>[]
} {
  const lines: Record<string, unknown>[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const http = createHttp({
    settings: {
      limits: { linksPerInstance: 4, linksInAll: 100, bodyBytes: 1024, ratePerMinute: 0 },
      trustProxy: [],
    },
    log: pino({ level: 'info' }, sink),
    ready: async () => undefined,
    metrics: createMetrics(),
    ...overrides,
  })
  return { http, lines }
}
