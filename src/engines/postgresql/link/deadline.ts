import { setTimeout as sleep } from 'node:timers/promises'
import { deadlinePassed, statementFault } from '../faults.ts'
import type { PgSession, Row } from './session.ts'

/** How long a cancelled statement may take to say so, before its socket is cut. */
const CANCEL_GRACE_MS = 2_000

/** Asks, and waits no longer than `deadlineMs` or `signal` allow; then the server is told to stop, and a link that stays silent is cut. */
export async function askInTime(
  session: PgSession,
  text: string,
  values: readonly unknown[] | undefined,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  if (signal.aborted) throw deadlinePassed()
  const answer = session.query(text, values).then(({ rows }) => rows)
  const late = lateness(deadlineMs, signal)
  try {
    return (await Promise.race([answer, late.passed])) ?? (await cancelled(session, answer))
  } catch (error) {
    throw statementFault(error)
  } finally {
    late.stop()
  }
}

// A statement that was done before the cancel arrived has its answer all the same: what happened is never called a failure.
async function cancelled(session: PgSession, answer: Promise<readonly Row[]>): Promise<readonly Row[]> {
  session.cancel().catch(() => {})
  const grace = new AbortController()
  const silence = sleep(CANCEL_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined)
  try {
    const rows = await Promise.race([answer, silence])
    if (rows) return rows
    answer.catch(() => {})
    session.destroy()
    throw deadlinePassed()
  } finally {
    grace.abort()
  }
}

function lateness(deadlineMs: number, signal: AbortSignal): { readonly passed: Promise<undefined>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const pass = () => resolve(undefined)
  const timer = setTimeout(pass, deadlineMs)
  signal.addEventListener('abort', pass, { once: true })
  const stop = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', pass)
  }
  return { passed: promise, stop }
}
