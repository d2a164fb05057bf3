import type { EngineRole } from '../../domain/servers/database.ts'
import type { Link } from './link/link.ts'
import { canBeHost, canBeThere, MARKER } from './names.ts'

const CATALOGUE: readonly EngineRole[] = [
  { name: 'read', kind: 'catalogue', allows: 'Read every table and view of the database, and see how views are made' },
  {
    name: 'readwrite',
    kind: 'catalogue',
    allows: 'Read and change rows, call functions and procedures, lock tables, make temporary ones',
  },
  { name: 'owner', kind: 'catalogue', allows: 'Everything in the database, tables of its own included' },
]

// MySQL's roles are accounts: those that somebody has, and those that are as CREATE ROLE leaves them.
const ROLES = {
  documents: `select a.User as name from mysql.global_priv a where a.Host = '' and a.User not in ('', 'PUBLIC') order by a.User`,
  attributes: `select if(a.Host = '%', a.User, concat(a.User, '@', a.Host)) as name from mysql.user a
where (a.account_locked = 'Y' and a.authentication_string = '' and a.password_expired = 'Y')
  or exists (select 1 from mysql.role_edges e where e.FROM_USER = a.User and e.FROM_HOST = a.Host) order by 1`,
} as const

/** Roles of the server's own that can be given; our marks are none. */
export async function roleNames(link: Link, signal: AbortSignal): Promise<readonly string[]> {
  const { catalogue } = link.state
  if (!catalogue) return []
  const rows = await link.ask<{ readonly name: string }>(signal, ROLES[catalogue])
  return rows.map(({ name }) => name).filter(name => !name.startsWith(MARKER))
}

export async function listRoles(link: Link, signal: AbortSignal): Promise<readonly EngineRole[]> {
  const names = await roleNames(link, signal)
  return [
    ...CATALOGUE,
    ...names.map((name): EngineRole => ({ name, kind: 'engine', allows: 'Whatever was granted to it' })),
  ]
}

const THERE = 'select 1 from mysql.user u where u.User = ? and u.Host = ?'

/** Is there an account of this name, login or role? */
export async function isThere(link: Link, name: string, signal: AbortSignal, host?: string): Promise<boolean> {
  if (!canBeThere(name) || !canBeHost(host ?? '') || !link.state.catalogue) return false
  const roleHost = link.state.catalogue === 'documents' ? '' : '%'
  return (await link.ask(signal, THERE, [name, host ?? roleHost])).length > 0
}
