import type { GrantShown } from '../../../domain/grant.ts'
import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import type { DatabaseUser, Mark } from '../../../domain/user.ts'
import { catalogueRoleOf, nearestRole, PRIVILEGES_OF_ROW, privilegesIn } from '../grants/privileges.ts'
import type { Link } from '../link/link.ts'
import type { Catalogue, ServerState } from '../link/server.ts'
import { incarnationOf, isRenameRole, markInAttribute, markInRole, markInSubject, renameInAttribute } from '../marks.ts'
import { canBeHost, canBeThere, databaseIn, hostOf, MARKER } from '../names.ts'
import { missingCatalogue } from '../rights.ts'

/** Accounts that the server or its provider keeps for itself. */
const HIDDEN = `(a.User = '' or a.User like 'mysql.%' or a.User in ('mariadb.sys', 'rdsadmin', 'rdsrepladmin', 'rdstopmgr', 'rdsproxyadmin',
  'azure_superuser', 'azuresu', 'cloudsqlexport', 'cloudsqlimport', 'cloudsqlapplier', 'cloudsqlreplica', 'cloudsqloneshot'))`

const keyText = ({ name, host }: { readonly name: string; readonly host: string }) => `${name}@${host}`

interface Place {
  readonly table: string
  /** Which of its rows are logins. A role is one without a host, or one that is as CREATE ROLE leaves it. */
  readonly logins: string
  /** An account's place in lists, one text that sorts by bytes: names may have an @, hosts can't. */
  readonly key: string
}

