import type { EngineRole } from '../../domain/servers/database.ts'
import type { Link } from './link/link.ts'
import { markIn } from './marks.ts'
import { isCatalogueRole } from './names.ts'

const CATALOGUE: readonly EngineRole[] = [
  { name: 'read', kind: 'catalogue', allows: 'Connect to the database and read every table, view and sequence in it' },
  {
    name: 'readwrite',
    kind: 'catalogue',
    allows: 'Read and change rows, use sequences, call functions, make temporary tables',
  },
  {
    name: 'owner',
    kind: 'catalogue',
    allows: 'Everything in the database, tables of its own included, which all its owners share',
  },
]

/** What the server's own roles are good for, in words shorter than the manual's. */
const PREDEFINED: Readonly<Record<string, string>> = {
  pg_read_all_data: 'Read every table, view and sequence in every database',
  pg_write_all_data: 'Write every table, view and sequence in every database',
  pg_read_all_settings: 'See all settings, those of superusers too',
  pg_read_all_stats: 'See all statistics',
  pg_stat_scan_tables: 'Run monitoring functions that may lock tables for long',
  pg_monitor: 'See all settings and statistics',
  pg_database_owner: 'What the owner of the current database may do',
  pg_signal_backend: 'Cancel statements and end sessions of others, superusers excepted',
  pg_signal_autovacuum_worker: 'Stop autovacuum workers',
  pg_read_server_files: 'Read any file that the server can read: as good as superuser',
  pg_write_server_files: 'Write any file that the server can write: as good as superuser',
  pg_execute_server_program: 'Run programs on the machine of the server: as good as superuser',
  pg_checkpoint: 'Run CHECKPOINT',
  pg_maintain: 'Vacuum, analyze, reindex and lock every table',
  pg_use_reserved_connections: 'Use connection slots that are kept in reserve',
  pg_create_subscription: 'Make subscriptions',
}

const GROUPS = `
select r.rolname::text as name, d.description as comment
from pg_roles r left join pg_shdescription d on d.objoid = r.oid and d.classoid = 'pg_authid'::regclass
where not r.rolcanlogin order by r.rolname`

/** Roles that can be granted: ours, and every group on the server. A locked login is no group, and neither are ours behind the scenes. */
export async function listRoles(link: Link, signal: AbortSignal): Promise<readonly EngineRole[]> {
  const groups = await link.ask<{ readonly name: string; readonly comment: string | null }>(signal, GROUPS)
  const shown = groups.filter(({ name, comment }) => !isCatalogueRole(name) && !markIn(comment ?? undefined))
  return [
    ...CATALOGUE,
    ...shown.map(({ name, comment }): EngineRole => ({ name, kind: 'engine', allows: allows(name, comment) })),
  ]
}

function allows(name: string, comment: string | null): string {
  return PREDEFINED[name] ?? comment?.split('\n')[0] ?? 'Whatever was granted to it'
}
