import type { Session } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import { canBeThere } from '../names.ts'

// The server's own workers run as some role too, and come back when they are ended. Whoever may not see the kind sees no workers.
export const OF_CLIENTS = `coalesce(backend_type in ('client backend', 'walsender'), true)`

// What a login may not see of another's session comes back empty.
const SESSIONS = `
select pid::text as id, datname::text as database, host(client_addr) as address, nullif(application_name, '') as application,
  state, extract(epoch from backend_start)::float8 * 1000 as since
from pg_stat_activity where usesysid = (select oid from pg_roles where rolname = $1::text::name and rolname::text = $1::text) and ${OF_CLIENTS} order by pid`

/** Live sessions of a login, whichever role they act as. */
export async function listSessions(link: Link, login: string, signal: AbortSignal): Promise<readonly Session[]> {
  if (!canBeThere(login)) return []
  const rows = await link.ask<{ readonly [Key in keyof Session]: Session[Key] | null }>(signal, SESSIONS, [login])
  return rows.map(row => withoutNulls(row) as Session)
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}

/** Ends sessions of a role. It answers a row for each: a step that does so is run again until none is left. */
export function endSessionsOf(roleOid: string): string {
  return `select pg_terminate_backend(pid) from pg_stat_activity where usesysid = ${Number(roleOid)} and pid <> pg_backend_pid() and ${OF_CLIENTS}`
}
