import type { FaultCode } from '../domain/fault.ts'

/** Each fault in the words of each dialect: HTTP status, and what names the fault in the body. A code without every column does not compile. */
interface FaultWords {
  /** The last part of `urn:rolecall:fault:NAME`. */
  readonly native: readonly [number, string]
  /** `code` and `message` of plain-message bodies; where a contract wants `Errors`, the title. */
  readonly wiremock: readonly [number, string]
}

export const FAULTS: Readonly<Record<FaultCode, FaultWords>> = {
  malformed: { native: [400, 'malformed'], wiremock: [400, 'Invalid JSON'] },
  unauthenticated: {
    native: [401, 'unauthenticated'],
    wiremock: [401, 'Credentials are required to access this resource.'],
  },
  forbidden: { native: [403, 'forbidden'], wiremock: [403, 'Forbidden'] },
  not_found: { native: [404, 'not-found'], wiremock: [404, 'HTTP 404 Not Found'] },
  method_not_allowed: { native: [405, 'method-not-allowed'], wiremock: [405, 'HTTP 405 Method Not Allowed'] },
  conflict: { native: [409, 'conflict'], wiremock: [409, 'Conflict'] },
  exists: { native: [409, 'exists'], wiremock: [422, 'Invalid database connection'] },
  in_use: { native: [409, 'in-use'], wiremock: [409, 'Database connection in use'] },
  precondition_failed: { native: [412, 'precondition-failed'], wiremock: [409, 'Conflict'] },
  server_changed: { native: [409, 'server-changed'], wiremock: [409, 'Conflict'] },
  too_large: { native: [413, 'too-large'], wiremock: [413, 'HTTP 413 Request Entity Too Large'] },
  unsupported_media_type: {
    native: [415, 'unsupported-media-type'],
    wiremock: [415, 'HTTP 415 Unsupported Media Type'],
  },
  invalid: { native: [422, 'invalid'], wiremock: [422, 'Invalid database connection'] },
  unsupported: { native: [422, 'unsupported'], wiremock: [422, 'Invalid database connection'] },
  refused: { native: [422, 'refused'], wiremock: [422, 'Invalid database connection'] },
  missing_right: { native: [422, 'missing-right'], wiremock: [422, 'Invalid database connection'] },
  read_only: { native: [403, 'read-only'], wiremock: [403, 'Forbidden'] },
  network_denied: { native: [422, 'network-denied'], wiremock: [422, 'Invalid database connection'] },
  idempotency_mismatch: { native: [422, 'idempotency-mismatch'], wiremock: [422, 'Invalid JSON'] },
  rate_limited: { native: [429, 'rate-limited'], wiremock: [429, 'Too Many Requests'] },
  unavailable: { native: [503, 'unavailable'], wiremock: [503, 'HTTP 503 Service Unavailable'] },
  timeout: { native: [503, 'timeout'], wiremock: [503, 'HTTP 503 Service Unavailable'] },
  internal: { native: [500, 'internal'], wiremock: [500, 'There was an error processing your request.'] },
}
