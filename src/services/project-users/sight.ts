import { Fault } from '../../domain/fault.ts'
import type { Page } from '../../domain/page.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import { type DatabaseUser, type UserIdentity, userKeyFrom, userKeyText } from '../../domain/users/user.ts'
import type { AdminClient } from '../../engines/engine.ts'
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

/** As many as the longest page of a list has. */
const SOME = 500

/** Looks at every server, side by side: at one login, at some, or at all. */
export async function lookAt(
  parts: ProjectParts,
  clusters: readonly Cluster[],
  signal: AbortSignal,
  keys?: string | readonly string[],
): Promise<Sight> {
  const seen = new Map<string, ReadonlyMap<string, DatabaseUser>>()
  // A change looks at one, and has to leave time for what it is to do.
  const most = typeof keys === 'string' ? parts.rules.perInstanceMs / ONE_LOOK : parts.rules.perInstanceMs
  const until = AbortSignal.any([signal, AbortSignal.timeout(most)])
  const look = async (cluster: Cluster) => {
    const users =
      keys === undefined
        ? await everyLogin(parts, cluster, until)
        : await someLogins(parts, cluster, until, [keys].flat())
    const own = await ownLogins(parts, cluster, ({ provedAt }) => provedAt !== undefined)
    seen.set(cluster.instance.id, new Map(users.filter(user => !own.has(userKeyText(user))).map(byKey)))
  }
  await Promise.all(clusters.map(cluster => look(cluster).catch(() => undefined)))
  return { clusters, seen, unreachable: clusters.filter(({ instance }) => !seen.has(instance.id)) }
}

const byKey = (user: DatabaseUser) => [userKeyText(user), user] as const

async function someLogins(
  { links }: ProjectParts,
  { instance }: Cluster,
  signal: AbortSignal,
  keys: readonly string[],
): Promise<readonly DatabaseUser[]> {
  const found: DatabaseUser[] = []
  for (let from = 0; from < keys.length; from += SOME) {
    const some = keys.slice(from, from + SOME)
    found.push(...(await links.read(instance, signal, client => findUsers(client, some))))
  }
  return found
}

/** In one question. */
export async function findUsers(client: AdminClient, keys: readonly string[]): Promise<readonly DatabaseUser[]> {
  return client.findUsers?.(keys.map(userKeyFrom)) ?? noProjectUsers()
}

export function noProjectUsers(): never {
  throw new Fault('unsupported', 'instance', 'Logins of this engine are no users of a project')
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
