import type { AdminClient } from '../engine.ts'
import { findDatabase, listDatabases } from './databases/read.ts'
import { readFacts } from './facts-of.ts'
import { listGrants } from './grants/read.ts'
import type { Links } from './link/links.ts'
import { factsFrom } from './link/server.ts'
import { missingRights } from './rights.ts'
import { listRoles } from './roles.ts'
import { runStep } from './run.ts'
import { previewTable } from './tables.ts'
import { findRole, isUser, listUsers, userFrom } from './users/read.ts'
import { listSessions } from './users/sessions.ts'

/** An admin client over one attempt's sessions: it asks and acts, and decides nothing. */
export function adminClient(links: Links): AdminClient {
  const { main, signal } = links
  return {
    server: factsFrom(main.state),
    missingRights: async () => missingRights(main.state),
    listUsers: page => listUsers(main, page, signal),
    findUser: async ({ name }) => {
      const role = await findRole(main, name, signal)
      return role && isUser(role) ? userFrom(role) : undefined
    },
    listGrants: ({ name }) => listGrants(links, name),
    listSessions: ({ name }) => listSessions(main, name, signal),
    listDatabases: page => listDatabases(main, page, signal),
    findDatabase: name => findDatabase(main, name, signal),
    listRoles: () => listRoles(main, signal),
    previewTable: (name, limit) => previewTable(main, name, limit, signal),
    facts: (change, mark) => readFacts(links, change, mark),
    run: step => runStep(links, step),
    [Symbol.asyncDispose]: () => links[Symbol.asyncDispose](),
  }
}
