import type { Catalogue } from '../link/server.ts'

/**
 * What on everything lets its holder come to all of it: to make or change logins, to give its rights on, to write the tables that
 * accounts are kept in, or files, to have code run as others, to stop or exchange the server. Reading everything is none of it.
 */
const COLUMNS = [
  ...['Super', 'Create_user', 'Grant', 'Insert', 'Update', 'Delete', 'Drop', 'Alter', 'File', 'Shutdown'],
]

/** MariaDB's bits for the same, and for SET USER and REPLICATION SLAVE ADMIN. */
const BITS = [1, 2, 3, 5, 7, 9, 10, 13, 15, 25, 30, 34].reduce((all, bit) => all + 2 ** bit, 0)

/** MySQL's other way of keeping the same. */
const DYNAMIC = [
  ...['ROLE_ADMIN', 'SET_USER_ID', 'SET_ANY_DEFINER', 'SYSTEM_VARIABLES_ADMIN', 'PERSIST_RO_VARIABLES_ADMIN'],
  ...['CLONE_ADMIN', 'REPLICATION_SLAVE_ADMIN', 'GROUP_REPLICATION_ADMIN'],
]

const GLOBALLY: Readonly<Record<Catalogue, string>> = {
  attributes: `'Y' in (${COLUMNS.map(column => `a.${column}_priv`).join(', ')})
    or exists (select 1 from mysql.global_grants g where g.USER = a.User and g.HOST = a.Host and g.PRIV in ('${DYNAMIC.join("', '")}'))`,
  documents: `cast(coalesce(json_value(a.Priv, '$.access'), 0) as unsigned) & ${BITS} > 0`,
}

/** Is the account `a` one by itself: on everything, on the database of accounts, or as whoever it may stand for. */
export function powerOfRow(catalogue: Catalogue): string {
  return `(${GLOBALLY[catalogue]}
  or exists (select 1 from mysql.db p force index (User) where p.User = a.User and p.Host = a.Host and 'mysql' like p.Db
    and 'Y' in (p.Insert_priv, p.Update_priv, p.Delete_priv, p.Drop_priv, p.Alter_priv, p.Grant_priv))
  or exists (select 1 from mysql.tables_priv p where p.User = a.User and p.Host = a.Host and p.Db = 'mysql'
    and p.Table_priv regexp 'Insert|Update|Delete|Drop|Alter|Grant')
  or exists (select 1 from mysql.proxies_priv p where p.User = a.User and p.Host = a.Host))`
}

/** A role as far as power goes. */
export interface RoleSeen {
  readonly isMighty: boolean
  readonly roles: readonly string[]
}

/** The role, of these and those that they are given, that has power over the whole server. */
export function mightyAmong(roles: readonly string[], all: ReadonlyMap<string, RoleSeen>): string | undefined {
  const seen = new Set<string>(roles)
  for (const role of seen) {
    const found = all.get(role)
    if (found?.isMighty) return role
    for (const given of found?.roles ?? []) seen.add(given)
  }
  return undefined
}
