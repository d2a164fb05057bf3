import { toFault } from '../../../domain/fault.ts'
import type { Mark } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import { markerCollection } from '../marks.ts'
import { type Account, OURS } from '../names.ts'
import { plain, type RoleName } from '../roles/names.ts'
import { findDatabase } from './read.ts'

/** What a plan needs to know of the database that a change makes or drops. */
export interface DatabaseFound {
  readonly exists: boolean
  /** Has this operation's marker collection. */
  readonly marked: boolean
  /** Collections in it that are none of our markers. */
  readonly things: number
  readonly grantees: readonly Grantee[]
}

/** A login with roles on the database. */
export interface Grantee extends Account {
  readonly roles: readonly RoleName[]
}

export async function readDatabase(link: Link, name: string, mark: Mark, signal: AbortSignal): Promise<DatabaseFound> {
  const exists = (await findDatabase(link, name, signal)) !== undefined
  const names = exists ? await collectionsOf(link, name, signal) : []
  return {
    exists,
    marked: names.includes(markerCollection(mark)),
    things: names.filter(one => !one.startsWith(OURS) && !one.startsWith('system.')).length,
    grantees: await granteesOf(link, name, signal),
  }
}

async function collectionsOf(link: Link, name: string, signal: AbortSignal): Promise<readonly string[]> {
  // The first batch would end at 101.
  const list = { listCollections: 1, nameOnly: true, cursor: { batchSize: 10_000 } }
  const { cursor } = await link.ask(signal, name, list)
  return (cursor.firstBatch as readonly { name: string }[]).map(one => one.name)
}

const MOST_GRANTEES = 10_000

async function granteesOf(link: Link, name: string, signal: AbortSignal): Promise<readonly Grantee[]> {
  const logins = await loginsOn(link, name, signal)
  return logins.map(({ user, db, roles }) => ({
    user,
    db,
    roles: (roles as readonly RoleName[]).filter(role => role.db === name).map(plain),
  }))
}

async function loginsOn(link: Link, name: string, signal: AbortSignal): Promise<readonly Document[]> {
  const find = { find: 'system.users', filter: { 'roles.db': name }, projection: { user: 1, db: 1, roles: 1 } }
  try {
    const { cursor } = await link.ask(signal, 'admin', { ...find, batchSize: MOST_GRANTEES, singleBatch: true })
    return cursor.firstBatch
  } catch (error) {
    if (toFault(error).code !== 'missing_right') throw error
    const { users } = await link.ask(signal, 'admin', { usersInfo: { forAllDBs: true } })
    return (users as readonly Document[]).filter(({ roles }) => (roles as RoleName[]).some(({ db }) => db === name))
  }
}
