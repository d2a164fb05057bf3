import { Fault } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { deadlinePassed, inTime } from '../../in-time.ts'
import type { Command } from '../command.ts'
import { commandFault } from '../faults.ts'
import { introduce, type ServerState } from './server.ts'
import type { Dial, DialConfig, Document, MongoSession } from './session.ts'

/** A session that knows its server, and whose every command has a deadline. */
export interface Link {
  readonly state: ServerState
  readonly config: DialConfig
  readonly target: Target
  readonly dial: Dial
  readonly broken: boolean
  ask(signal: AbortSignal, database: string, command: Command): Promise<Document>
  close(): Promise<void>
}

/** Dials one address and learns who is there. */
export async function openLink(dial: Dial, config: DialConfig, target: Target, signal: AbortSignal): Promise<Link> {
  const session = await dial(config, signal)
  try {
    const ask = (database: string, command: Command) =>
      askInTime(session, { database, command, signal }, config, target)
    return linkOver(dial, session, config, target, await introduce(ask))
  } catch (error) {
    await session.close()
    throw error
  }
}

function linkOver(dial: Dial, session: MongoSession, config: DialConfig, target: Target, state: ServerState): Link {
  return {
    dial,
    state,
    config,
    target,
    get broken() {
      return session.broken
    },
    ask: (signal, database, command) => askInTime(session, { database, command, signal }, config, target),
    close: () => session.close(),
  }
}

/** How much longer than the server itself its answer is waited for, before the link is cut. */
const GRACE_MS = 2_000

interface Asked {
  readonly database: string
  readonly command: Command
  readonly signal: AbortSignal
}

/**
 * The server stops a command at its deadline by itself. A link of one session whose caller gave up is hung up on: then the server stops
 * the command, too, or has done it by then. One that others use goes on.
 */
async function askInTime(
  session: MongoSession,
  { database, command, signal }: Asked,
  { connections }: DialConfig,
  { statementTimeoutMs }: Target,
): Promise<Document> {
  if (signal.aborted) throw deadlinePassed()
  if (session.broken) throw new Fault('unavailable', 'server', 'The session has ended')
  try {
    const answer = session.command(database, { ...command, maxTimeMS: statementTimeoutMs })
    const document = await inTime(answer, statementTimeoutMs + GRACE_MS, signal)
    if (document) return document
  } catch (error) {
    throw commandFault(error)
  }
  if (connections === 1) await session.close()
  throw deadlinePassed()
}
