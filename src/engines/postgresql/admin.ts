import type { Grant } from '../../domain/users/grant.ts'
import type { UserKey } from '../../domain/users/user.ts'
import type { AdminClient, FoundBehind, Step } from '../engine.ts'
import { findDatabase, listDatabases } from './databases/read.ts'
import type { TakeFacts } from './facts/facts-ahead.ts'
import { readFacts } from './facts/facts-of.ts'
import { missingRights } from './facts/rights.ts'
import { userWithMissing } from './grants/missing.ts'
import { listGrants } from './grants/read.ts'
import type { Link } from './link/link.ts'
import type { Links } from './link/links.ts'
import { factsFrom } from './link/server.ts'
import { listRoles } from './roles.ts'
import { runStep } from './run.ts'
import { previewTable } from './tables.ts'
import { findRole, isUser, listUsers, nameOf, type UserRow } from './users/read.ts'
import { listSessions } from './users/sessions.ts'

/** An admin client over one attempt's sessions: it asks and acts, and decides nothing. */
export function adminClient(links: Links, ahead?: TakeFacts): AdminClient {
  const { main, signal } = links
  // Whoever granted something is told how far it reaches; who only looks a login up connects to no other database for it.
  const granted = new Map<string, readonly string[]>()
  const shown = (role: UserRow | undefined, incarnation?: string) =>
    role && isUser(role, incarnation) ? userWithMissing(links, role, granted.get(role.name) ?? []) : undefined

  /** Looked for behind the step, in the same breath; behind each run of it, where one was not enough. */
  async function run(step: Step, behind?: UserKey): Promise<FoundBehind | undefined> {
    let found: Promise<UserRow | undefined> | undefined
    const look = (link: Link) => {
      if (behind && link === main) found = findRole(main, behind.name, signal)
      found?.catch(() => undefined)
    }
    try {
      await runStep(links, step, look)
    } catch (error) {
      await found?.catch(() => undefined)
      throw error
    }
    return found && { user: await shown(await found) }
  }

  return {
    server: factsFrom(main.state),
    missingRights: async () => missingRights(main.state),
    listUsers: (page, known) => listUsers(main, page, signal, known),
    findUser: async ({ name }, incarnation) => shown(await findRole(main, name, signal), incarnation),
    keyOf: incarnation => nameOf(main, incarnation, signal),
    listGrants: ({ name }) => listGrants(links, name),
    listSessions: ({ name }) => listSessions(main, name, signal),
    listDatabases: page => listDatabases(main, page, signal),
    findDatabase: name => findDatabase(links, name),
    previewTable: (name, limit) => previewTable(main, name, limit, signal),
    listRoles: () => listRoles(main, signal),
    facts: (change, mark) => {
      if (change.kind === 'create-user') granted.set(change.user.name, databasesOf(change.user.grants))
      if (change.kind === 'grant-user') granted.set(change.key.name, databasesOf(change.grants.add))
      return ahead?.(change, mark) ?? readFacts(links, change, mark)
    },
    run,
    [Symbol.asyncDispose]: () => links[Symbol.asyncDispose](),
  }
}

const databasesOf = (grants: readonly Grant[]) => [...new Set(grants.map(({ database }) => database))]
