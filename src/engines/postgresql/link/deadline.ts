import { deadlinePassed, statementFault } from '../faults.ts'
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

/** What `work` comes to, or undefined where that takes longer than `ms` or `signal` allow. */
export async function inTime<T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const pass = () => resolve(undefined)
  const timer = setTimeout(pass, ms)
  signal?.addEventListener('abort', pass, { once: true })
  // Whoever stopped waiting must not be told of a failure that comes later.
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', pass)
  }
}
