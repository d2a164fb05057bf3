import type { Page } from '../../../domain/page.ts'
import { type DatabaseUser, type UserIdentity, type UserKey, userKeyText } from '../../../domain/users/user.ts'
import type { AdminClient } from '../../../engines/engine.ts'
import type { Cluster, ProjectParts } from '../project-user.ts'
import { findUsers, noProjectUsers, ownLogins } from '../sight.ts'

/** The logins of one server that a project may list. It throws where its server can't be asked, or takes longer than it may. */
export interface Logins {
  readonly cluster: Cluster
  /** Which there are, in the order of `projectOrder`, some at a time. */
  identities(): AsyncGenerator<readonly UserIdentity[], void>
  /** What those of them that are there look like now, by key. */
  rows(keys: readonly string[]): Promise<ReadonlyMap<string, DatabaseUser>>
}

/** So few are read whole at once: for most projects that is all, in one question. */
const FEW = 100

/** Names, numbers and marks: a megabyte at most, usually, and tens of thousands of logins take few questions. */
const AT_ONCE = 5_000

/** Databases whose logins are users of a project, in their order; others have them for themselves. */
const USER_DATABASES = ['$external', 'admin']

export function isUserOfProject({ name, authDatabase = '' }: UserKey): boolean {
  return USER_DATABASES.includes(authDatabase) && name !== '__system'
}

/** By database, then by name, as the servers have them: by code points. */
export function projectOrder(one: UserKey, other: UserKey): number {
  const [left = '', right = ''] = [one.authDatabase, other.authDatabase]
  if (left !== right) return left < right ? -1 : 1
  return byCodePoints(one.name, other.name)
}

// `<` has characters beyond the basic plane before some that are in it.
function byCodePoints(one: string, other: string): number {
  if (one === other) return 0
  if (/[\ud800-\udfff]/.test(one + other)) return Buffer.compare(Buffer.from(one), Buffer.from(other))
  return one < other ? -1 : 1
}

export async function loginsOf(parts: ProjectParts, cluster: Cluster, signal: AbortSignal): Promise<Logins> {
  const ask = asking(parts, cluster, signal)
  const few = { limit: FEW }
  const first = await ask(`users ${JSON.stringify(few)}`, client => client.listUsers(few))
  // Only then: the first contact proves whose a login is.
  const own = await ownLogins(parts, cluster, ({ provedAt }) => provedAt !== undefined)
  const isListed = (login: UserIdentity) => isUserOfProject(login) && !own.has(userKeyText(login))
  const whole = first.next === undefined ? first.items.filter(isListed).toSorted(projectOrder) : undefined

  async function* identities(): AsyncGenerator<readonly UserIdentity[], void> {
    if (whole) return yield whole
    for (const authDatabase of USER_DATABASES)
      for await (const some of identitiesIn(ask, authDatabase)) yield some.filter(isListed)
  }

  async function rows(keys: readonly string[]): Promise<ReadonlyMap<string, DatabaseUser>> {
    const found =
      whole ?? (await ask(`users of ${JSON.stringify(keys)}`, client => findUsers(client, keys))).filter(isListed)
    return new Map(found.map(user => [userKeyText(user), user]))
  }

  return { cluster, identities, rows }
}

type Ask = <T>(rows: string, work: (client: AdminClient) => Promise<T>) => Promise<T>

/** All that a server is asked may take its share of time together. Requests for the same rows that come meanwhile share the next query. */
function asking({ links, rules }: ProjectParts, { instance }: Cluster, signal: AbortSignal): Ask {
  let left = rules.perInstanceMs
  return async (rows, work) => {
    const began = performance.now()
    const until = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, Math.ceil(left)))])
    const found = await links.readShared(instance, rows, until, work)
    left -= performance.now() - began
    return found
  }
}

async function* identitiesIn(ask: Ask, authDatabase: string): AsyncGenerator<readonly UserIdentity[], void> {
  for (let page: Page<UserIdentity> | undefined; !page || page.next !== undefined; ) {
    const wanted = { authDatabase, after: page?.next, limit: AT_ONCE }
    const rows = `identities ${JSON.stringify(wanted)}`
    page = await ask(rows, async client => client.listIdentities?.(wanted) ?? noProjectUsers())
    yield page.items
  }
}
