import type { Connection } from '../../domain/servers/connection.ts'
import { userKeyFrom, userKeyText } from '../../domain/users/user.ts'
import { wholeKey } from '../users/account-key.ts'
import { connectionsElsewhere } from '../users/elsewhere.ts'
import type { Cluster, ProjectParts } from './project-user.ts'

/** Does another instance, maybe of another project, log in so to the same server, which it calls by another name. */
export async function isKeptElsewhere(parts: ProjectParts, { instance }: Cluster, key: string): Promise<boolean> {
  const { about } = parts.links.engineOf(instance)
  const keyOf = ({ username, authDatabase }: Connection) =>
    userKeyText(wholeKey(about, instance, { name: username, authDatabase }))
  const others = await connectionsElsewhere(parts, instance, userKeyFrom(key).name)
  return others.some(one => keyOf(one) === key)
}
