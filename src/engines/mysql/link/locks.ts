import { createHash } from 'node:crypto'
import { Fault } from '../../../domain/fault.ts'
import { type SessionName, sessionText } from '../../engine.ts'
import { quoteText } from '../sql.ts'
import type { Link } from './link.ts'

/** The server takes names of this many characters for its locks. */
const LOCK_CHARACTERS = 64

/**
 * How many attempts at one operation can be alive at a time. A lease keeps it at one; a killed process's may still be there, and its
 * successor's. Nobody can ask a server for all locks of a kind, so their names must be few and known.
 */
const SLOTS = 16

/** The lock of one attempt, and those of any attempt at the operation. */
function lockNames(session: SessionName): { readonly attempt?: string; readonly slots: readonly string[] } {
  const all = sessionText({ ...session, attempt: undefined })
  const slots = Array.from({ length: SLOTS }, (_, at) => lockName(`${all}#${at}`))
  return session.attempt === undefined ? { slots } : { attempt: lockName(sessionText(session)), slots }
}

function lockName(text: string): string {
  if (text.length <= LOCK_CHARACTERS) return text
  return `rolecall/${createHash('sha256').update(text).digest('hex').slice(0, 48)}`
}

/** Named locks are held by a session and go with it: they say which operation and attempt it serves, and whom to end. */
export async function nameSession(link: Link, session: SessionName, signal: AbortSignal): Promise<void> {
  // What is no attempt has nothing to be recovered from.
  if (session.attempt === undefined) return
  const { attempt, slots } = lockNames(session)
  const firstFree = slots.map((name, at) => `when get_lock(${quoteText(name)}, 0) = 1 then ${at}`).join(' ')
  const [row] = await link.ask(
    signal,
    `select get_lock(${quoteText(attempt!)}, 0) as mine, case ${firstFree} end as slot`,
  )
  if (Number(row?.mine) === 1 && row?.slot !== null) return
  throw new Fault('conflict', 'operation', 'Another session serves this attempt on the server')
}

/** The sessions that serve an attempt; without one, all attempts of the operation. */
export async function sessionsNamed(link: Link, session: SessionName, signal: AbortSignal): Promise<readonly number[]> {
  const { attempt, slots } = lockNames(session)
  const names = attempt === undefined ? slots : [attempt]
  const asked = names.map((name, at) => `is_used_lock(${quoteText(name)}) as l${at}`)
  const [row] = await link.ask(signal, `select ${asked.join(', ')}`)
  const holders = Object.values(row ?? {}).filter(holder => holder !== null)
  return [...new Set(holders.map(Number))]
}
