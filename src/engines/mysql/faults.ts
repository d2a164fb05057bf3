import { Fault, type FaultCode, type FaultSubject, isFault } from '../../domain/fault.ts'

type Named = readonly [code: FaultCode, subject: FaultSubject, message: string]

const LACKS: Named = ['missing_right', 'server', 'The managing login lacks a right that this needs']
const NO_ROOM: Named = [
  'unavailable',
  'server',
  'The server has no room for another session, or has run out of something',
]
const ENDED: Named = ['unavailable', 'server', 'The server ended the session']
const READ_ONLY: Named = ['read_only', 'server', 'The server takes no changes: it is a standby, or set to read only']
const WEAK: Named = ['invalid', 'user', "The server's own rules for passwords refuse this one"]
const SLOW: Named = ['timeout', 'server', 'The server did not finish in time, and was told to stop']
const HELD: Named = ['timeout', 'server', 'Another session holds what this needs, and did not let go in time']

/** What the server's numbers mean to us. Its texts are translated, and quote the statement. */
const BY_NUMBER: Readonly<Record<number, Named>> = {
  1007: ['exists', 'database', 'There already is a database of this name'],
  1008: ['not_found', 'database', 'There is no database of this name'],
  1021: NO_ROOM,
  1037: NO_ROOM,
  1040: NO_ROOM,
  1041: NO_ROOM,
  1044: LACKS,
  1045: LACKS,
  1049: ['not_found', 'database', 'There is no database of this name'],
  1053: ENDED,
  1059: ['invalid', 'request', 'The name is too long for this server'],
  1102: ['invalid', 'database', 'The server takes no such name for a database'],
  1115: ['invalid', 'database', 'The server knows no such character set'],
  1129: ['unavailable', 'server', 'The server has blocked this address after too many failed links'],
  1133: ['conflict', 'user', 'There is no such login any more'],
  1141: ['conflict', 'grant', 'The grant was not there any more'],
  1142: LACKS,
  1143: LACKS,
  1146: ['not_found', 'table', 'There is no such table or view'],
  1147: ['conflict', 'grant', 'The grant was not there any more'],
  1152: ENDED,
  1158: ENDED,
  1159: ENDED,
  1160: ENDED,
  1161: ENDED,
  1203: NO_ROOM,
  1205: HELD,
  1213: ['conflict', 'server', 'The statement and another one waited for each other'],
  1226: NO_ROOM,
  1227: LACKS,
  1273: ['invalid', 'database', 'The server knows no such collation'],
  1317: SLOW,
  1370: LACKS,
  1396: ['conflict', 'user', 'Another change of this login came in between'],
  1410: ['conflict', 'user', 'There is no such login any more'], // a GRANT would have made one, long ago
  1470: ['invalid', 'request', 'The name is too long for this server'],
  1524: ['unsupported', 'user', 'The server does not load this way of checking passwords'],
  1792: READ_ONLY,
  1819: WEAK,
  1836: READ_ONLY,
  1927: ENDED,
  1969: SLOW,
  3024: SLOW,
  3159: ['unavailable', 'server', 'The server lets this login in over TLS only'],
  3168: ENDED,
  3169: ENDED,
  3523: ['not_found', 'role', 'A role that this needs is not there (any more)'],
  4031: ENDED,
}

/** Refused because of how the server was started; the option is named in the text, and options are not translated. */
const OPTION_PREVENTS = 1290

/** A statement failed: as the one error that may leave this folder. Never carries the statement. */
export function statementFault(error: unknown): Fault {
  if (isFault(error)) return error
  const number = numberOf(error)
  const cause = scrubbed(error)
  if (number === undefined) return new Fault('unavailable', 'server', 'The link to the server broke', { cause })
  const [code, subject, message] =
    number === OPTION_PREVENTS ? preventedBy(error) : (BY_NUMBER[number] ?? refused(number))
  return new Fault(code, subject, message, { cause })
}

const refused = (number: number): Named => ['refused', 'server', `The server refused the statement (error ${number})`]

function preventedBy(error: unknown): Named {
  const text = error instanceof Error ? error.message : ''
  if (/read[-_]only/i.test(text)) return READ_ONLY
  if (!/strict[-_]password[-_]validation/i.test(text)) return refused(OPTION_PREVENTS)
  return [
    'refused',
    'server',
    'This server checks passwords itself and takes no hashes: set strict_password_validation to OFF there',
  ]
}

export function readOnlyFault(): Fault {
  return new Fault('read_only', 'server', 'This server is set to read only: it is never written to')
}

/** The server's own number of a failure that was scrubbed; undefined where it was none of the server's. */
export function numberBehind(fault: Fault): number | undefined {
  const { cause } = fault.details
  return cause instanceof ServerError ? cause.number : undefined
}

/** What is kept of a driver's error: no message, for a server quotes the statement, and with it a hash. */
class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly number: number | undefined

  constructor(code: string, number: number | undefined) {
    super(`${code || 'no code'}${number === undefined ? '' : ` (${number})`}`)
    this.number = number
  }
}

/** The number that the server gave; the driver's and the system's own errors have none, or one below 1000. */
export function numberOf(error: unknown): number | undefined {
  const { errno } = fieldsOf(error)
  return typeof errno === 'number' && errno >= 1000 ? errno : undefined
}

export function codeOf(error: unknown): string {
  const { code } = fieldsOf(error)
  return typeof code === 'string' ? code : ''
}

export function scrubbed(error: unknown): Error {
  return new ServerError(codeOf(error), numberOf(error))
}

function fieldsOf(error: unknown): Readonly<Record<string, unknown>> {
  return (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
}
