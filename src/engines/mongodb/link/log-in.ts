import { isFault } from '../../../domain/fault.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Target } from '../../engine.ts'
import { accountOf } from '../names.ts'
import { isPreparable } from '../users/passwords.ts'
import { connectTo } from './connect.ts'
import type { Dial } from './session.ts'

/** Tries a login. A locked one still proves who it is: the server knows no lock but the loss of its roles. */
export async function canLogIn(
  dial: Dial,
  target: Target,
  key: UserKey,
  password: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isPreparable(password)) return false
  // The managing login's certificate and mechanism say how that one proves itself.
  const tls = { ...target.tls, clientCertificate: undefined, clientKey: undefined }
  const { user, db } = accountOf(key)
  const asUser: Target = { ...target, username: user, password, authDatabase: db, mechanism: undefined, tls }
  try {
    const link = await connectTo(dial, asUser, { programName: 'rolecall/login' }, signal)
    await link.close()
    return true
  } catch (error) {
    if (isFault(error) && error.details.reason === 'password') return false
    throw error
  }
}
