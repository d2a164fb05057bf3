import type { Instance } from '../../domain/servers/instance.ts'
import type { UserKey } from '../../domain/users/user.ts'
import type { EngineDescription } from '../../engines/engine.ts'

/**
 * A key with all its parts. Where a login is a name and a host, whoever gives no host means the instance's own for such accounts; where
 * it is kept in a database, whoever names none means the one that administrators use.
 */
export function wholeKey({ capabilities }: EngineDescription, instance: Instance, key: UserKey): UserKey {
  if (capabilities.authDatabase) return { ...key, authDatabase: key.authDatabase || ADMINISTRATORS }
  if (!capabilities.userHost) return key
  return { ...key, host: (key.host || instance.accountHost || ANYWHERE).toLowerCase() }
}

const ANYWHERE = '%'
const ADMINISTRATORS = 'admin'
