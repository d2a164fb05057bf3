import type { ServerFacts } from '../../../domain/servers/instance.ts'
import type { Row } from './session.ts'

/** What a session learns of its server and of itself before it asks anything else. */
export interface ServerState {
  /** `160004` for 16.4. */
  readonly version: number
  readonly versionText: string
  readonly standby: boolean
  readonly database: string
  readonly fingerprint?: string
  readonly seenAt: number
  readonly me: ManagingLogin
}

/** The login that Rolecall itself uses, and what it may do. */
export interface ManagingLogin {
  readonly oid: string
  readonly name: string
  readonly superuser: boolean
  readonly createRole: boolean
  readonly createDb: boolean
  /** Before 16: has it the rights of roles that it is a member of. */
  readonly inherits: boolean
  readonly replication: boolean
  /** May it end sessions of other logins. */
  readonly signal: boolean
}

/**
 * A session's first message. Names are looked up in the system catalogue alone, so that nobody's table or function can stand in
 * for it. All that we ask goes by key, so the planner is left nested loops over indexes and nothing else: with stale statistics it
 * would sort, hash or walk every role to list a page (200 ms instead of 2 at 60,000). The price it then writes into plans would
 * make the compiler start, so that is off too. With that little choice left, planning a page for its values takes longer than
 * reading it, and on a server that has statistics it would be planned so each time: 0.8 ms instead of 0.3 at 100,000.
 */
export function firstMessage(statementTimeoutMs: number): string {
  return `${settingsOf(statementTimeoutMs)};\n${INTRODUCE}`
}

/** How every session is set. */
export function settingsOf(statementTimeoutMs: number): string {
  return `set search_path = pg_catalog, pg_temp;
set standard_conforming_strings = on;
set statement_timeout = ${statementTimeoutMs};
set lock_timeout = ${lockTimeout(statementTimeoutMs)};
set enable_sort = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set enable_material = off;
set jit = off;
set plan_cache_mode = force_generic_plan`
}

/** Who is there, and as whom this session is. */
export const INTRODUCE = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as "versionText",
  pg_is_in_recovery() as standby, current_database()::text as database,
  has_function_privilege('pg_control_system()', 'execute') as "mayIdentify",
  r.oid::text as oid, r.rolname::text as name, r.rolsuper as superuser, r.rolcreaterole as "createRole",
  r.rolcreatedb as "createDb", r.rolinherit as inherits, r.rolreplication as replication, pg_has_role('pg_signal_backend', 'usage') as signal,
  -- A session outlives what let it in.
  exists (select from pg_roles s where s.rolname = session_user and s.rolcanlogin
    and (s.rolvaliduntil is null or s.rolvaliduntil > now())) as "mayLogIn",
  -- What was acknowledged must survive: our ledger forgets how to do it again.
  case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end as durable
from pg_roles r where r.rolname = current_user`

// A lock that isn't given in time is told apart from a statement that is slow by itself.
const lockTimeout = (statementTimeoutMs: number) => Math.max(1, Math.floor(statementTimeoutMs * 0.8))

export const IDENTIFY = 'select system_identifier::text as fingerprint from pg_control_system()'

export function stateFrom(row: Row, fingerprint: string | undefined): ServerState {
  const {
    version,
    versionText,
    standby,
    database,
    oid,
    name,
    superuser,
    createRole,
    createDb,
    inherits,
    replication,
    signal,
  } = row as unknown as Omit<ServerState, 'me'> & ManagingLogin
  const me = { oid, name, superuser, createRole, createDb, inherits, replication, signal: superuser || signal }
  return { version, versionText, standby, database, fingerprint, seenAt: Date.now(), me }
}

export function factsFrom(state: ServerState): ServerFacts {
  const { versionText, standby, fingerprint, seenAt } = state
  // `16.4 (Debian 16.4-1)` is 16.4.
  return { version: versionText.split(' ')[0] ?? versionText, readOnly: standby, fingerprint, seenAt }
}
