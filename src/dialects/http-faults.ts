import { Fault, type FaultCode, toFault } from '../domain/fault.ts'

type Words = Readonly<Record<number, readonly [FaultCode, string]>>

const WORDS: Words = {
  400: ['malformed', 'The request can not be read'],
  413: ['too_large', 'The body is larger than this server takes'],
}

/** What the HTTP layer threw, by its status, as one of our own; a dialect's `own` words come first. */
export function fromHttpLayer(error: unknown, own: Words = {}): Fault {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  const [code, words] = (typeof status === 'number' && (own[status] ?? WORDS[status])) || []
  return code && words ? new Fault(code, 'request', words) : toFault(error)
}
