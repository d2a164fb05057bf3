import { saslprep } from '@mongodb-js/saslprep'
import type { Secret } from '../../../domain/secret.ts'
import type { Refusal } from '../../engine.ts'
import type { Login } from './read.ts'

/** RFC 3454 has it among what is left out and among spaces: some prepare it the one way, some the other. */
const TWO_WAYS = '\u200b'

/** Can a client log in with it: it prepares it first, as the server does, and knows nothing for some characters. */
export function isPreparable(password: Secret): boolean {
  try {
    return !password.reveal().includes(TWO_WAYS) && saslprep(password.reveal()) !== ''
  } catch {
    return false
  }
}

/** Logins that are kept there prove who they are by certificates and the like. */
const EXTERNAL = '$external'

/** `database`: that of a login that there is. */
export function refusalsOfPassword(password: Secret, database?: string): readonly Refusal[] {
  if (database === EXTERNAL)
    return [{ code: 'unsupported', subject: 'user', message: `Nobody logs in by a password in ${EXTERNAL}` }]
  if (isPreparable(password)) return []
  const message = 'The password has characters that no client could log in with (SASLprep has nothing for them)'
  return [{ code: 'invalid', subject: 'user', message }]
}

/**
 * Can a log-in prove that a password is this login's? A locked one may be let in from nowhere; and drivers and servers write `=` and `,` of
 * a name each in their own way while they log in. Both may be turned away with the right password.
 */
export function isProvable({ user, locked }: Login): boolean {
  return !locked && !/[=,]/.test(user)
}
