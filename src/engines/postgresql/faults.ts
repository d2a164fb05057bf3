import { Fault, type FaultCode, type FaultDetails, type FaultSubject, isFault } from '../../domain/fault.ts'

type Named = readonly [code: FaultCode, subject: FaultSubject, message: string]

/** What SQLSTATEs mean to us, where the code alone tells. */
const BY_STATE: Readonly<Record<string, Named>> = {
  '42710': ['exists', 'user', 'There already is a role of this name'],
  '42P04': ['exists', 'database', 'There already is a database of this name'],
  '42704': ['not_found', 'role', 'A role that this needs is not there (any more)'],
  '3D000': ['not_found', 'database', 'There is no database of this name'],
  '55006': ['in_use', 'database', 'Somebody is connected to this database'],
  '42939': ['invalid', 'user', 'PostgreSQL keeps this name for itself'],
  '42602': ['invalid', 'user', 'PostgreSQL takes no such name'],
  '42622': ['invalid', 'user', 'The name is too long: names end at 63 bytes here'],
  '22021': ['invalid', 'request', 'PostgreSQL takes no such character'],
  '22023': ['invalid', 'request', 'The server knows no such value'],
  '0A000': ['unsupported', 'server', 'This server cannot do that'],
  '25006': ['read_only', 'server', 'The server takes no changes: it is a standby, or set to read only'],
  '57014': ['timeout', 'server', 'The server did not finish in time, and was told to stop'],
  '55P03': ['timeout', 'server', 'Another session holds what this needs, and did not let go in time'],
  '40P01': ['conflict', 'server', 'The statement and another one waited for each other'],
  '40001': ['conflict', 'server', 'Another change came in between'],
  '23505': ['conflict', 'server', 'Another change came in between'],
  '57P03': ['unavailable', 'server', 'The server is starting up or shutting down'],
}

/** The same by class, the first two characters. */
const BY_CLASS: Readonly<Record<string, Named>> = {
  '08': ['unavailable', 'server', 'The link to the server broke'],
  '53': ['unavailable', 'server', 'The server has no room for another session, or has run out of something'],
  '57': ['unavailable', 'server', 'The server ended the session'],
  '58': ['unavailable', 'server', 'The server had trouble with its own machine'],
}

/** A statement failed: as the one error that may leave this folder. Never carries the statement. */
export function statementFault(error: unknown): Fault {
  if (isFault(error)) return error
  const { code, message } = fieldsOf(error)
  const cause = scrubbed(error)
  if (!isState(code)) return new Fault('unavailable', 'server', 'The link to the server broke', { cause })
  if (code === '42501') return new Fault('missing_right', 'server', missingRight(error), { cause })
  // Two grants on one object at once: the second finds the row changed, and says so under the code for bugs.
  if (code === 'XX000' && message.includes('concurrently')) return named(BY_STATE['40001']!, { cause })
  if (code === '2BP01') return new Fault('in_use', 'user', dependants(error), { cause })
  const known = BY_STATE[code] ?? BY_CLASS[code.slice(0, 2)]
  return known
    ? named(known, { cause })
    : named(['refused', 'server', `The server refused the statement (SQLSTATE ${code})`], { cause })
}

export function readOnlyFault(): Fault {
  return new Fault('read_only', 'server', 'This server is a standby: it is never written to')
}

/** The server's own code of a failure that was scrubbed; undefined where it was none of the server's. */
export function stateOf(fault: Fault): string | undefined {
  const { cause } = fault.details
  return cause instanceof ServerError ? cause.state : undefined
}

/** The server function that raised it: not translated, and tells apart what one SQLSTATE lumps together. */
export function routineOf(fault: Fault): string | undefined {
  const { cause } = fault.details
  return cause instanceof ServerError ? cause.routine : undefined
}

/** What is kept of a driver's error: no message, for a server may quote the statement, and with it a verifier. */
class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly state: string
  readonly routine: string

  constructor(state: string, routine: string) {
    super(`${state || 'no code'}${routine ? ` in ${routine}` : ''}`)
    this.state = state
    this.routine = routine
  }
}

interface ErrorFields {
  readonly code: string
  readonly message: string
  readonly detail: string
  readonly routine: string
}

export function fieldsOf(error: unknown): ErrorFields {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
  const text = (key: keyof ErrorFields) => (typeof fields[key] === 'string' ? (fields[key] as string) : '')
  return { code: text('code'), message: text('message'), detail: text('detail'), routine: text('routine') }
}

export function scrubbed(error: unknown): Error {
  const { code, routine } = fieldsOf(error)
  return new ServerError(code, routine)
}

// "permission denied for table orders" and its detail name objects and roles, never the statement.
function missingRight(error: unknown): string {
  const { message, detail } = fieldsOf(error)
  return `The managing login lacks a right: ${[message, detail].filter(Boolean).join('. ')}`
}

const DEPENDANTS_SHOWN = 5

// The detail has a line for each: "privileges for table orders".
function dependants(error: unknown): string {
  const lines = fieldsOf(error)
    .detail.split('\n')
    .filter(line => line !== '')
  const more = lines.length > DEPENDANTS_SHOWN ? ', …' : ''
  const named = lines.length === 0 ? '' : `: ${lines.slice(0, DEPENDANTS_SHOWN).join(', ')}${more}`
  return `Something still depends on this login${named}`
}

export const isState = (code: string) => /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)

function named([code, subject, message]: Named, details: FaultDetails): Fault {
  return new Fault(code, subject, message, details)
}
