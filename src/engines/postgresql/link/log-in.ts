import { type Fault, toFault } from '../../../domain/fault.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Target } from '../../engine.ts'
import { routineOf, stateOf } from '../faults.ts'
import { connectTo } from './connect.ts'
import type { Dial } from './session.ts'

/**
 * Tries a login. What the server says after it took the password (no right to connect to this database) proves the password all the
 * same; a rule of pg_hba.conf that keeps the login out says nothing of it, and is a fault.
 */
export async function canLogIn(
  dial: Dial,
  target: Target,
  key: UserKey,
  password: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  const asUser: Target = { ...target, username: key.name, password, tls: withoutCertificate(target.tls) }
  try {
    const link = await connectTo(dial, asUser, 'rolecall/login', signal)
    await link.close()
    return true
  } catch (error) {
    const fault = toFault(error)
    if (isRefusal(fault)) return false
    if (stateOf(fault) === '42501') return true
    throw fault
  }
}

// The managing login's certificate says who it is: it would be the wrong name for another login.
function withoutCertificate(tls: Target['tls']): Target['tls'] {
  return { ...tls, clientCertificate: undefined, clientKey: undefined }
}

function isRefusal(fault: Fault): boolean {
  const state = stateOf(fault)
  // `ClientAuthentication` raises 28000 for pg_hba.conf; a login that is locked or not there comes from elsewhere.
  return state === '28P01' || (state === '28000' && routineOf(fault) !== 'ClientAuthentication')
}
