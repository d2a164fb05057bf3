import { Fault, type FaultCode, type FaultSubject, isFault } from '../../domain/fault.ts'

type Named = readonly [code: FaultCode, subject: FaultSubject, message: string]

const LACKS: Named = ['missing_right', 'server', 'The login lacks a right that this needs']
const ENDED: Named = ['unavailable', 'server', 'The server is going down, or ended the session']
const NOT_PRIMARY: Named = ['unavailable', 'server', 'The server is the primary no more']
const SLOW: Named = ['timeout', 'server', 'The server did not finish in time, and was told to stop']
const INVALID: Named = ['invalid', 'request', 'The server takes no such name or value']

/** What the server's numbers mean to us. Its texts quote what it was sent. */
const BY_NUMBER: Readonly<Record<number, Named>> = {
  2: INVALID,
  9: INVALID,
  11: ['conflict', 'user', 'There is no such login any more'],
  13: LACKS,
  14: INVALID,
  26: ['not_found', 'table', 'There is no such collection'],
  31: ['not_found', 'role', 'A role that this needs is not there (any more)'],
  46: ['timeout', 'server', 'Another session holds what this needs, and did not let go in time'],
  48: ['exists', 'database', 'There already is a collection of this name'],
  50: SLOW,
  59: ['unsupported', 'server', 'The server has no such command'],
  73: ['invalid', 'database', 'The server takes no such name'],
  91: ENDED,
  112: ['conflict', 'server', 'Another change came in between'],
  189: NOT_PRIMARY,
  262: SLOW,
  10107: NOT_PRIMARY,
  11600: ENDED,
  11601: SLOW,
  11602: NOT_PRIMARY,
  13435: NOT_PRIMARY,
  13436: NOT_PRIMARY,
  51002: ['exists', 'role', 'There already is a role of this name'],
  51003: ['exists', 'user', 'There already is a login of this name'],
}

/** A command failed: as the one error that may leave this folder. Never carries the command. */
export function commandFault(error: unknown): Fault {
  if (isFault(error)) return error
  const number = numberOf(error)
  const cause = scrubbed(error)
  if (number === undefined) return new Fault('unavailable', 'server', 'The link to the server broke', { cause })
  const [code, subject, message] = BY_NUMBER[number] ?? refused(number)
  return new Fault(code, subject, message, { cause })
}

const refused = (number: number): Named => ['refused', 'server', `The server refused the command (error ${number})`]

export function readOnlyFault(): Fault {
  return new Fault('read_only', 'server', 'This server is a secondary, or takes no changes: it is never written to')
}

/** The server's own number behind a fault; undefined where it was none of the server's. */
export function numberBehind({ details: { cause } }: Fault): number | undefined {
  return cause instanceof ServerError ? cause.number : undefined
}

/** What is kept of a driver's error: no message, for a server quotes what it was sent. */
class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly number: number | undefined

  constructor(label: string, number: number | undefined) {
    super(`${label}${number === undefined ? '' : ` (${number})`}`)
    this.number = number
  }
}

/** Only the server numbers its errors; the driver's and the system's have names. */
export function numberOf(error: unknown): number | undefined {
  const { code } = fieldsOf(error)
  return typeof code === 'number' ? code : undefined
}

export function scrubbed(error: unknown): Error {
  const { name, code } = fieldsOf(error)
  return new ServerError(typeof code === 'string' ? code : String(name ?? 'Error'), numberOf(error))
}

export function fieldsOf(error: unknown): Readonly<Record<string, unknown>> {
  return (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
}
