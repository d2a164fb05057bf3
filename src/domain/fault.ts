/** Every way a request can fail, in the product's own words. Dialects put them into theirs (`dialects/faults.ts`). */
export type FaultCode =
  | 'malformed' // the bytes can't be read: bad JSON, bad query
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict' // another change of the same subject is under way
  | 'exists'
  | 'in_use' // something still depends on the subject
  | 'precondition_failed'
  | 'server_changed' // the connection leads to another server than before
  | 'too_large'
  | 'unsupported_media_type'
  | 'invalid' // readable, but not acceptable
  | 'unsupported' // this engine, or this server's version, cannot do it
  | 'refused' // the engine refused the statement
  | 'missing_right' // the managing login lacks a right; the message names it
  | 'read_only' // observe mode, or a standby
  | 'network_denied' // the network guard does not let us reach the address
  | 'idempotency_mismatch'
  | 'rate_limited'
  | 'unavailable' // the server, or our store, did not answer
  | 'timeout' // a deadline passed; the outcome may still come
  | 'internal'

/** What a fault is about. */
export type FaultSubject =
  | 'request'
  | 'key'
  | 'operator'
  | 'project'
  | 'member'
  | 'team'
  | 'invitation'
  | 'connection'
  | 'data-source'
  | 'instance'
  | 'user'
  | 'database'
  | 'table'
  | 'grant'
  | 'role'
  | 'session'
  | 'operation'
  | 'server'
  | 'store'

/** One thing wrong with the input: `pointer` is RFC 6901 into the body, or `?name` for a query parameter. */
export interface Violation {
  readonly pointer: string
  readonly detail: string
}

/** Why a server could not be reached or used: the fixed list of the connection test. */
export type ConnectFailure =
  | 'name' // could not be resolved
  | 'refused'
  | 'timeout'
  | 'tls' // handshake failed
  | 'certificate' // not trusted
  | 'password'
  | 'database' // does not exist
  | 'rights' // the login lacks them
  | 'wrong-server' // not the expected kind of server
  | 'policy' // blocked by the network guard
  | 'credential' // ours: sealed under a key that is gone, or its reference leads nowhere

export interface FaultDetails {
  readonly reason?: ConnectFailure
  readonly violations?: readonly Violation[]
  /** Whole seconds after which a repeat makes sense. */
  readonly retryAfterSeconds?: number
  /** What still depends on the subject, by kind and count, for `in_use`. */
  readonly counts?: Readonly<Record<string, number>>
  /** Ids of what uses it, for `in_use`: some of them. */
  readonly usedBy?: readonly string[]
  readonly allow?: readonly string[]
  /** The operation that will tell what came of it. */
  readonly operationId?: string
  /** Why each instance failed, by its id, where several were asked. */
  readonly failed?: ReadonlyMap<string, Fault>
  /** The names of those that failed. */
  readonly instances?: readonly string[]
  readonly cause?: unknown
}

/** A fault as it is remembered. */
export interface FaultRecord {
  readonly code: FaultCode
  readonly subject: FaultSubject
  readonly message: string
  readonly at: number
}

/** The one error that crosses a folder edge. Its message is for the caller: never a password, an address of ours, or a stack. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly subject: FaultSubject
  readonly details: FaultDetails

  constructor(code: FaultCode, subject: FaultSubject, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.subject = subject
    this.details = details
  }
}

export function isFault(error: unknown): error is Fault {
  return error instanceof Fault
}

/** Anything thrown, as a fault: what is not one already was our own mistake. */
export function toFault(error: unknown): Fault {
  if (isFault(error)) return error
  return new Fault('internal', 'server', 'Something went wrong here; it has been logged', { cause: error })
}

/** True where a repeat of the same work may succeed without anybody changing anything. */
export function isTransient(fault: Fault): boolean {
  return TRANSIENT.has(fault.code)
}

const TRANSIENT: ReadonlySet<FaultCode> = new Set(['unavailable', 'timeout', 'conflict', 'rate_limited', 'internal'])