const ACCOUNTS: Readonly<Record<Catalogue, Place>> = {
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
function pageKeys({ table, logins, key }: Place, { after, q }: KeyPage): string {
  // Without a beginning there is none: to a collation that pads with spaces, a control character comes before an empty text.
  const from = after ? `and ${key} > ?` : ''
  const search =
    q !== undefined ? 'and locate(lower(?), lower(convert(a.User using utf8mb4)) collate utf8mb4_bin) > 0' : ''
  return `select a.Host, a.User from ${table} a
  where ${logins} and not ${HIDDEN} ${from} ${search} order by ${key} limit ?`
}

const oneKey = ({ table, logins }: Place) =>
  `select a.Host, a.User from ${table} a where a.Host = ? and a.User = ? and ${logins} and not ${HIDDEN}`

// Its own key first: many accounts share a host.
const GRANTS = `(select json_arrayagg(json_array(d.Db, ${PRIVILEGES_OF_ROW})) from mysql.db d force index (User)
    where d.User = a.User and d.Host = a.Host)`

/** The rows of the accounts that `keys` names. */
function rowsOf(keys: string, catalogue: Catalogue): string {
  if (catalogue === 'documents') return documentRows(keys)
  return `select a.User as name, a.Host as host, a.account_locked = 'Y' as locked, a.plugin, a.authentication_string as kept,
  a.max_user_connections as connectionLimit, a.Super_priv = 'Y' as superuser, a.Repl_slave_priv = 'Y' as replication,
  a.Create_user_priv = 'Y' as createUser, a.Select_priv = 'Y' as readsAll, cast(a.User_attributes->'$.metadata' as char) as attribute,
  null as subject, r.roles, ${GRANTS} as grants
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
  ${GRANTS} as grants
from (${keys}) k join mysql.global_priv a on a.Host = k.Host and a.User = k.User
order by ${ACCOUNTS.documents.key}`

interface Row {
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
}

/** An account as the server keeps it. */
export interface Account {
  readonly name: string
  readonly host: string
  readonly locked: boolean
  readonly plugin: string
  /** What is kept of its password. */
  readonly kept: string
  /** 0: none. */
  readonly connectionLimit: number
  readonly flags: readonly string[]
  readonly replication: boolean
  /** Our mark, if an operation of ours made it. */
  readonly mark?: Mark
  /** It is still in the making, and can't log in. */
  readonly inMaking: boolean
  /** The role that marks it, where that is a role. */
  readonly marker?: string
  /** What says that an operation gives, or gave, it its name. */
  readonly renamedBy: readonly string[]
  /** Roles that it was given, our mark left out. */
  readonly roles: readonly string[]
  /** Databases (or patterns of their names) that it has privileges on, as the grant names them. */
  readonly grants: readonly (readonly [grantName: string, flags: string])[]
}

function catalogueOf({ catalogue }: ServerState): Catalogue {
  if (!catalogue) throw missingCatalogue()
  return catalogue
}

/** A page of logins, in the order of `name@host` by bytes, cut inside the server: one round trip. */
export async function listUsers(link: Link, page: KeyPage, signal: AbortSignal): Promise<Page<DatabaseUser>> {
  const catalogue = catalogueOf(link.state)
  const query = rowsOf(pageKeys(ACCOUNTS[catalogue], page), catalogue)
  const from = page.after ? [placeOf(page.after)] : []
  const search = page.q === undefined ? [] : [page.q]
  if (!search.every(canBeThere)) return { items: [] }
  const rows = await link.ask<Row>(signal, query, [...from, ...search, String(page.limit + 1)])
  const { items, next } = cutPage(rows.map(accountFrom), page.limit, keyText)
  return { items: items.map(account => userFrom(account, link.state)), next }
}

// The catalogue can't be compared with characters beyond the basic plane. Its last one stands for them: both come after all names.
function placeOf(after: string): string {
  return after.toWellFormed().replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\uffff')
}

export async function findAccount(
  link: Link,
  key: { readonly name: string; readonly host?: string },
  signal: AbortSignal,
): Promise<Account | undefined> {
  const host = hostOf(key)
  if (!canBeThere(key.name) || !canBeHost(host)) return undefined
  const catalogue = catalogueOf(link.state)
  const query = rowsOf(oneKey(ACCOUNTS[catalogue]), catalogue)
  const [row] = await link.ask<Row>(signal, query, [host, key.name])
  return row && accountFrom(row)
}

function accountFrom(row: Row): Account {
  const all = listFrom<string>(row.roles)
  const marker = all.find(role => markInRole(role) !== undefined)
  const making = markInSubject(row.subject ?? undefined)
  const attributeRename = renameInAttribute(row.attribute ?? undefined)
  return {
    name: row.name,
    host: row.host,
    locked: Boolean(Number(row.locked)),
    plugin: row.plugin,
    kept: row.kept,
    connectionLimit: Number(row.connectionLimit),
    flags: flagsOf(row),
    replication: Boolean(Number(row.replication)),
    mark:
      making ?? (marker === undefined ? undefined : markInRole(marker)) ?? markInAttribute(row.attribute ?? undefined),
    inMaking: making !== undefined,
    marker,
    renamedBy: attributeRename === undefined ? all.filter(isRenameRole) : [attributeRename],
    roles: all.filter(role => !role.startsWith(MARKER)).sort(),
    grants: listFrom<[string, string]>(row.grants),
  }
}

// MySQL's JSON comes parsed, MariaDB's as a text; nothing at all is null.
function listFrom<T>(value: unknown): readonly T[] {
  if (value === null || value === undefined) return []
  return (typeof value === 'string' ? JSON.parse(value) : value) as readonly T[]
}

function flagsOf(row: Row): readonly string[] {
  const flags: readonly (readonly [unknown, string])[] = [
    [Number(row.superuser), 'superuser'],
    [Number(row.replication), 'replication'],
    [Number(row.createUser), 'createuser'],
    [Number(row.readsAll), 'reads-all-databases'],
    [row.kept === '' && CHECKS_PASSWORD.has(row.plugin), 'no-password'],
  ]
  return flags.filter(([is]) => Boolean(is)).map(([, flag]) => flag)
}

/** With these, no password kept is no password asked for. */
const CHECKS_PASSWORD: ReadonlySet<string> = new Set([
  '',
  'mysql_native_password',
  'caching_sha2_password',
  'sha256_password',
])

export function userFrom(account: Account, state: ServerState): DatabaseUser {
  const { name, host, locked, connectionLimit, replication, roles, flags, mark, inMaking } = account
  return {
    name,
    host,
    incarnation: incarnationOf(mark),
    locked,
    settings: {
      replication,
      connectionLimit: connectionLimit === 0 ? -1 : connectionLimit,
      authPlugin: account.plugin || undefined,
    },
    engineRoles: roles,
    grants: grantsOf(account, state),
    flags: inMaking ? [...flags, 'in-making'] : flags,
    mark,
  }
}

/** Its privileges on databases, as the catalogue roles that they are or come nearest to. */
export function grantsOf({ grants }: Account, state: ServerState): readonly GrantShown[] {
  return grants
    .flatMap(([grantName, flags]): readonly GrantShown[] => {
      const has = privilegesIn(flags)
      const database = databaseIn(grantName, state)
      const role = catalogueRoleOf(has)
      if (role && !isPattern(grantName, state)) return [{ role, database, by: 'catalogue' }]
      const nearest = nearestRole(has)
      return nearest ? [{ role: nearest, database, by: 'direct' }] : []
    })
    .toSorted((one, other) => (one.database < other.database ? -1 : 1))
}

// An unescaped `_` or `%`: more databases than one may be meant.
function isPattern(grantName: string, { plainNames }: ServerState): boolean {
  return !plainNames && /(?<!\\)(?:\\\\)*[_%]/.test(grantName)
}
