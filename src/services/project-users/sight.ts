import type { Connection } from '../../domain/connection.ts'
import type { Page } from '../../domain/page.ts'
import { type DatabaseUser, type UserIdentity, userKeyText } from '../../domain/user.ts'
import { wholeKey } from '../users/account-key.ts'
import type { Cluster, ProjectParts } from './project-user.ts'

/** What was seen of the logins on a project's servers, and which of them could not be asked. */
export interface Sight<Login extends UserIdentity = DatabaseUser> {
  readonly clusters: readonly Cluster[]
  /** Logins by their key, of each server that answered. */
  readonly seen: ReadonlyMap<string, ReadonlyMap<string, Login>>
  readonly unreachable: readonly Cluster[]
}

/** So many times faster than all of them. */
const ONE_LOOK = 4

/** A page of a server's logins. */
const AT_ONCE = 1_000

/** Looks at every server, side by side: at one login, or at all. */
export async function lookAt(
  parts: ProjectParts,
  clusters: readonly Cluster[],
  signal: AbortSignal,
  key?: string,
): Promise<Sight> {
  const seen = new Map<string, ReadonlyMap<string, DatabaseUser>>()
  // A change looks at one, and has to leave time for what it is to do.
  const most = key === undefined ? parts.rules.perInstanceMs : parts.rules.perInstanceMs / ONE_LOOK
  const until = AbortSignal.any([signal, AbortSignal.timeout(most)])
  const look = async (cluster: Cluster) => {
    const users =
      key === undefined ? await everyLogin(parts, cluster, until) : await oneLogin(parts, cluster, until, key)
    const own = await ownLogins(parts, cluster, ({ provedAt }) => provedAt !== undefined)
    seen.set(cluster.instance.id, new Map(users.filter(user => !own.has(userKeyText(user))).map(byKey)))
  }
  await Promise.all(clusters.map(cluster => look(cluster).catch(() => undefined)))
  return { clusters, seen, unreachable: clusters.filter(({ instance }) => !seen.has(instance.id)) }
}

const byKey = (user: DatabaseUser) => [userKeyText(user), user] as const

async function oneLogin({ links }: ProjectParts, { instance }: Cluster, signal: AbortSignal, key: string) {
  const [name, , authDatabase] = JSON.parse(key) as [string, string, string]
  const user = await links.read(instance, signal, client => client.findUser({ name, authDatabase }))
  return user ? [user] : []
}

/** Requests for the same rows that come meanwhile share the next query. */
async function everyLogin({ links }: ProjectParts, { instance }: Cluster, signal: AbortSignal) {
  const all: DatabaseUser[] = []
  for (let page: Page<DatabaseUser> | undefined; !page || page.next !== undefined; ) {
    const wanted = { limit: AT_ONCE, after: page?.next }
    page = await links.readShared(instance, `users ${JSON.stringify(wanted)}`, signal, client =>
      client.listUsers(wanted),
    )
    all.push(...page.items)
  }
  return all
}

/** The logins that Rolecall itself uses there, or would, by their keys. Anybody may name one: those that worked are proved. */
export async function ownLogins(
  { store, links }: ProjectParts,
  { instance }: Cluster,
  which: (connection: Connection) => boolean = () => true,
): Promise<ReadonlySet<string>> {
  const { about } = links.engineOf(instance)
  const keyOf = ({ username, authDatabase }: Connection) =>
    userKeyText(wholeKey(about, instance, { name: username, authDatabase }))
  return new Set((await store.read.connections.ofInstance(instance.id)).filter(which).map(keyOf))
}
