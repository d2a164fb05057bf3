import type { Instance } from '../../domain/servers/instance.ts'
import { type DatabaseUser, type UserKey, userKeyFrom, userKeyText } from '../../domain/users/user.ts'
import type { AdminClient } from '../../engines/engine.ts'
import type { Tables } from '../../store/store.ts'

/** The login of this key. Where its server does not call it a login (any more), what we remember of it may. */
export async function findLogin(
  tables: Tables,
  client: AdminClient,
  instance: Instance,
  key: UserKey,
): Promise<DatabaseUser | undefined> {
  const found = await client.findUser(key)
  if (found) return found
  const incarnation = await knownIncarnation(tables, instance, key)
  return incarnation === undefined ? undefined : client.findUser(key, incarnation)
}

/** Which login of this key we remember. */
export async function knownIncarnation(tables: Tables, { id }: Instance, key: UserKey): Promise<string | undefined> {
  return (await tables.users.find(id, userKeyText(key)))?.incarnation
}

/** The same of many names, where a name is all of a key. */
export async function knownIncarnations(
  tables: Tables,
  { id }: Instance,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const records = await tables.users.findMany(
    id,
    names.map(name => userKeyText({ name })),
  )
  const known = [...records.values()].flatMap(({ key, incarnation }): [string, string][] =>
    incarnation === undefined ? [] : [[userKeyFrom(key).name, incarnation]],
  )
  return new Map(known)
}
