import type { GrantShown } from '../../../domain/users/grant.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import { findAccount, grantsOf } from '../users/read.ts'

const CHANGES_ROWS = /Insert|Update|Delete/
const CHANGES_TABLES = /Create|Drop|Alter|Index|Trigger/

// By name alone for the index; hosts are few.
const TABLES = `select t.Db as name, group_concat(t.Table_priv, ',', t.Column_priv) as rights from mysql.tables_priv t
where t.User = ? and t.Host = ? group by t.Db`

/** What a login may do: its privileges on databases, and where it has none, what it has on single tables or columns. */
export async function listGrants(
  link: Link,
  key: UserKey,
  signal: AbortSignal,
): Promise<{ readonly grants: readonly GrantShown[]; readonly unreadable: readonly string[] }> {
  const account = await findAccount(link, key, signal)
  if (!account) return { grants: [], unreadable: [] }
  const grants = grantsOf(account, link.state)
  const tables = await link.ask<{ name: string; rights: string }>(signal, TABLES, [account.name, account.host])
  const more = tables.filter(({ name }) => !grants.some(({ database }) => database === name))
  return { grants: [...grants, ...more.map(({ name, rights }) => onTables(name, rights))], unreadable: [] }
}

function onTables(database: string, rights: string): GrantShown {
  if (CHANGES_TABLES.test(rights)) return { role: 'owner', database, by: 'direct' }
  return { role: CHANGES_ROWS.test(rights) ? 'readwrite' : 'read', database, by: 'direct' }
}
