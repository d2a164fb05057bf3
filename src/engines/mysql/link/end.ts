import { setTimeout as sleep } from 'node:timers/promises'
import { toFault } from '../../../domain/fault.ts'
import type { SessionName, Target } from '../../engine.ts'
import { deadlinePassed } from '../../in-time.ts'
import { numberBehind } from '../faults.ts'
import { connectTo } from './connect.ts'
import type { Link } from './link.ts'
import { sessionsNamed } from './locks.ts'
import type { Dial } from './session.ts'

const PAUSE_MS = 30

/** Ends what earlier attempts left running, and looks until nothing of them is there: their locks go last, when they can't commit any more. */
export async function endSessions(
  dial: Dial,
  target: Target,
  session: SessionName,
  signal: AbortSignal,
): Promise<void> {
  const link = await connectTo(dial, target, `rolecall/${session.installation}/ending`, signal)
  try {
    await endUntilGone(link, () => sessionsNamed(link, session, signal), target.statementTimeoutMs, signal)
  } finally {
    await link.close()
  }
}

/** Ends the sessions that `list` names, again and again, until it names none. */
export async function endUntilGone(
  link: Link,
  list: () => Promise<readonly number[]>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + patienceMs
  for (let left = await list(); left.length > 0; left = await list()) {
    if (performance.now() > end) throw deadlinePassed()
    for (const session of left) await kill(link, session, signal)
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => Promise.reject(deadlinePassed()))
  }
}

const NO_SUCH_THREAD = 1094

// It may have ended by itself meanwhile.
async function kill(link: Link, session: number, signal: AbortSignal): Promise<void> {
  try {
    await link.ask(signal, `kill connection ${Math.trunc(session)}`)
  } catch (error) {
    if (numberBehind(toFault(error)) !== NO_SUCH_THREAD) throw error
  }
}
