import { type ConnectFailure, Fault, type FaultCode, type FaultSubject, isFault } from '../../../domain/fault.ts'
import { codeOf, numberOf, scrubbed, statementFault } from '../faults.ts'

type Failure = readonly [code: FaultCode, subject: FaultSubject, message: string, reason?: ConnectFailure]

const REFUSED: Failure = ['refused', 'connection', 'The server refused this login or its password', 'password']
const KEPT_OUT: Failure = ['refused', 'connection', 'The server does not let this login in', 'password']
const NO_DATABASE: Failure = ['not_found', 'database', 'There is no database of this name on the server', 'database']
const NOT_ALLOWED: Failure = ['missing_right', 'database', 'This login may not connect to the database', 'rights']
const NOT_LISTENING: Failure = ['unavailable', 'server', 'Nothing answers at this address', 'refused']
const TOO_LATE: Failure = ['unavailable', 'server', 'The server did not answer in time', 'timeout']
const NO_NAME: Failure = ['unavailable', 'server', 'The host name could not be resolved', 'name']
const UNTRUSTED: Failure = ['unavailable', 'server', "The server's certificate is not trusted", 'certificate']
const NO_TLS: Failure = ['unavailable', 'server', 'No protected link could be agreed on with the server', 'tls']
const WANTS_TLS: Failure = ['unavailable', 'server', 'The server lets this login in over TLS only', 'tls']
const WRONG_SERVER: Failure = ['unavailable', 'server', 'What answers there is no MySQL or MariaDB', 'wrong-server']
const NOT_OUR_WAY: Failure = [
  'refused',
  'connection',
  'The server wants this login to prove itself in a way that is not supported',
  'password',
]
const BROKEN: Failure = ['unavailable', 'server', 'The link to the server broke']

/** By the server's own numbers. */
const CONNECT_BY_NUMBER: Readonly<Record<number, Failure>> = {
  1044: NOT_ALLOWED,
  1045: REFUSED,
  1049: NO_DATABASE,
  1130: KEPT_OUT, // from this address
  1131: REFUSED,
  1524: NOT_OUR_WAY, // its plug-in is not loaded
  1698: REFUSED,
  1862: KEPT_OUT, // its password has expired
  3118: KEPT_OUT, // locked, to MySQL
  3159: WANTS_TLS,
  4151: KEPT_OUT, // locked, to MariaDB
}

const CONNECT_BY_CODE: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: NOT_LISTENING,
  EHOSTUNREACH: NOT_LISTENING,
  ENETUNREACH: NOT_LISTENING,
  EADDRNOTAVAIL: NOT_LISTENING,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ETIMEDOUT: TOO_LATE,
  HANDSHAKE_NO_SSL_SUPPORT: NO_TLS,
  HANDSHAKE_UNKNOWN_ERROR: WRONG_SERVER,
  AUTH_SWITCH_PLUGIN_ERROR: NOT_OUR_WAY,
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: NOT_OUR_WAY,
  PROTOCOL_ERROR: WRONG_SERVER,
}

/** What answers doesn't speak the family's protocol. */
export class NotMysql extends Error {
  override readonly name = 'NotMysql'
}

/** Connecting failed: as a fault that says which of the known reasons it was. */
export function connectFault(error: unknown): Fault {
  if (isFault(error)) return error
  const number = numberOf(error)
  if (number !== undefined && !CONNECT_BY_NUMBER[number]) return statementFault(error)
  const [code, subject, message, reason] = failureOf(error, number)
  return new Fault(code, subject, message, { reason, cause: scrubbed(error) })
}

function failureOf(error: unknown, number: number | undefined): Failure {
  if (number !== undefined) return CONNECT_BY_NUMBER[number]!
  if (error instanceof NotMysql) return WRONG_SERVER
  const code = codeOf(error)
  if (code === 'HANDSHAKE_SSL_ERROR' || code === 'ERR_TLS_CERT_ALTNAME_INVALID') return tlsFailure(error)
  return CONNECT_BY_CODE[code] ?? (/^ERR_OSSL|^ERR_SSL|^EPROTO/.test(code) ? NO_TLS : BROKEN)
}

// The driver puts its own code over OpenSSL's, but leaves its English reason: "self-signed certificate", "Hostname/IP does not match …".
function tlsFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : ''
  return /certificate|altname|issuer|CRL/i.test(message) ? UNTRUSTED : NO_TLS
}
