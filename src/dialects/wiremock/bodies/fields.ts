import type { Violation } from '../../../domain/fault.ts'
import type { Wrong } from './shape.ts'

/** Where this dialect has what the services call by another name; everything that is not here is an option. */
const PLACES: Readonly<Record<string, string>> = {
  name: 'connectionName',
  engine: 'databaseType',
  host: 'host',
  port: 'port',
  database: 'databaseName',
  username: 'username',
  password: 'password',
  credential: 'password',
  tls: 'rolecall/tls',
}

/** Where a body says a connection; in all others fields are called as the services call them. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(['', '/databaseConnection'])

const OF_INVITATIONS: Readonly<Record<string, string>> = { '/email': '/recipientEmailAddress', '/to': '/aclObjectId' }

/** What a service found wrong, as whole sentences, with pointers into the body. Values are not told back: a host may hold a password. */
export function toWrongs(violations: readonly Violation[], envelope: string): readonly Wrong[] {
  return violations.map(({ pointer: native, detail }) => {
    const pointer =
      envelope + (OF_CONNECTIONS.has(envelope) ? `/${placeOf(native)}` : (OF_INVITATIONS[native] ?? native))
    return { pointer, detail: `json pointer ${pointer} has a value that is not acceptable; it ${detail}` }
  })
}

function placeOf(native: string): string {
  const [, first = '', ...rest] = native.split('/')
  return [PLACES[first] ?? `rolecall/options/${first}`, ...rest].join('/')
}
