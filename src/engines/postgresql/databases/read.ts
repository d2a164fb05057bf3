import { isFault } from '../../../domain/fault.ts'
import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import type { Database } from '../../../domain/servers/database.ts'
import { stateOf } from '../faults.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import { canBeThere, HALF_MADE } from '../names.ts'
import { publicSchemaFlags } from './public-schema.ts'

/** Databases that the server or its provider keeps for itself, and those that an operation is still making. */
export const HIDDEN_DATABASES = `^(template[01]$|rdsadmin$|cloudsqladmin$|alloydbadmin$|alloydbmetadata$|azure_maintenance$|azure_sys$|${HALF_MADE})`

const ROW = `
select b.datname::text as name, pg_get_userbyid(b.datdba)::text as owner, pg_encoding_to_char(b.encoding)::text as encoding,
  b.datcollate::text as collation, b.datistemplate as template, b.datallowconn as "allowsConnections",
  case when has_database_privilege(b.oid, 'connect') then pg_database_size(b.oid)::float8 end as "sizeBytes",
  exists (select from aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))) a
    where a.grantee = 0 and a.privilege_type = 'CONNECT') as "publicConnect"
from pg_database b`

const LIST = `${ROW}
where b.datname !~ '${HIDDEN_DATABASES}' and b.datname > $1::name
  and ($3::text is null or position(lower($3) in lower(b.datname::text)) > 0)
order by b.datname limit $2`

const FIND = `${ROW} where b.datname !~ '${HIDDEN_DATABASES}' and b.datname = $1::text::name and b.datname::text = $1::text`

interface DatabaseRow {
  readonly name: string
  readonly owner: string
  readonly encoding: string
  readonly collation: string
  readonly template: boolean
  readonly allowsConnections: boolean
  readonly sizeBytes: number | null
  readonly publicConnect: boolean
}

export async function listDatabases(link: Link, page: KeyPage, signal: AbortSignal): Promise<Page<Database>> {
  const values = [page.after ?? '', page.limit + 1, page.q ?? null]
  const databases = (await askAgain(() => link.ask<DatabaseRow>(signal, LIST, values))).map(databaseFrom)
  return cutPage(databases, page.limit, ({ name }) => name)
}

export async function findDatabase(links: Links, name: string): Promise<Database | undefined> {
  if (!canBeThere(name)) return undefined
  const { main, signal } = links
  const [row] = await askAgain(() => main.ask<DatabaseRow>(signal, FIND, [name]))
  if (!row) return undefined
  const database = databaseFrom(row)
  return { ...database, flags: [...database.flags, ...(await publicSchemaFlags(links, row))] }
}

// A database that is dropped between being read and being measured fails the whole statement; the next one doesn't see it.
async function askAgain<T>(ask: () => Promise<T>, times = 3): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (times === 0 || !isFault(error) || stateOf(error) !== '3D000') throw error
    return askAgain(ask, times - 1)
  }
}

function databaseFrom({ name, owner, encoding, collation, sizeBytes, ...row }: DatabaseRow): Database {
  const flags: readonly (readonly [boolean, string])[] = [
    [row.template, 'template'],
    [!row.allowsConnections, 'no-connections'],
    [row.publicConnect, 'public-connect'],
  ]
  const raised = flags.filter(([is]) => is).map(([, flag]) => flag)
  return { name, owner, encoding, collation, sizeBytes: sizeBytes ?? undefined, flags: raised }
}
