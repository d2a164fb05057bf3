import { type ConnectFailure, Fault, type FaultCode, type FaultSubject, isFault } from '../../../domain/fault.ts'
import { commandFault, fieldsOf, numberOf, scrubbed } from '../faults.ts'

type Failure = readonly [code: FaultCode, subject: FaultSubject, message: string, reason?: ConnectFailure]

const REFUSED: Failure = ['refused', 'connection', 'The server refused this login or its password', 'password']
const NOT_LISTENING: Failure = ['unavailable', 'server', 'Nothing answers at this address', 'refused']
const TOO_LATE: Failure = ['unavailable', 'server', 'The server did not answer in time', 'timeout']
const NO_NAME: Failure = ['unavailable', 'server', 'The host name could not be resolved', 'name']
const UNTRUSTED: Failure = ['unavailable', 'server', "The server's certificate is not trusted", 'certificate']
const NO_TLS: Failure = ['unavailable', 'server', 'No protected link could be agreed on with the server', 'tls']
const BROKEN: Failure = ['unavailable', 'server', 'The link to the server broke']

/** AuthenticationFailed. */
const AUTHENTICATION_FAILED = 18

const BY_CODE: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: NOT_LISTENING,
  EHOSTUNREACH: NOT_LISTENING,
  ENETUNREACH: NOT_LISTENING,
  EADDRNOTAVAIL: NOT_LISTENING,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ETIMEDOUT: TOO_LATE,
}

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
    const known = typeof code === 'string' ? (BY_CODE[code] ?? tlsFailure(code)) : undefined
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
