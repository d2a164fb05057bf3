import type { Link } from './link/link.ts'

// Seconds since the epoch, so that the session's time zone is of no matter.
const CLOCK = 'select cast(unix_timestamp(sysdate(3)) * 1000 as double) as clock'

/** What the server takes the time to be. */
export async function readClock(link: Link, signal: AbortSignal): Promise<number> {
  return Number((await link.ask<{ readonly clock: number }>(signal, CLOCK))[0]!.clock)
}
