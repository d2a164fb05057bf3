import type { FaultCode } from '../domain/fault.ts'

/** Each fault in the words of each dialect: HTTP status, and what names the fault in the body. A code without every column does not compile. */
interface FaultWords {
  /** The last part of `urn:rolecall:fault:NAME`. */
  readonly native: readonly [number, string]
  /** `code` and `message` of plain-message bodies; where a contract wants `Errors`, the title. */
  readonly wiremock: readonly [number, string]
  /** `id` of the body. */
  readonly digitalocean: readonly [number, string]
  /** The fault's name, which is the one key of the body. */
  readonly trove: readonly [number, string]
  /** `errorCode` of the body, where the code says the same of every subject. */
  readonly atlas: readonly [number, string]
}

export const FAULTS: Readonly<Record<FaultCode, FaultWords>> = {
  malformed: {
    native: [400, 'malformed'],
    wiremock: [400, 'Invalid JSON'],
    digitalocean: [400, 'bad_request'],
    trove: [400, 'badRequest'],
    atlas: [400, 'MALFORMED_JSON'],
  },
  unauthenticated: {
    native: [401, 'unauthenticated'],
    wiremock: [401, 'Credentials are required to access this resource.'],
    digitalocean: [401, 'unauthorized'],
    trove: [401, 'unauthorized'],
    atlas: [401, 'UNEXPECTED_ERROR'],
  },
  forbidden: {
    native: [403, 'forbidden'],
    wiremock: [403, 'Forbidden'],
    digitalocean: [403, 'forbidden'],
    trove: [403, 'forbidden'],
    atlas: [403, 'ACCESS_FORBIDDEN'],
  },
  not_found: {
    native: [404, 'not-found'],
    wiremock: [404, 'HTTP 404 Not Found'],
    digitalocean: [404, 'not_found'],
    trove: [404, 'itemNotFound'],
    atlas: [404, 'RESOURCE_NOT_FOUND'],
  },
  method_not_allowed: {
    native: [405, 'method-not-allowed'],
    wiremock: [405, 'HTTP 405 Method Not Allowed'],
    digitalocean: [405, 'method_not_allowed'],
    trove: [405, 'badMethod'],
    atlas: [405, 'METHOD_NOT_ALLOWED'],
  },
  conflict: {
    native: [409, 'conflict'],
    wiremock: [409, 'Conflict'],
    digitalocean: [409, 'conflict'],
    trove: [409, 'conflict'],
    atlas: [409, 'CONFLICT'],
  },
  exists: {
    native: [409, 'exists'],
    wiremock: [422, 'Invalid database connection'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [400, 'badRequest'],
    atlas: [409, 'USER_ALREADY_EXISTS'],
  },
  in_use: {
    native: [409, 'in-use'],
    wiremock: [409, 'Database connection in use'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [409, 'conflict'],
    atlas: [409, 'CONFLICT'],
  },
  precondition_failed: {
    native: [412, 'precondition-failed'],
    wiremock: [409, 'Conflict'],
    digitalocean: [412, 'precondition_failed'],
    trove: [409, 'conflict'],
    atlas: [409, 'CONFLICT'],
  },
  server_changed: {
    native: [409, 'server-changed'],
    wiremock: [409, 'Conflict'],
    digitalocean: [412, 'precondition_failed'],
    trove: [422, 'unprocessableEntity'],
    atlas: [503, 'SERVICE_UNAVAILABLE'],
  },
  too_large: {
    native: [413, 'too-large'],
    wiremock: [413, 'HTTP 413 Request Entity Too Large'],
    digitalocean: [413, 'request_too_large'],
    trove: [413, 'overLimit'],
    atlas: [413, 'PAYLOAD_TOO_LARGE'],
  },
  unsupported_media_type: {
    native: [415, 'unsupported-media-type'],
    wiremock: [415, 'HTTP 415 Unsupported Media Type'],
    digitalocean: [400, 'bad_request'],
    trove: [415, 'badMediaType'],
    atlas: [400, 'MALFORMED_JSON'],
  },
  invalid: {
    native: [422, 'invalid'],
    wiremock: [422, 'Invalid database connection'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [400, 'badRequest'],
    atlas: [400, 'VALIDATION_ERROR'],
  },
  unsupported: {
    native: [422, 'unsupported'],
    wiremock: [422, 'Invalid database connection'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [422, 'unprocessableEntity'],
    atlas: [400, 'FEATURE_UNSUPPORTED'],
  },
  refused: {
    native: [422, 'refused'],
    wiremock: [422, 'Invalid database connection'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [422, 'unprocessableEntity'],
    atlas: [400, 'VALIDATION_ERROR'],
  },
  missing_right: {
    native: [422, 'missing-right'],
    wiremock: [422, 'Invalid database connection'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [422, 'unprocessableEntity'],
    atlas: [403, 'ACCESS_FORBIDDEN'],
  },
  read_only: {
    native: [403, 'read-only'],
    wiremock: [403, 'Forbidden'],
    digitalocean: [403, 'forbidden'],
    trove: [403, 'forbidden'],
    atlas: [403, 'ACCESS_FORBIDDEN'],
  },
  network_denied: {
    native: [422, 'network-denied'],
    wiremock: [422, 'Invalid database connection'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [422, 'unprocessableEntity'],
    atlas: [503, 'SERVICE_UNAVAILABLE'],
  },
  idempotency_mismatch: {
    native: [422, 'idempotency-mismatch'],
    wiremock: [422, 'Invalid JSON'],
    digitalocean: [422, 'unprocessable_entity'],
    trove: [400, 'badRequest'],
    atlas: [400, 'VALIDATION_ERROR'],
  },
  rate_limited: {
    native: [429, 'rate-limited'],
    wiremock: [429, 'Too Many Requests'],
    digitalocean: [429, 'too_many_requests'],
    trove: [413, 'overLimit'],
    atlas: [429, 'RATE_LIMITED'],
  },
  unavailable: {
    native: [503, 'unavailable'],
    wiremock: [503, 'HTTP 503 Service Unavailable'],
    digitalocean: [503, 'service_unavailable'],
    trove: [503, 'serviceUnavailable'],
    atlas: [503, 'SERVICE_UNAVAILABLE'],
  },
  timeout: {
    native: [503, 'timeout'],
    wiremock: [503, 'HTTP 503 Service Unavailable'],
    digitalocean: [503, 'service_unavailable'],
    trove: [503, 'serviceUnavailable'],
    atlas: [503, 'SERVICE_UNAVAILABLE'],
  },
  internal: {
    native: [500, 'internal'],
    wiremock: [500, 'There was an error processing your request.'],
    digitalocean: [500, 'server_error'],
    trove: [500, 'instanceFault'],
    atlas: [500, 'UNEXPECTED_ERROR'],
  },
}
