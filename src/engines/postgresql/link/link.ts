import type { Target } from '../../engine.ts'
import { connectFault, NotPostgres } from './connect-faults.ts'
import { askInTime } from './deadline.ts'
import { firstMessage, IDENTIFY, type ServerState, stateFrom } from './server.ts'
import type { Dial, DialConfig, PgSession, Row } from './session.ts'

/** A session that knows its server, and whose every statement has a deadline. */
export interface Link {
  readonly state: ServerState
  readonly config: DialConfig
  readonly broken: boolean
  ask<T = Row>(signal: AbortSignal, text: string, values?: readonly unknown[]): Promise<readonly T[]>
  close(): Promise<void>
}

/** Dials one address and learns who is there. */
export async function openLink(dial: Dial, config: DialConfig, target: Target, signal: AbortSignal): Promise<Link> {
  const session = await dialed(dial, config, signal)
  try {
    return linkOver(session, config, target, await introduce(session, target, signal))
  } catch (error) {
    session.destroy()
    throw error
  }
}

async function dialed(dial: Dial, config: DialConfig, signal: AbortSignal): Promise<PgSession> {
  try {
    return await dial(config, signal)
  } catch (error) {
    throw connectFault(error)
  }
}

async function introduce(session: PgSession, target: Target, signal: AbortSignal): Promise<ServerState> {
  const deadline = target.statementTimeoutMs
  const row = (await askInTime(session, firstMessage(deadline), undefined, deadline, signal)).at(-1)
  if (row?.version === undefined) throw connectFault(new NotPostgres('it does not know its version'))
  const [known] = row.mayIdentify ? await askInTime(session, IDENTIFY, undefined, deadline, signal) : []
  return stateFrom(row, known?.fingerprint as string | undefined)
}

function linkOver(session: PgSession, config: DialConfig, target: Target, state: ServerState): Link {
  const inTurn = oneAtATime()
  return {
    state,
    config,
    get broken() {
      return session.broken
    },
    ask: <T>(signal: AbortSignal, text: string, values?: readonly unknown[]) =>
      inTurn(() => askInTime(session, text, values, target.statementTimeoutMs, signal) as Promise<readonly T[]>),
    close: () => closed(session),
  }
}

/** A session does one thing at a time. Whoever comes meanwhile waits, and its deadline begins with its turn. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}

const GOODBYE_MS = 1_000

// A peer that doesn't say good-bye back is not waited for.
async function closed(session: PgSession): Promise<void> {
  if (session.broken) return session.destroy()
  const timer = setTimeout(() => session.destroy(), GOODBYE_MS)
  await session.end().catch(() => session.destroy())
  clearTimeout(timer)
}
