import { Fault } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { inTime } from '../../in-time.ts'
import { statementFault } from '../faults.ts'
import { connectFault } from './connect-faults.ts'
import { askInTime } from './deadline.ts'
import {
  INTRODUCTION,
  manners,
  type ServerState,
  stateFrom,
  VARIABLES,
  type Variables,
  variablesFrom,
} from './server.ts'
import type { Dial, DialConfig, MysqlSession, Row } from './session.ts'

/** A session that knows its server, and whose every statement has a deadline. */
export interface Link {
  readonly state: ServerState
  readonly config: DialConfig
  readonly broken: boolean
  ask<T = Row>(signal: AbortSignal, text: string, values?: readonly (string | number)[]): Promise<readonly T[]>
  close(): Promise<void>
}

/** Dials one address and learns who is there. */
export async function openLink(dial: Dial, config: DialConfig, target: Target, signal: AbortSignal): Promise<Link> {
  const session = await dialed(dial, config, signal)
  try {
    return linkOver(dial, session, config, target, await introduce(session, target, signal))
  } catch (error) {
    session.destroy()
    throw error
  }
}

async function dialed(dial: Dial, config: DialConfig, signal: AbortSignal): Promise<MysqlSession> {
  try {
    return await dial(config, signal)
  } catch (error) {
    throw connectFault(error)
  }
}

async function introduce(session: MysqlSession, target: Target, signal: AbortSignal): Promise<ServerState> {
  const deadlineMs = target.statementTimeoutMs
  // Nothing of ours can be stopped before the session's number is known: a server that is silent now is hung up on.
  const cancel = async () => {}
  const ask = (text: string) => askInTime(session, { text, deadlineMs, signal, cancel })
  const variables: Variables = variablesFrom(await ask(VARIABLES))
  await ask(manners(variables, deadlineMs))
  const [row] = await ask(INTRODUCTION)
  if (!row) throw new Fault('unavailable', 'server', 'The server does not say who is there', { reason: 'wrong-server' })
  return stateFrom(variables, row)
}

function linkOver(dial: Dial, session: MysqlSession, config: DialConfig, target: Target, state: ServerState): Link {
  const inTurn = oneAtATime()
  const deadlineMs = target.statementTimeoutMs
  const cancel = () => stopStatement(dial, config, state.session)
  return {
    state,
    config,
    get broken() {
      return session.broken
    },
    ask: <T>(signal: AbortSignal, text: string, values?: readonly (string | number)[]) =>
      inTurn(() => askInTime(session, { text, values, deadlineMs, signal, cancel }) as Promise<readonly T[]>),
    close: () => closed(session),
  }
}

const STOP_MS = 2_000

/** The protocol has no way to stop a statement but another session of the same login. */
async function stopStatement(dial: Dial, config: DialConfig, session: number): Promise<void> {
  const other = await dial({ ...config, connectTimeoutMs: STOP_MS, database: '' }, AbortSignal.timeout(STOP_MS))
  try {
    await inTime(other.query(`kill query ${session}`), STOP_MS)
  } catch (error) {
    throw statementFault(error)
  } finally {
    other.destroy()
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
async function closed(session: MysqlSession): Promise<void> {
  if (session.broken) return session.destroy()
  const timer = setTimeout(() => session.destroy(), GOODBYE_MS)
  await session.end().catch(() => session.destroy())
  clearTimeout(timer)
}
