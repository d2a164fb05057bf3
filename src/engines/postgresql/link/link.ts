import type { Target } from '../../engine.ts'
import { connectFault, NotPostgres } from './connect-faults.ts'
import { type Asked, askInTime } from './deadline.ts'
import { firstMessage, IDENTIFY, type ServerState, stateFrom } from './server.ts'
import type { Dial, DialConfig, PgSession, Row } from './session.ts'

/** A session that knows its server, and whose every statement has a deadline. */
export interface Link {
  readonly session: PgSession
  readonly state: ServerState
  readonly config: DialConfig
  /** When it logged in, by `performance.now()`. */
  readonly since: number
  readonly broken: boolean
  /** All that was asked has been answered, nothing failed, and the server was never told to stop anything here. */
  readonly untroubled: boolean
  /** A server answers one question after another. Those that are asked at once go out together; a failure of one is none of the others. */
  ask<T = Row>(signal: AbortSignal, text: string, values?: readonly unknown[]): Promise<readonly T[]>
  close(): Promise<void>
}

/** Dials one address and learns who is there. */
export async function openLink(dial: Dial, config: DialConfig, target: Target, signal: AbortSignal): Promise<Link> {
  const session = await dialed(dial, config, signal)
  const since = performance.now()
  try {
    const state = await introduce(session, target, signal)
    return linkOver({ session, config, state, since }, target)
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

/** A link over a session that has been introduced. */
export function linkOver(parts: Pick<Link, 'session' | 'config' | 'state' | 'since'>, target: Target): Link {
  const { session } = parts
  const troubles = noteTroubles(session)
  return {
    ...parts,
    get broken() {
      return session.broken
    },
    get untroubled() {
      return !session.broken && troubles.none()
    },
    ask: <T>(signal: AbortSignal, text: string, values?: readonly unknown[]) =>
      troubles.during(askInTime(troubles.asked, text, values, target.statementTimeoutMs, signal)) as Promise<
        readonly T[]
      >,
    close: () => closed(session),
  }
}

/** Whoever goes on with a session after its attempt must know that nothing is on its way there: an answer, or a cancel. */
function noteTroubles(session: PgSession) {
  let unanswered = 0
  let troubled = false
  const asked: Asked = {
    query: (text, values) => session.query(text, values),
    cancel: () => {
      troubled = true
      return session.cancel()
    },
    destroy: () => session.destroy(),
  }
  const during = async <T>(work: Promise<T>): Promise<T> => {
    unanswered++
    try {
      return await work
    } catch (error) {
      troubled = true
      throw error
    } finally {
      unanswered--
    }
  }
  return { asked, during, none: () => !troubled && unanswered === 0 }
}

const GOODBYE_MS = 1_000

// A peer that doesn't say good-bye back is not waited for.
async function closed(session: PgSession): Promise<void> {
  if (session.broken) return session.destroy()
  const timer = setTimeout(() => session.destroy(), GOODBYE_MS)
  await session.end().catch(() => session.destroy())
  clearTimeout(timer)
}
