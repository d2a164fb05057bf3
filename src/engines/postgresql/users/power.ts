import type { ServerState } from '../link/server.ts'

/** Roles of the server, and of providers, with which their members come to everything: the manual says so of the first three. */
const ROLES = [
  ...['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'],
  ...['rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin', 'neon_superuser'],
]

/**
 * The role by which the one of this oid has power over the whole server: itself, or one that it is a member of, in whatever way it
 * may act as it or make itself able to. CREATEROLE counts: with it logins are made and changed behind our back.
 */
export function powerOf(oid: string, { version }: ServerState): string {
  // From 16 on a membership may be good for nothing but to be seen.
  const usable = version >= 160000 ? 'and (m.inherit_option or m.set_option or m.admin_option)' : ''
  // One look into an index for each: as plain joins, they would be planned as walks through all roles.
  return `(with recursive acts(oid) as (
    select ${oid} union select m.roleid from acts a
    join lateral (select m.roleid from pg_auth_members m where m.member = a.oid ${usable} offset 0) m on true)
  select p.name from acts a join lateral (
    select p.rolname::text as name from pg_roles p where p.oid = a.oid
      and (p.rolsuper or p.rolcreaterole or p.rolname = any('{${ROLES.join(',')}}'::name[])) offset 0) p on true limit 1)`
}
