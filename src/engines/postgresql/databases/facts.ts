import { setTimeout as sleep } from 'node:timers/promises'
import type { Mark } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import { READING_NAME, SPARE_NAME } from '../link/session.ts'
import { isSameMark, markIn } from '../marks.ts'
import { canBeThere, catalogueRoleIn, catalogueRolesOf, halfMadeName } from '../names.ts'
import { OF_CLIENTS } from '../users/sessions.ts'

/** What a plan needs to know of the database that a change makes or drops. */
export interface DatabaseFound {
  readonly oid?: string
  readonly comment?: string
  readonly template: boolean
  readonly owner?: string
  readonly sessions: number
  /** Sessions of ours that wait there for something to do. */
  readonly idle: number
  /** May the managing login drop it, or rename it. */
  readonly mine: boolean
  /** This operation's own, under the name that it has while it is in the making. */
  readonly halfMade?: { readonly oid: string; readonly owner: string }
  /** Carries this operation's mark. */
  readonly marked: boolean
  /** Catalogue roles that go with it, and those of databases that are gone already. */
  readonly catalogueRoles: readonly string[]
  readonly staleRoles: readonly string[]
}

/** Of the managing login, kept for later and doing nothing: whoever finds one ended makes another. */
export const IDLE_OF_OURS = `usename = current_user and state = 'idle' and application_name in ('${READING_NAME}', '${SPARE_NAME}')`

// Our own sessions don't count: they come and go, and dropping waits for them.
const DATABASES = `
select b.oid::text as oid, b.datname::text as name, b.datistemplate as template, pg_get_userbyid(b.datdba)::text as owner,
  d.description as comment, pg_has_role(b.datdba, 'usage') as mine,
  (select count(*)::int from pg_stat_activity a
    where a.datid = b.oid and ${OF_CLIENTS} and not (a.usename = current_user and starts_with(a.application_name, 'rolecall/'))) as sessions,
  (select count(*)::int from pg_stat_activity where datid = b.oid and ${IDLE_OF_OURS}) as idle
from pg_database b left join pg_shdescription d on d.objoid = b.oid and d.classoid = 'pg_database'::regclass
where b.datname = any($1::name[])`

interface Row {
  readonly oid: string
  readonly name: string
  readonly template: boolean
  readonly owner: string
  readonly comment: string | null
  readonly mine: boolean
  readonly sessions: number
  readonly idle: number
}

/** So long is waited for sessions that are just ending, as DROP DATABASE itself would wait: who hangs up is still seen for a moment. */
const QUIET_MS = 500
const PAUSE_MS = 50

async function askUntilQuiet(link: Link, names: readonly string[], signal: AbortSignal): Promise<readonly Row[]> {
  for (const end = performance.now() + QUIET_MS; ; await sleep(PAUSE_MS)) {
    const rows = await link.ask<Row>(signal, DATABASES, [names])
    if (rows.every(({ sessions }) => sessions === 0) || performance.now() > end) return rows
  }
}

export async function readDatabase(link: Link, name: string, mark: Mark, signal: AbortSignal): Promise<DatabaseFound> {
  const halfMade = halfMadeName(mark, name)
  const rows = await askUntilQuiet(link, [name, halfMade].filter(canBeThere), signal)
  const found = rows.find(row => row.name === name)
  const half = rows.find(row => row.name === halfMade)
  return {
    oid: found?.oid,
    comment: found?.comment ?? undefined,
    template: found?.template ?? false,
    owner: found?.owner,
    sessions: found?.sessions ?? 0,
    idle: found?.idle ?? 0,
    mine: found?.mine ?? false,
    halfMade: half && { oid: half.oid, owner: half.owner },
    marked: isSameMark(markIn(found?.comment ?? undefined), mark),
    catalogueRoles: found ? await rolesLike(link, catalogueRolesOf(found.oid), signal) : [],
    staleRoles: await staleRoles(link, signal),
  }
}

const ROLES_LIKE = `select rolname::text as name from pg_roles where rolname ~ $1 and not rolcanlogin order by rolname`

async function rolesLike(link: Link, pattern: string, signal: AbortSignal): Promise<readonly string[]> {
  return (await link.ask<{ readonly name: string }>(signal, ROLES_LIKE, [pattern])).map(({ name }) => name)
}

// From 16 on whoever makes roles may drop those alone that it administers.
const MAY_DROP = `
select r.rolname::text as name from pg_roles r, pg_roles me
where me.rolname = current_user and r.rolname = any($1::name[]) and (me.rolsuper or me.rolcreaterole and (
  current_setting('server_version_num')::int < 160000
  or exists (select from pg_auth_members m where m.roleid = r.oid and m.admin_option and pg_has_role(m.member, 'usage'))))
order by 1`

const OIDS = 'select oid::text as oid from pg_database'

/** Catalogue roles of databases that are gone: nobody can use them, but an oid may come back one day. Others' stay with those. */
async function staleRoles(link: Link, signal: AbortSignal): Promise<readonly string[]> {
  const roles = await rolesLike(link, '^rolecall_', signal)
  const there = new Set((await link.ask<{ readonly oid: string }>(signal, OIDS)).map(({ oid }) => oid))
  const stale = roles.filter(role => {
    const found = catalogueRoleIn(role)
    return found !== undefined && !there.has(found.oid)
  })
  if (stale.length === 0) return []
  return (await link.ask<{ readonly name: string }>(signal, MAY_DROP, [stale])).map(({ name }) => name)
}
