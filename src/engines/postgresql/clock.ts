import type { Link } from './link/link.ts'

const CLOCK = 'select extract(epoch from clock_timestamp())::float8 * 1000 as clock'

/** What the server takes the time to be. */
export async function readClock(link: Link, signal: AbortSignal): Promise<number> {
  return (await link.ask<{ readonly clock: number }>(signal, CLOCK))[0]!.clock
}
