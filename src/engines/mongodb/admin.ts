import type { AdminClient } from '../engine.ts'
import { previewCollection } from './collections.ts'
import { findDatabase, listDatabases } from './databases/read.ts'
import { readFacts } from './facts/facts-of.ts'
import { missingRights, readRights } from './facts/rights.ts'
import type { Link } from './link/link.ts'
import { factsFrom } from './link/server.ts'
import { listRoles } from './roles/read.ts'
import { runStep } from './run.ts'
import { listIdentities } from './users/identities.ts'
import { findLogin, findLogins, listUsers, userFrom } from './users/read.ts'

/** An admin client over one link: it asks and acts, and decides nothing. */
export function adminClient(link: Link, signal: AbortSignal): AdminClient {
  const find = async (key: Parameters<AdminClient['findUser']>[0]) => {
    const login = await findLogin(link, key, signal)
    return login && userFrom(login)
  }
  const { me } = link.state
  return {
    server: factsFrom(link.state),
    login: me && { name: me.user, authDatabase: me.db },
    missingRights: async () => missingRights(await readRights(link, signal)),
    listUsers: page => listUsers(link, page, signal),
    listIdentities: page => listIdentities(link, page, signal),
    findUsers: async keys => (await findLogins(link, keys, signal)).map(userFrom),
    findUser: find,
    listGrants: async key => ({ grants: (await find(key))?.grants ?? [], unreadable: [] }),
    // Servers show what is under way, and to whom it belongs, but nobody who is connected and idle.
    listSessions: async () => [],
    listDatabases: page => listDatabases(link, page, signal),
    findDatabase: name => findDatabase(link, name, signal),
    previewTable: (name, limit) => previewCollection(link, name, limit, signal),
    listRoles: () => listRoles(link, signal),
    facts: (change, mark) => readFacts(link, change, mark, signal),
    run: async step => void (await runStep(link, step, signal)),
    [Symbol.asyncDispose]: () => link.close(),
  }
}
