import { toFault } from '../../../domain/fault.ts'
import { type Change, passwordOf, type RoleChange } from '../../../domain/users/change.ts'
import type { Grant } from '../../../domain/users/grant.ts'
import type { RoleDefinition } from '../../../domain/users/role-definition.ts'
import type { Mark } from '../../../domain/users/user.ts'
import { readClock } from '../clock.ts'
import type { Command } from '../command.ts'
import { readDatabase } from '../databases/facts.ts'
import { databaseNames } from '../databases/read.ts'
import { numberBehind } from '../faults.ts'
import type { Link } from '../link/link.ts'
import { canLogIn } from '../link/log-in.ts'
import { isSameMark, markerRole, marksOf } from '../marks.ts'
import { type Account, accountOf, canBeThere } from '../names.ts'
import { readActions } from '../roles/actions.ts'
import { definedRole, isDefinedSo } from '../roles/define.ts'
import { heldRole, LOCKED, type RoleName, roleFrom, roleText, sameRole } from '../roles/names.ts'
import { isPartlyGranted, withNeeded } from '../roles/plan.ts'
import { isMightyPrivilege, mightyAmong, readPower } from '../roles/power.ts'
import { findRoles, type RoleFound } from '../roles/read.ts'
import { definitionOf } from '../roles/synthesised.ts'
import { lonelyRoles } from '../roles/usage.ts'
import { isProvable } from '../users/passwords.ts'
import { isPartlySet } from '../users/plan.ts'
import { findLogin, incarnationOfLogin, type Login } from '../users/read.ts'
import { hasExactly, wantedRoles } from '../users/replace.ts'
import type { MongodbFacts } from './facts.ts'
import { readRights } from './rights.ts'

/** Reads what a plan for the change needs to know. */
export function readFacts(link: Link, change: Change, mark: Mark, signal: AbortSignal): Promise<MongodbFacts> {
  switch (change.kind) {
    case 'create-database':
    case 'drop-database':
    case 'undo-create-database':
      return databaseFacts(link, change, mark, signal)
    case 'create-role':
    case 'set-role':
    case 'drop-role':
    case 'undo-create-role':
      return roleFacts(link, change, mark, signal)
    default:
      return userFacts(link, change, mark, signal)
  }
}

type DatabaseChange = Extract<Change, { kind: 'create-database' | 'drop-database' | 'undo-create-database' }>
type UserChange = Exclude<Change, DatabaseChange | RoleChange>

async function roleFacts(link: Link, change: RoleChange, mark: Mark, signal: AbortSignal): Promise<MongodbFacts> {
  const definition = 'role' in change ? change.role : undefined
  const name = definedRole('role' in change ? change.role.name : change.name)
  const roles = await findRoles(link, [name, ...(definition?.roles ?? []).map(roleFrom)], signal)
  const exists = roles.some(role => sameRole(role, name))
  const actions = definition && (await readActions(link, signal))
  const rights = await readRights(link, signal)
  const applied = definition ? isDefinedSo(definition, { roles, actions }) : !exists
  const power = await powerOfRole(link, name, definition, signal)
  return { exists, applied, state: link.state, rights, mark, keepsData: false, roles, actions, databases: [], power }
}

async function databaseFacts(
  link: Link,
  change: DatabaseChange,
  mark: Mark,
  signal: AbortSignal,
): Promise<MongodbFacts> {
  const name = change.kind === 'create-database' ? change.database.name : change.name
  const database = await readDatabase(link, name, mark, signal)
  const rights = await readRights(link, signal)
  const { state } = link
  const nothingElse = { keepsData: false, roles: [], databases: [] }
  return { ...nothingElse, exists: database.exists, applied: database.marked, state, rights, mark, database }
}

async function userFacts(link: Link, change: UserChange, mark: Mark, signal: AbortSignal): Promise<MongodbFacts> {
  const key = change.kind === 'create-user' ? change.user : change.key
  const account = accountOf(key)
  const login = await findLogin(link, key, signal)
  const roles = await findRoles(link, rolesThatMatter(change, account, mark), signal)
  const opens =
    change.kind === 'replace-user' && login !== undefined && change.password && isProvable(login)
      ? await canLogIn(link.dial, link.target, change.key, change.password, signal)
      : undefined
  return {
    exists: login !== undefined,
    incarnation: login && incarnationOfLogin(login),
    applied: await isApplied(link, change, { login, roles, mark, account, opens }, signal),
    state: link.state,
    rights: await readRights(link, signal),
    mark,
    keepsData:
      change.kind === 'create-user' &&
      (await looksAt(link, { createUser: '', roles: [], customData: NO_SUCH }, signal)),
    closesSources: makesLock(change, login, roles) && (await looksAt(link, ROLE_WITH_SOURCES, signal)),
    account,
    login,
    opens,
    lonely: await lonelyOf(link, change, { login, roles, account }, signal),
    actions: makesRoles(change, roles) ? await readActions(link, signal) : undefined,
    roles,
    databases: await databasesOf(link, grantsOf(change), signal),
    clock: change.kind === 'drop-user' ? await readClock(link, signal) : undefined,
    power: await powerIn(link, change, login, signal),
  }
}

/** Its own, and that of what it is to be. */
async function powerOfRole(
  link: Link,
  name: RoleName,
  definition: RoleDefinition | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (definition?.privileges.some(isMightyPrivilege)) return roleText(name)
  const all = [name, ...(definition?.roles ?? []).map(roleFrom)]
  return mightyAmong(all, await readPower(link, all, signal))
}

