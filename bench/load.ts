import autocannon from 'autocannon'

/** What a load of so many connections came to. */
export interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly failed: number
}

/** Headers that are new for every request to a path. */
export type Sign = (path: string) => Record<string, string>

/** Sends requests for `seconds`, each to the next path, over `connections` at once. */
export async function load(
  url: string,
  paths: readonly string[],
  connections: number,
  seconds: number,
  { headers = {}, signs = [] }: { readonly headers?: Record<string, string>; readonly signs?: readonly Sign[] } = {},
): Promise<Load> {
  let clients = 0
  // Each connection begins elsewhere: in step they would all ask for the same page at the same moment.
  const setupClient = (client: autocannon.Client) => {
    const sign = signs[clients]
    client.setRequests(rotated(paths, clients++ * 13).map(path => requestFor(path, headers, sign)))
  }
  const result = await autocannon({ url, connections, duration: seconds, headers, setupClient })
  const { requests, latency, errors, non2xx, timeouts } = result
  return { perSecond: requests.average, p50: latency.p50, p99: latency.p99, failed: errors + non2xx + timeouts }
}

function requestFor(path: string, headers: Record<string, string>, sign?: Sign): autocannon.Request {
  if (!sign) return { method: 'GET', path }
  return { method: 'GET', path, setupRequest: request => ({ ...request, headers: { ...headers, ...sign(path) } }) }
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)]!
}

function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const at = by % all.length
  return [...all.slice(at), ...all.slice(0, at)]
}
