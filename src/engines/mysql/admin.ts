import type { AdminClient } from '../engine.ts'
import { findDatabase, listDatabases } from './databases/read.ts'
import { readFacts } from './facts/facts-of.ts'
import { missingRights, readRights } from './facts/rights.ts'
import { readSqlMode } from './facts/sql-mode.ts'
import { listGrants } from './grants/read.ts'
import type { Link } from './link/link.ts'
import { factsFrom } from './link/server.ts'
import { hostOf } from './names.ts'
import { listRoles } from './roles.ts'
import { runStep } from './run.ts'
import { previewTable } from './tables.ts'
import { findAccount, listUsers, userFrom } from './users/read.ts'
import { listSessions } from './users/sessions.ts'

/** An admin client over one session: it asks and acts, and decides nothing. */
export function adminClient(link: Link, signal: AbortSignal): AdminClient {
  return {
    server: factsFrom(link.state),
    login: link.state.me,
    missingRights: async () => missingRights(link.state, await readRights(link, signal)),
    listUsers: page => listUsers(link, page, signal),
    findUser: async key => {
      const account = await findAccount(link, key, signal)
      return account && userFrom(account, link.state)
    },
    listGrants: key => listGrants(link, key, signal),
    listSessions: key => listSessions(link, { name: key.name, host: hostOf(key) }, signal),
    listDatabases: page => listDatabases(link, page, signal),
    findDatabase: name => findDatabase(link, name, signal),
    previewTable: (name, limit) => previewTable(link, name, limit, signal),
    listRoles: () => listRoles(link, signal),
    sqlMode: () => readSqlMode(link, signal),
    facts: (change, mark) => readFacts(link, change, mark, signal),
    run: async step => void (await runStep(link, step, signal)),
    [Symbol.asyncDispose]: () => link.close(),
  }
}
