import { type ConnectFailure, Fault, type FaultCode, type FaultSubject, isFault } from '../../../domain/fault.ts'
import { fieldsOf, isState, scrubbed, statementFault } from '../faults.ts'

type Failure = readonly [code: FaultCode, subject: FaultSubject, message: string, reason?: ConnectFailure]

const CONNECT_BY_STATE: Readonly<Record<string, Failure>> = {
  '28P01': ['refused', 'connection', 'The server refused this login or its password', 'password'],
  '28000': ['refused', 'connection', 'The server does not let this login in', 'password'],
  '3D000': ['not_found', 'database', 'There is no database of this name on the server', 'database'],
  '42501': ['missing_right', 'database', 'This login may not connect to the database', 'rights'],
}

const NOT_LISTENING: Failure = ['unavailable', 'server', 'Nothing answers at this address', 'refused']
const TOO_LATE: Failure = ['unavailable', 'server', 'The server did not answer in time', 'timeout']
const NO_NAME: Failure = ['unavailable', 'server', 'The host name could not be resolved', 'name']
const UNTRUSTED: Failure = ['unavailable', 'server', "The server's certificate is not trusted", 'certificate']
const NO_TLS: Failure = ['unavailable', 'server', 'No protected link could be agreed on with the server', 'tls']
const WRONG_SERVER: Failure = ['unavailable', 'server', 'What answers there is not a PostgreSQL server', 'wrong-server']
const NO_PASSWORD: Failure = ['refused', 'connection', 'The server asks for a password, and there is none', 'password']
const BROKEN: Failure = ['unavailable', 'server', 'The link to the server broke']

const CONNECT_BY_SOCKET: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: NOT_LISTENING,
  EHOSTUNREACH: NOT_LISTENING,
  ENETUNREACH: NOT_LISTENING,
  EADDRNOTAVAIL: NOT_LISTENING,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ETIMEDOUT: TOO_LATE,
}

/** What answers doesn't speak PostgreSQL's protocol. */
export class NotPostgres extends Error {
  override readonly name = 'NotPostgres'
}

/** Connecting failed: as a fault that says which of the known reasons it was. */
export function connectFault(error: unknown): Fault {
  if (isFault(error)) return error
  const { code, message } = fieldsOf(error)
  const cause = scrubbed(error)
  if (isState(code) && !CONNECT_BY_STATE[code]) return statementFault(error)
  const known = error instanceof NotPostgres ? WRONG_SERVER : (CONNECT_BY_STATE[code] ?? CONNECT_BY_SOCKET[code])
  const [fault, subject, words, reason] = known ?? failureBy(code, message)
  return new Fault(fault, subject, words, { reason, cause })
}

// OpenSSL's reasons for not trusting a certificate, as Node names them.
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS_CERT_ALTNAME_INVALID|CRL_/

function failureBy(code: string, message: string): Failure {
  if (CERTIFICATE.test(code)) return UNTRUSTED
  if (/^(ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL)/.test(code) || /SSL connection/.test(message)) return NO_TLS
  if (/^(timeout expired|aborted)$/.test(message)) return TOO_LATE
  if (/client password must be/.test(message)) return NO_PASSWORD
  if (/invalid response|Unknown message|unexpected message|SASL|Unknown authentication/i.test(message))
    return WRONG_SERVER
  return BROKEN
}
