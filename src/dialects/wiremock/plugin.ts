import type { FastifyInstance } from 'fastify'
import type { Services } from '../../services/services.ts'

export interface WiremockParts {
  readonly services: Services
  /** A request's deadline, in milliseconds. */
  readonly requestTimeoutMs: number
}

/** The WireMock Cloud dialect: database connections under `/v1`. */
export async function wiremockDialect(_scope: FastifyInstance, _parts: WiremockParts): Promise<void> {}
