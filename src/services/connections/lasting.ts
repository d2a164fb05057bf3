import { Fault } from '../../domain/fault.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import { userKeyText } from '../../domain/users/user.ts'
import type { EngineDescription } from '../../engines/engine.ts'
import type { Tables } from '../../store/store.ts'
import { wholeKey } from '../users/account-key.ts'
import type { ConnectionWish } from './connection-wish.ts'

/**
 * Throws where the login is promised an end: it would cut the connection off, or never come. Where several logins have one name nobody
 * but their server knows which one it will be: that one is protected from the first time that it lets the connection in.
 */
export async function checkLasts(
  tables: Tables,
  about: EngineDescription,
  instance: Instance,
  { username, authDatabase }: Pick<ConnectionWish, 'username' | 'authDatabase'>,
): Promise<void> {
  if (about.capabilities.userHost) return
  const key = userKeyText(wholeKey(about, instance, { name: username, authDatabase }))
  const end = (await tables.expiries.findMany(instance.id, [key])).get(key)
  if (!end) return
  const when = new Date(end.due).toISOString()
  throw new Fault('in_use', 'user', `${username} goes at ${when}: take its validUntil away before a connection uses it`)
}
