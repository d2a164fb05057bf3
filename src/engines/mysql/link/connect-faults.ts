import { Fault, isFault } from '../../../domain/fault.ts'
import {
  BROKEN,
  BY_SOCKET,
  type Failure,
  KEPT_OUT,
  NO_DATABASE,
  NO_TLS,
  NOT_ALLOWED,
  REFUSED,
  UNTRUSTED,
} from '../../connect-failures.ts'
import { codeOf, numberOf, scrubbed, statementFault } from '../faults.ts'

const WANTS_TLS: Failure = ['unavailable', 'server', 'The server lets this login in over TLS only', 'tls']
const WRONG_SERVER: Failure = ['unavailable', 'server', 'What answers there is no MySQL or MariaDB', 'wrong-server']
const NOT_OUR_WAY: Failure = [
  'refused',
  'connection',
  'The server wants this login to prove itself in a way that is not supported',
  'password',
]

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
  ...BY_SOCKET,
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
