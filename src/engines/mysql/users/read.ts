import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import type { GrantShown } from '../../../domain/users/grant.ts'
import { type DatabaseUser, type Mark, SERVER_ADMIN } from '../../../domain/users/user.ts'
import { missingCatalogue } from '../facts/rights.ts'
import { catalogueRoleOf, nearestRole, privilegesIn } from '../grants/privileges.ts'
import type { Link } from '../link/link.ts'
import type { Catalogue, ServerState } from '../link/server.ts'
import { incarnationOf, isRenameRole, markInAttribute, markInRole, markInSubject, renameInAttribute } from '../marks.ts'
import { canBeHost, canBeThere, databaseIn, hostOf, MARKER } from '../names.ts'
import { mightyAmong, type RoleSeen } from './power.ts'
import { ACCOUNTS, keyText, oneKey, pageKeys, type Row, rowsOf } from './rows.ts'

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
  /** What gives it power over the whole server: its own name, or that of a role. */
  readonly power?: string
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
  const accounts = await withPower(link, items, signal)
  return { items: accounts.map(account => userFrom(account, link.state)), next }
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
  const [account] = await withPower(link, row ? [accountFrom(row)] : [], signal)
  return account
}

/** Power that comes by roles, too. */
async function withPower(link: Link, accounts: readonly Account[], signal: AbortSignal): Promise<readonly Account[]> {
  const roles = await readRoles(
    link,
    accounts.flatMap(account => account.roles),
    signal,
  )
  return accounts.map(account => ({ ...account, power: account.power ?? mightyAmong(account.roles, roles) }))
}

/** The role, of these and those that they are given, that has power over the whole server. */
export async function mightyRole(
  link: Link,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  return names.length === 0 ? undefined : mightyAmong(names, await readRoles(link, names, signal))
}

/** These roles, those that they are given, and so on. */
async function readRoles(
  link: Link,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RoleSeen>> {
  const catalogue = catalogueOf(link.state)
  const found = new Map<string, RoleSeen>()
  const isNew = (name: string) => !found.has(name) && canBeThere(name)
  for (let level = new Set(names.filter(isNew)); level.size > 0; ) {
    const keys = [...level].map(name => roleKey(name, catalogue))
    const places = keys.map(() => '(?, ?)').join(', ')
    const query = `select a.Host, a.User from ${ACCOUNTS[catalogue].table} a where (a.Host, a.User) in (${places})`
    const rows = (await link.ask<Row>(signal, rowsOf(query, catalogue), keys.flat())).map(accountFrom)
    for (const name of level) found.set(name, { isMighty: false, roles: [] })
    for (const { name, host, power, roles } of rows)
      found.set(roleText(name, host), { isMighty: power !== undefined, roles })
    level = new Set(rows.flatMap(({ roles }) => roles).filter(isNew))
  }
  return found
}

// MariaDB's roles have no host, MySQL's have one that is shown only where it is not `%`.
function roleKey(role: string, catalogue: Catalogue): readonly [host: string, name: string] {
  if (catalogue === 'documents') return ['', role]
  const at = role.lastIndexOf('@')
  return at < 0 ? ['%', role] : [role.slice(at + 1), role.slice(0, at)]
}

const roleText = (name: string, host: string) => (host === '' || host === '%' ? name : `${name}@${host}`)

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
    power: Number(row.mighty) === 1 ? row.name : undefined,
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
    flags: [...flags, ...(account.power === undefined ? [] : [SERVER_ADMIN]), ...(inMaking ? ['in-making'] : [])],
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
