import type { ConnectFailure, FaultCode, FaultSubject } from '../domain/fault.ts'

/** Why a server could not be connected to, in the words that every engine has for it. */
export type Failure = readonly [code: FaultCode, subject: FaultSubject, message: string, reason?: ConnectFailure]

export const REFUSED: Failure = ['refused', 'connection', 'The server refused this login or its password', 'password']
export const KEPT_OUT: Failure = ['refused', 'connection', 'The server does not let this login in', 'password']
export const NO_DATABASE: Failure = [
  'not_found',
  'database',
  'There is no database of this name on the server',
  'database',
]
export const NOT_ALLOWED: Failure = [
  'missing_right',
  'database',
  'This login may not connect to the database',
  'rights',
]
export const TOO_LATE: Failure = ['unavailable', 'server', 'The server did not answer in time', 'timeout']
export const UNTRUSTED: Failure = ['unavailable', 'server', "The server's certificate is not trusted", 'certificate']
export const NO_TLS: Failure = ['unavailable', 'server', 'No protected link could be agreed on with the server', 'tls']
export const BROKEN: Failure = ['unavailable', 'server', 'The link to the server broke']

const NOT_LISTENING: Failure = ['unavailable', 'server', 'Nothing answers at this address', 'refused']
const NO_NAME: Failure = ['unavailable', 'server', 'The host name could not be resolved', 'name']

/** By the codes of Node's sockets, which drivers hand on. */
export const BY_SOCKET: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: NOT_LISTENING,
  EHOSTUNREACH: NOT_LISTENING,
  ENETUNREACH: NOT_LISTENING,
  EADDRNOTAVAIL: NOT_LISTENING,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ETIMEDOUT: TOO_LATE,
}
