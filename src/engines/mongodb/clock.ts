import type { Link } from './link/link.ts'

/** What the server takes the time to be; undefined where it does not say. */
export async function readClock(link: Link, signal: AbortSignal): Promise<number | undefined> {
  const { localTime } = await link.ask(signal, 'admin', { hello: 1 })
  return localTime === undefined ? undefined : new Date(localTime).getTime()
}
