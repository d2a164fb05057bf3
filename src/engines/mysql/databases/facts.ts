import { setTimeout as sleep } from 'node:timers/promises'
import type { Mark } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import { databaseMarkerRole, isDatabaseMarkerRole, isSameMark, markInComment } from '../marks.ts'
import { canBeThere, grantName } from '../names.ts'
import { sessionsInDatabase } from '../users/sessions.ts'

/** What a plan needs to know of the database that a change makes or drops. */
export interface DatabaseFound {
  readonly exists: boolean
  /** Carries this operation's mark. */
  readonly marked: boolean
  /** This operation said that it would make it, where databases carry no mark. */
  readonly intended: boolean
  /** Tables, views and routines in it. */
  readonly things: number
  /** Of other logins than the managing one. */
  readonly sessions: number
  /** Accounts that have privileges on it. */
  readonly grantees: readonly Grantee[]
}

export interface Grantee {
  readonly name: string
  readonly host: string
  readonly grantName: string
  /** `Y`: it may hand on what it has there. */
  readonly mayGrant: string
}

const DATABASE = `select s.* from information_schema.schemata s where s.SCHEMA_NAME = ?`

const THINGS = `select (select count(*) from information_schema.tables t where t.TABLE_SCHEMA = ?)
  + (select count(*) from information_schema.routines r where r.ROUTINE_SCHEMA = ?) as n`

const GRANTEES = `select d.User as name, d.Host as host, d.Db as grantName, d.Grant_priv as mayGrant from mysql.db d where d.Db = ? or d.Db = ?`

export async function readDatabase(link: Link, name: string, mark: Mark, signal: AbortSignal): Promise<DatabaseFound> {
  if (!canBeThere(name)) return { exists: false, marked: false, intended: false, things: 0, sessions: 0, grantees: [] }
  const found = (await link.ask(signal, DATABASE, [name])).find(row => row.SCHEMA_NAME === name)
  const grantees = await link.ask<Grantee>(signal, GRANTEES, [grantName(name, link.state), name])
  const intended = grantees.some(({ name: role }) => role === databaseMarkerRole(mark, name))
  const comment = markInComment(found?.SCHEMA_COMMENT as string | undefined)
  const [counted] = found ? await link.ask<{ n: number | string }>(signal, THINGS, [name, name]) : []
  return {
    exists: found !== undefined,
    marked: found !== undefined && (link.state.databaseComments ? isSameMark(comment, mark) : intended),
    intended,
    things: Number(counted?.n ?? 0),
    sessions: found ? await quietSessions(link, name, signal) : 0,
    grantees,
  }
}

/** Of those that have privileges on a database, the roles by which we know it as made by an operation. */
export const isMarker = ({ name }: Grantee) => isDatabaseMarkerRole(name)

/** So long is waited for sessions that are just ending: who hangs up is still seen for a moment. */
const QUIET_MS = 500
const PAUSE_MS = 50

async function quietSessions(link: Link, name: string, signal: AbortSignal): Promise<number> {
  for (const end = performance.now() + QUIET_MS; ; await sleep(PAUSE_MS)) {
    const sessions = await link.ask(signal, sessionsInDatabase(name, link.state.me.name))
    if (sessions.length === 0 || performance.now() > end) return sessions.length
  }
}
