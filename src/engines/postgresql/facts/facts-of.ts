import type { Secret } from '../../../domain/secret.ts'
import { type Change, type CommonChange, passwordOf } from '../../../domain/users/change.ts'
import type { Mark } from '../../../domain/users/user.ts'
import { common } from '../../common-changes.ts'
import { readClock } from '../clock.ts'
import { readDatabase } from '../databases/facts.ts'
import { type Holdings, readHoldings } from '../drop/facts.ts'
import { readMadeRoles } from '../drop/made-roles.ts'
import { readGrantDatabases } from '../grants/facts.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import { isSameMark, markIn } from '../marks.ts'
import { findRole, isUser, type UserRow } from '../users/read.ts'
import { findRenamed } from '../users/rename.ts'
import { scramVerifier } from '../users/scram.ts'
import { listSessions } from '../users/sessions.ts'
import type { PostgresFacts, RenameFacts } from './facts.ts'
import { type Reach, readReach } from './reach.ts'

/** Reads what a plan for the change needs to know. */
export async function readFacts(
  links: Links,
  asked: Change,
  mark: Mark,
  verifier = verifierOf(asked),
): Promise<PostgresFacts> {
  const change = common(asked)
  switch (change.kind) {
    case 'create-database':
    case 'drop-database':
    case 'undo-create-database':
      return databaseFacts(links, change, mark)
    default:
      return { ...(await readUser(links, change, mark)), verifier }
  }
}

type DatabaseChange = Extract<CommonChange, { kind: 'create-database' | 'drop-database' | 'undo-create-database' }>
type UserChange = Exclude<CommonChange, DatabaseChange>

async function databaseFacts({ main, signal }: Links, change: DatabaseChange, mark: Mark): Promise<PostgresFacts> {
  const name = change.kind === 'create-database' ? change.database.name : change.name
  const wantedOwner = change.kind === 'create-database' ? change.database.owner : undefined
  const database = await readDatabase(main, name, mark, signal)
  const owners = [wantedOwner, database.owner].filter(owner => owner !== undefined)
  return {
    ...nothingElse,
    exists: database.oid !== undefined,
    incarnation: database.oid,
    applied: database.marked || database.halfMade !== undefined,
    state: main.state,
    mark,
    others: await readReach(main, owners, signal),
    database,
  }
}

const nothingElse = { sessions: 0, grants: [], others: [], madeRoles: [] }

async function readUser(links: Links, change: UserChange, mark: Mark): Promise<PostgresFacts> {
  const { main, signal } = links
  const { name } = change.kind === 'create-user' ? change.user : change.key
  const [{ role, rename }, named] = await Promise.all([
    subjectRole(main, change, name, mark, signal),
    readReach(main, [name, ...rolesNamedIn(change)], signal),
  ])
  const roleMark = markIn(role?.comment ?? undefined)
  const madeRoles = change.kind === 'undo-create-user' ? await readMadeRoles(links, mark, role?.oid) : []
  const [sessions, grants, holdings, clock] = await Promise.all([
    role ? listSessions(main, name, signal) : [],
    readGrantDatabases(links, change, role),
    role && isDrop(change) ? readHoldings(links, role.oid) : undefined,
    change.kind === 'drop-user' ? readClock(main, signal) : undefined,
  ])
  return {
    exists: role !== undefined && (change.kind === 'create-user' || isUser(role, known(change))),
    incarnation: role?.oid,
    applied: isSameMark(roleMark, mark) || madeRoles.some(({ inUse }) => !inUse),
    state: main.state,
    mark,
    role,
    roleMark,
    reach: named.find(one => one.name === name),
    others: named.filter(one => one.name !== name),
    sessions: sessions.length,
    grants,
    madeRoles,
    holdings,
    rename,
    clock,
    power: powerIn(change, holdings && ownsNothing(holdings) ? named.filter(one => one.name === name) : named),
  }
}

function ownsNothing({ databases, sharedOwned }: Holdings): boolean {
  return [sharedOwned, ...databases.map(({ owned }) => owned)].every(counts => Object.keys(counts).length === 0)
}

/** Its subject's, that of roles which it gives, and of whoever gets what is left behind: others' code then runs with its rights. */
function powerIn(change: UserChange, named: readonly Reach[]): string | undefined {
  if (change.kind === 'create-user' && change.everything) return change.user.name
  const mighty = named.find(({ power }) => power !== null)
  if (!mighty) return undefined
  return mighty.power === mighty.name ? mighty.name : `${mighty.name}, by ${mighty.power},`
}

async function subjectRole(
  link: Link,
  change: UserChange,
  name: string,
  mark: Mark,
  signal: AbortSignal,
): Promise<{ readonly role?: UserRow; readonly rename?: RenameFacts }> {
  if (change.kind === 'rename-user') return findRenamed(link, change, mark, signal)
  return { role: await findRole(link, name, signal) }
}

const known = (change: UserChange) => ('incarnation' in change ? change.incarnation : undefined)

const isDrop = ({ kind }: UserChange) => kind === 'drop-user' || kind === 'undo-create-user'

function rolesNamedIn(change: UserChange): readonly string[] {
  if (change.kind === 'create-user') return change.user.engineRoles
  if (change.kind === 'set-user') return change.engineRoles ?? []
  if (change.kind === 'drop-user' && change.onOwned.startsWith('reassign:'))
    return [change.onOwned.slice('reassign:'.length)]
  return []
}

/** Of the password that a change sets; nobody waits for it before it is sent. */
export function verifierOf(change: Change): Promise<Secret> | undefined {
  const password = passwordOf(change)
  if (!password) return undefined
  const verifier = scramVerifier(password)
  verifier.catch(() => undefined)
  return verifier
}
