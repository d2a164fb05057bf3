import { setTimeout as sleep } from 'node:timers/promises'
import { type SessionName, sessionText, type Target } from '../../engine.ts'
import { deadlinePassed } from '../../in-time.ts'
import { connectTo } from './connect.ts'
import type { Dial } from './session.ts'

// Compared as texts, never as patterns. Who ends sessions is called otherwise, so it never finds itself. Anybody may call a session
// as ours are called: those of logins that we have no power over are none of ours.
const END = `
select pid, pg_terminate_backend(pid) from pg_stat_activity
where case when $2 then application_name = $1 else starts_with(application_name, $1) end
  and pid <> pg_backend_pid() and pg_has_role(usesysid, 'usage')`

const PAUSE_MS = 30

/** Ends what earlier attempts left running, and looks until nothing of them is there: they can't commit any more. */
export async function endSessions(
  dial: Dial,
  target: Target,
  session: SessionName,
  signal: AbortSignal,
): Promise<void> {
  const link = await connectTo(dial, target, `rolecall/${session.installation}/ending`, signal)
  const values = [sessionText(session), session.attempt !== undefined]
  try {
    const end = performance.now() + target.statementTimeoutMs
    while ((await link.ask(signal, END, values)).length > 0) {
      if (performance.now() > end) throw deadlinePassed()
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => Promise.reject(deadlinePassed()))
    }
  } finally {
    await link.close()
  }
}
