import { type Change, type CommonChange, passwordOf } from '../../../domain/users/change.ts'
import type { Mark, UserKey } from '../../../domain/users/user.ts'
import { common } from '../../common-changes.ts'
import { readClock } from '../clock.ts'
import { readDatabase } from '../databases/facts.ts'
import { readGrantDatabases } from '../grants/facts.ts'
import { isPartlyGranted } from '../grants/plan.ts'
import type { Link } from '../link/link.ts'
import { databaseMarkerRole, incarnationOf, isSameMark, loginMarkerRole } from '../marks.ts'
import { hostOf } from '../names.ts'
import { isThere, roleNames } from '../roles.ts'
import { hashFor, isPasswordOf, isPlugin, type PasswordHash, PLUGINS } from '../users/hashes.ts'
import { isPartlySet, wrongPlugin } from '../users/plan.ts'
import { type Account, findAccount, mightyRole } from '../users/read.ts'
import { findRenamed } from '../users/rename.ts'
import { hostsOfName, listSessions } from '../users/sessions.ts'
import type { MysqlFacts, RenameFacts } from './facts.ts'
import { readRights } from './rights.ts'

/** Reads what a plan for the change needs to know. */
export function readFacts(link: Link, asked: Change, mark: Mark, signal: AbortSignal): Promise<MysqlFacts> {
  const change = common(asked)
  switch (change.kind) {
    case 'create-database':
    case 'drop-database':
    case 'undo-create-database':
      return databaseFacts(link, change, mark, signal)
    default:
      return userFacts(link, change, mark, signal)
  }
}

type DatabaseChange = Extract<CommonChange, { kind: 'create-database' | 'drop-database' | 'undo-create-database' }>
type UserChange = Exclude<CommonChange, DatabaseChange>

const nothingElse = { nameTaken: false, roles: [], sessions: 0, hosts: [], grants: [] }

async function databaseFacts(link: Link, change: DatabaseChange, mark: Mark, signal: AbortSignal): Promise<MysqlFacts> {
  const name = change.kind === 'create-database' ? change.database.name : change.name
  const database = await readDatabase(link, name, mark, signal)
  return {
    ...nothingElse,
    exists: database.exists,
    applied: database.marked || database.intended,
    state: link.state,
    rights: await readRights(link, signal),
    mark,
    markerRole: await isThere(link, databaseMarkerRole(mark, name), signal),
    database,
  }
}

async function userFacts(link: Link, change: UserChange, mark: Mark, signal: AbortSignal): Promise<MysqlFacts> {
  const key = change.kind === 'create-user' ? change.user : change.key
  const { account, rename } = await subjectOf(link, change, key, mark, signal)
  const marker = loginMarkerRole(mark, { name: key.name, host: hostOf(key) })
  const markerIsThere = marksByRole(change, link) && (await isThere(link, marker, signal))
  const grants = await readGrantDatabases(link, change, account, signal)
  return {
    exists: account !== undefined,
    incarnation: incarnationOf(account?.mark),
    applied: isApplied(change, { account, grants, mark, markerIsThere, rename }),
    state: link.state,
    rights: await readRights(link, signal),
    mark,
    account,
    nameTaken: change.kind === 'create-user' && !account && (await isThere(link, key.name, signal, hostOf(key))),
    markerRole: markerIsThere,
    roles: namesRoles(change) ? await roleNames(link, signal) : [],
    sessions: account ? (await listSessions(link, account, signal)).length : 0,
    hosts: account ? await hostsOfName(link, account.name, signal) : [],
    grants,
    rename,
    clock: change.kind === 'drop-user' ? await readClock(link, signal) : undefined,
    power: await powerIn(link, change, account, signal),
    ...(await passwordFor(link, change, account, signal)),
  }
}

/** Its subject's, and that of roles which it gives. */
async function powerIn(
  link: Link,
  change: UserChange,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (account?.power !== undefined) return holderOf(account.name, account.power)
  if (change.kind === 'create-user' && change.everything) return change.user.name
  return mightyRole(link, rolesWanted(change), signal)
}

const holderOf = (name: string, power: string) => (power === name ? name : `${name}, by ${power},`)

function rolesWanted(change: UserChange): readonly string[] {
  if (change.kind === 'create-user') return change.user.engineRoles
  return change.kind === 'set-user' ? (change.engineRoles ?? []) : []
}

async function subjectOf(
  link: Link,
  change: UserChange,
  key: UserKey,
  mark: Mark,
  signal: AbortSignal,
): Promise<{ readonly account?: Account; readonly rename?: RenameFacts }> {
  if (change.kind === 'rename-user') return findRenamed(link, change, mark, signal)
  return { account: await findAccount(link, key, signal) }
}

const marksByRole = ({ kind }: UserChange, { state }: Link) =>
  state.catalogue === 'documents' && (kind === 'create-user' || kind === 'undo-create-user')

const namesRoles = (change: UserChange) => rolesWanted(change).length > 0

interface Seen {
  readonly account?: Account
  readonly grants: MysqlFacts['grants']
  readonly mark: Mark
  readonly markerIsThere: boolean
  readonly rename?: RenameFacts
}

/**
 * A login carries the mark of the operation that made it. Of a later one the login itself tells: the new password is the one behind
 * what is kept, or the lock, the settings, the grants are as they were to be.
 */
function isApplied(change: UserChange, { account, grants, mark, markerIsThere, rename }: Seen): boolean {
  switch (change.kind) {
    case 'create-user':
    case 'undo-create-user':
      return markerIsThere || isSameMark(account?.mark, mark)
    case 'reset-user':
      return account !== undefined && isPasswordOf(account.plugin, account.kept, change.password)
    case 'lock-user':
    case 'drop-user':
      return account?.locked === true
    case 'unlock-user':
      return account?.locked === false
    case 'set-user':
      return isPartlySet(change, { account })
    case 'grant-user':
      return account !== undefined && isPartlyGranted(change.grants, grants)
    case 'rename-user':
      return rename?.begun === true
    case 'end-sessions':
      return false
  }
}

const LOADED = `select p.PLUGIN_NAME as name from information_schema.plugins p
where p.PLUGIN_TYPE = 'AUTHENTICATION' and p.PLUGIN_STATUS = 'ACTIVE'`

/** What is asked for, else what the login has, else the newest that the server loads. */
async function passwordFor(
  link: Link,
  change: UserChange,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<{ readonly password?: PasswordHash; readonly passwordRefusal?: string }> {
  const password = passwordOf(change)
  if (!password) return {}
  const loaded = (await link.ask<{ readonly name: string }>(signal, LOADED)).map(({ name }) => name)
  const asked = change.kind === 'create-user' ? change.user.settings.authPlugin : askedPlugin(change)
  const passwordRefusal = wrongPlugin(asked, loaded)
  if (passwordRefusal !== undefined) return { passwordRefusal }
  const plugin = [asked, account?.plugin, ...preferred(link)].find(one => isPlugin(one) && loaded.includes(one))
  return isPlugin(plugin) ? { password: hashFor(plugin, password) } : {}
}

const askedPlugin = (change: UserChange) => (change.kind === 'reset-user' ? change.authPlugin : undefined)

// MariaDB's own is the older one: its clients know no other.
function preferred({ state }: Link) {
  return state.catalogue === 'documents' ? PLUGINS.toReversed() : PLUGINS
}
