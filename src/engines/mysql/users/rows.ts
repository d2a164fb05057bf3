import type { KeyPage } from '../../../domain/page.ts'
import { PRIVILEGES_OF_ROW } from '../grants/privileges.ts'
import type { Catalogue } from '../link/server.ts'
import { MARKER } from '../names.ts'
import { powerOfRow } from './power.ts'

/** Accounts that the server or its provider keeps for itself. */
const HIDDEN = `(a.User = '' or a.User like 'mysql.%' or a.User in ('mariadb.sys', 'rdsadmin', 'rdsrepladmin', 'rdstopmgr', 'rdsproxyadmin',
  'azure_superuser', 'azuresu', 'cloudsqlexport', 'cloudsqlimport', 'cloudsqlapplier', 'cloudsqlreplica', 'cloudsqloneshot'))`

export const keyText = ({ name, host }: { readonly name: string; readonly host: string }) => `${name}@${host}`

interface Place {
  readonly table: string
  /** Which of its rows are logins. A role is one without a host, or one that is as CREATE ROLE leaves it. */
  readonly logins: string
  /** An account's place in lists, one text that sorts by bytes: names may have an @, hosts can't. */
  readonly key: string
}

export const ACCOUNTS: Readonly<Record<Catalogue, Place>> = {
  documents: { table: 'mysql.global_priv', logins: `a.Host <> ''`, key: `concat(a.User, '@', a.Host)` },
  attributes: {
    table: 'mysql.user',
    logins: `not (a.account_locked = 'Y' and a.authentication_string = '' and a.password_expired = 'Y')
      and not exists (select 1 from mysql.role_edges e where e.FROM_USER = a.User and e.FROM_HOST = a.Host)`,
    // Its names and hosts are of two character sets.
    key: `convert(concat(a.User, '@', a.Host) using utf8mb4) collate utf8mb4_bin`,
  },
}

/**
 * No index has the order of a list, so keys alone are sorted: rows are read for the page's, by their keys. Every word here is paid for
 * once for each account: with conversions, and a search for nothing, a page among 100,000 took four times as long.
 */
export function pageKeys({ table, logins, key }: Place, { after, q }: KeyPage): string {
  // Without a beginning there is none: to a collation that pads with spaces, a control character comes before an empty text.
  const from = after ? `and ${key} > ?` : ''
  const search =
    q !== undefined ? 'and locate(lower(?), lower(convert(a.User using utf8mb4)) collate utf8mb4_bin) > 0' : ''
  return `select a.Host, a.User from ${table} a
  where ${logins} and not ${HIDDEN} ${from} ${search} order by ${key} limit ?`
}

/** The one account of a host and a name. */
export const oneKey = ({ table, logins }: Place) =>
  `select a.Host, a.User from ${table} a where a.Host = ? and a.User = ? and ${logins} and not ${HIDDEN}`

// Its own key first: many accounts share a host.
const GRANTS = `(select json_arrayagg(json_array(d.Db, ${PRIVILEGES_OF_ROW})) from mysql.db d force index (User)
    where d.User = a.User and d.Host = a.Host)`

/** The rows of the accounts that `keys` names. */
export function rowsOf(keys: string, catalogue: Catalogue): string {
  if (catalogue === 'documents') return documentRows(keys)
  return `select a.User as name, a.Host as host, a.account_locked = 'Y' as locked, a.plugin, a.authentication_string as kept,
  a.max_user_connections as connectionLimit, a.Super_priv = 'Y' as superuser, a.Repl_slave_priv = 'Y' as replication,
  a.Create_user_priv = 'Y' as createUser, a.Select_priv = 'Y' as readsAll, cast(a.User_attributes->'$.metadata' as char) as attribute,
  null as subject, r.roles, ${GRANTS} as grants, ${powerOfRow(catalogue)} as mighty
from (${keys}) k join mysql.user a on a.Host = k.Host and a.User = k.User
left join (select e.TO_HOST, e.TO_USER, json_arrayagg(if(e.FROM_HOST = '%', e.FROM_USER, concat(e.FROM_USER, '@', e.FROM_HOST))) as roles
  from mysql.role_edges e group by e.TO_HOST, e.TO_USER) r on r.TO_HOST = a.Host and r.TO_USER = a.User
order by ${ACCOUNTS.attributes.key}`
}

const PRIV = (path: string) => `json_value(a.Priv, '$.${path}')`
const MAY = (bit: number) => `cast(coalesce(${PRIV('access')}, 0) as unsigned) & ${bit} > 0`

// A lock is kept as true, or not at all.
const documentRows = (keys: string) => `
select a.User as name, a.Host as host, coalesce(${PRIV('account_locked')}, '0') in ('1', 'true') as locked,
  coalesce(${PRIV('plugin')}, '') as plugin, coalesce(${PRIV('authentication_string')}, '') as kept,
  coalesce(${PRIV('max_user_connections')}, 0) as connectionLimit, ${MAY(32768)} as superuser, ${MAY(524288)} as replication,
  ${MAY(33554432)} as createUser, ${MAY(1)} as readsAll, null as attribute, ${PRIV('x509_subject')} as subject,
  (select json_arrayagg(m.Role) from mysql.roles_mapping m where m.Host = a.Host and m.User = a.User
    and not (m.Admin_option = 'Y' and left(m.Role, 9) = '${MARKER}')) as roles, -- who makes a role has it, too
  ${GRANTS} as grants, ${powerOfRow('documents')} as mighty
from (${keys}) k join mysql.global_priv a on a.Host = k.Host and a.User = k.User
order by ${ACCOUNTS.documents.key}`

/** An account, as it is asked for. */
export interface Row {
  readonly name: string
  readonly host: string
  readonly locked: number
  readonly plugin: string
  readonly kept: string
  readonly connectionLimit: number | string
  readonly superuser: number
  readonly replication: number
  readonly createUser: number
  readonly readsAll: number
  readonly attribute: string | null
  readonly subject: string | null
  readonly roles: unknown
  readonly grants: unknown
  readonly mighty: number
}
