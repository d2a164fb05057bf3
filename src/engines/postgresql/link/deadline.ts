import { deadlinePassed, inTime } from '../../in-time.ts'
import { statementFault } from '../faults.ts'
import type { PgSession, Row } from './session.ts'

/** How long a cancelled statement may take to say so, before its socket is cut. */
const CANCEL_GRACE_MS = 2_000

/** What asking takes of a session. */
export type Asked = Pick<PgSession, 'query' | 'cancel' | 'destroy'>

/** Asks, and waits no longer than `deadlineMs` or `signal` allow; then the server is told to stop, and a link that stays silent is cut. */
export async function askInTime(
  session: Asked,
  text: string,
  values: readonly unknown[] | undefined,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  if (signal.aborted) throw deadlinePassed()
  const answer = session.query(text, values).then(({ rows }) => rows)
  try {
    return (await inTime(answer, deadlineMs, signal)) ?? (await cancelled(session, answer))
  } catch (error) {
    throw statementFault(error)
  }
}

// A statement that was done before the cancel arrived has its answer all the same: what happened is never called a failure.
async function cancelled(session: Asked, answer: Promise<readonly Row[]>): Promise<readonly Row[]> {
  session.cancel().catch(() => {})
  const rows = await inTime(answer, CANCEL_GRACE_MS)
  if (rows) return rows
  session.destroy()
  throw deadlinePassed()
}