/** Its subject's, and that of roles which it gives. */
async function powerIn(
  link: Link,
  change: UserChange,
  login: Login | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (login?.power !== undefined) return `${login.user}, by ${login.power},`
  if (change.kind === 'create-user' && change.everything) return change.user.name
  const wanted = rolesWanted(change)
  return mightyAmong(wanted, await readPower(link, wanted, signal))
}

/** What it may let go of: what it has, or what the lock that came before its drop has kept of it. */
async function lonelyOf(
  link: Link,
  { kind }: UserChange,
  { login, roles, account }: Pick<Seen, 'login' | 'roles' | 'account'>,
  signal: AbortSignal,
): Promise<readonly RoleName[] | undefined> {
  if (kind !== 'replace-user' && kind !== 'drop-user' && kind !== 'undo-create-user') return undefined
  const held = roles.find(role => sameRole(role, heldRole(account)))
  return lonelyRoles(link, account, login?.roles ?? held?.roles ?? [], signal)
}

/** Does it want roles that are made when somebody first gets them, and that are not there? */
function makesRoles(change: UserChange, roles: readonly RoleFound[]): boolean {
  const wanted = withNeeded(rolesWanted(change))
  return wanted.some(name => definitionOf(name) && !roles.some(role => sameRole(role, name)))
}

function rolesWanted(change: UserChange): readonly RoleName[] {
  if (change.kind === 'create-user') return change.user.engineRoles.map(roleFrom)
  if (change.kind === 'replace-user') return (change.roles ?? []).map(roleFrom)
  return change.kind === 'set-user' ? (change.engineRoles ?? []).map(roleFrom) : []
}

/** What an operation left that this one takes the place of. */
function leftoverRoles({ over }: Extract<UserChange, { kind: 'create-user' }>, account: Account, mark: Mark) {
  return over === undefined ? [] : [...markersOf(mark, over, account), heldRole(account), LOCKED]
}

const markersOf = (mark: Mark, operations: readonly string[], account: Account) =>
  marksOf(mark, operations).map(one => markerRole(one, account))

/** What a plan may have to make, change or drop. */
function rolesThatMatter(change: UserChange, account: Account, mark: Mark): readonly RoleName[] {
  if (!canBeThere(account.user) || !canBeThere(account.db)) return []
  switch (change.kind) {
    case 'create-user':
      return [markerRole(mark, account), ...leftoverRoles(change, account, mark), ...withNeeded(rolesWanted(change))]
    case 'undo-create-user':
      return [...markersOf(mark, change.of ?? [mark.operation], account), heldRole(account), LOCKED]
    case 'set-user':
    case 'replace-user':
      return withNeeded(rolesWanted(change))
    case 'lock-user':
    case 'unlock-user':
    case 'drop-user':
      return [heldRole(account), LOCKED]
    default:
      return []
  }
}

function grantsOf(change: UserChange): readonly Grant[] {
  if (change.kind === 'create-user') return change.user.grants
  return change.kind === 'grant-user' ? change.grants.add : []
}

async function databasesOf(link: Link, grants: readonly Grant[], signal: AbortSignal): Promise<readonly string[]> {
  const names = [...new Set(grants.map(({ database }) => database))]
  return names.length === 0 ? [] : databaseNames(link, signal, { name: { $in: names } })
}

interface Seen {
  readonly login?: Login
  readonly roles: readonly RoleFound[]
  readonly mark: Mark
  readonly account: Account
  readonly opens?: boolean
}

/**
 * A login carries the mark of the operation that made it. Of a later one the login itself tells: the new password opens it, or the lock,
 * the roles are as they were to be. Where nobody can prove a password, whatever was to set it goes forward.
 */
async function isApplied(
  link: Link,
  change: UserChange,
  { login, roles, mark, account, opens }: Seen,
  signal: AbortSignal,
): Promise<boolean> {
  const isThere = (name: RoleName) => roles.some(role => sameRole(role, name))
  switch (change.kind) {
    case 'create-user':
    case 'undo-create-user':
      return isThere(markerRole(mark, account)) || isSameMark(login?.mark, mark)
    case 'reset-user':
      if (!login || !isProvable(login)) return login !== undefined
      return canLogIn(link.dial, link.target, change.key, passwordOf(change)!, signal)
    case 'drop-user':
      return login ? login.locked : isThere(heldRole(account))
    case 'lock-user':
      return login?.locked === true
    case 'unlock-user':
      return login?.locked === false
    case 'set-user':
      return isPartlySet(change, { login })
    case 'replace-user':
      return (
        login !== undefined &&
        (opens ?? (change.password !== undefined || hasExactly(login, wantedRoles(change, login))))
      )
    case 'grant-user':
      return login !== undefined && isPartlyGranted(change.grants, login)
    default:
      return false
  }
}

const TYPE_MISMATCH = 14

/** What is neither data of a login nor a list of addresses. */
const NO_SUCH = 'is it looked at?'
const ROLE_WITH_SOURCES = { createRole: '', privileges: [], roles: [], authenticationRestrictions: NO_SUCH } as const

/** Is the role of the locked made by this? */
function makesLock({ kind }: UserChange, login: Login | undefined, roles: readonly RoleFound[]): boolean {
  const locks = kind === 'lock-user' || kind === 'drop-user' || kind === 'undo-create-user'
  return locks && login !== undefined && !roles.some(role => sameRole(role, LOCKED))
}

/**
 * Does the server mind this field of a command? One that does looks at its type before at anything else, and refuses a text. Nothing can
 * be made by this: the name is empty.
 */
async function looksAt(link: Link, command: Command, signal: AbortSignal): Promise<boolean> {
  try {
    await link.ask(signal, 'admin', command)
    return false
  } catch (error) {
    const fault = toFault(error)
    if (numberBehind(fault) === undefined) throw fault
    return numberBehind(fault) === TYPE_MISMATCH
  }
}
