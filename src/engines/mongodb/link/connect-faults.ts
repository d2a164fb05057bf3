import { Fault, isFault } from '../../../domain/fault.ts'
import { BROKEN, BY_SOCKET, type Failure, NO_TLS, REFUSED, TOO_LATE, UNTRUSTED } from '../../connect-failures.ts'
import { commandFault, fieldsOf, numberOf, scrubbed } from '../faults.ts'

/** AuthenticationFailed. */
const AUTHENTICATION_FAILED = 18

/** Connecting failed: as a fault that says which of the known reasons it was. */
export function connectFault(error: unknown): Fault {
  if (isFault(error)) return error
  const number = numberOf(error)
  if (number !== undefined && number !== AUTHENTICATION_FAILED) return commandFault(error)
  const [code, subject, message, reason] = number === undefined ? failureOf(error) : REFUSED
  return new Fault(code, subject, message, { reason, cause: scrubbed(error) })
}

/** Unless something below says better. */
const WAITED_IN_VAIN = ['MongoNetworkTimeoutError', 'MongoServerSelectionError']

/** The driver wraps what the system said, sometimes more than once. */
function failureOf(error: unknown): Failure {
  let otherwise = BROKEN
  for (let one = error; one !== undefined && one !== null; one = fieldsOf(one).cause) {
    const { code, name } = fieldsOf(one)
    const known = typeof code === 'string' ? (BY_SOCKET[code] ?? tlsFailure(code)) : undefined
    if (known) return known
    if (WAITED_IN_VAIN.includes(String(name))) otherwise = TOO_LATE
  }
  return otherwise
}

const CERTIFICATE = /CERT|SELF_SIGNED|ISSUER|ALTNAME|CRL|^UNABLE_TO_/

function tlsFailure(code: string): Failure | undefined {
  if (CERTIFICATE.test(code)) return UNTRUSTED
  return /^ERR_OSSL|^ERR_SSL|^ERR_TLS|^EPROTO/.test(code) ? NO_TLS : undefined
}
