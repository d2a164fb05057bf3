import { deadlinePassed, inTime } from '../../in-time.ts'
import { statementFault } from '../faults.ts'
import type { MysqlSession, Row } from './session.ts'

/** How long a statement that was told to stop may take to say so, before its socket is cut. */
const CANCEL_GRACE_MS = 2_000

/** A statement, how long it may take, and how the server is told to stop it. */
export interface Asked {
  readonly text: string
  readonly values?: readonly (string | number)[]
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly cancel: () => Promise<void>
}

/** Asks, and waits no longer than the deadline or the signal allow; then the server is told to stop, and a link that stays silent is cut. */
export async function askInTime(session: MysqlSession, asked: Asked): Promise<readonly Row[]> {
  const { text, values, deadlineMs, signal } = asked
  if (signal.aborted) throw deadlinePassed()
  const answer = session.query(text, values).then(({ rows }) => rows)
  try {
    return (await inTime(answer, deadlineMs, signal)) ?? (await cancelled(session, answer, asked))
  } catch (error) {
    throw statementFault(error)
  }
}

// A statement that was done before it was told to stop has its answer all the same: what happened is never called a failure. Nobody
// goes on before the telling is over: it would stop the next statement instead. To an idle session it means nothing.
async function cancelled(
  session: MysqlSession,
  answer: Promise<readonly Row[]>,
  { cancel }: Asked,
): Promise<readonly Row[]> {
  const [told, rows] = await Promise.all([inTime(stopped(cancel), CANCEL_GRACE_MS), settledInTime(answer)])
  if (!told) session.destroy()
  if (rows) return answer
  session.destroy()
  throw deadlinePassed()
}

async function stopped(cancel: () => Promise<void>): Promise<boolean> {
  try {
    await cancel()
    return true
  } catch {
    return false
  }
}

/** Has it come to anything, an answer or a failure, in the time that it is given to stop? */
async function settledInTime(answer: Promise<unknown>): Promise<boolean> {
  const settled = answer.then(
    () => true,
    () => true,
  )
  return (await inTime(settled, CANCEL_GRACE_MS)) ?? false
}
