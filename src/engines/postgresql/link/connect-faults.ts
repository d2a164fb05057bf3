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
  TOO_LATE,
  UNTRUSTED,
} from '../../connect-failures.ts'
import { fieldsOf, isState, scrubbed, statementFault } from '../faults.ts'

const CONNECT_BY_STATE: Readonly<Record<string, Failure>> = {
  '28P01': REFUSED,
  '28000': KEPT_OUT,
  '3D000': NO_DATABASE,
  '42501': NOT_ALLOWED,
}

const WRONG_SERVER: Failure = ['unavailable', 'server', 'What answers there is not a PostgreSQL server', 'wrong-server']
const NO_PASSWORD: Failure = ['refused', 'connection', 'The server asks for a password, and there is none', 'password']

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
  const known = error instanceof NotPostgres ? WRONG_SERVER : (CONNECT_BY_STATE[code] ?? BY_SOCKET[code])
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
