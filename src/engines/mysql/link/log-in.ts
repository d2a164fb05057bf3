import { type Fault, toFault } from '../../../domain/fault.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Target } from '../../engine.ts'
import { numberBehind } from '../faults.ts'
import { connectTo } from './connect.ts'
import type { Dial } from './session.ts'

/**
 * Tries a login. What the server says after it took the password (no right to this database, no more sessions for it) proves the
 * password all the same; a rule that keeps this address out says nothing of it, and is a fault.
 */
export async function canLogIn(
  dial: Dial,
  target: Target,
  key: UserKey,
  password: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  const asUser: Target = { ...target, username: key.name, password, database: '', tls: withoutCertificate(target.tls) }
  try {
    const link = await connectTo(dial, asUser, 'rolecall/login', signal)
    await link.close()
    return true
  } catch (error) {
    const number = numberBehind(toFault(error) as Fault)
    if (number !== undefined && REFUSALS.has(number)) return false
    if (number !== undefined && PROOFS.has(number)) return true
    throw error
  }
}

// The managing login's certificate says who it is: it would be the wrong name for another login.
function withoutCertificate(tls: Target['tls']): Target['tls'] {
  return { ...tls, clientCertificate: undefined, clientKey: undefined }
}

/** Wrong password or name; locked, to MySQL and to MariaDB. */
const REFUSALS: ReadonlySet<number> = new Set([1045, 1698, 3118, 4151])

/** No right to the database; its own limits of sessions are reached; its password has expired. */
const PROOFS: ReadonlySet<number> = new Set([1044, 1203, 1226, 1820, 1862])
