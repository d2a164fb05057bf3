import { type ConnectFailure, Fault, toFault } from '../domain/fault.ts'
import type { Target } from './engine.ts'
import { deadlinePassed, inTime } from './in-time.ts'

/** Addresses of one of the target's hosts; a fault where nothing may be dialled, or nobody knows the name. */
export async function addressesOf(
  target: Target,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<readonly string[] | Fault> {
  if (signal.aborted) return deadlinePassed()
  const addresses = await inTime(target.resolve(host, port).catch(nameFault), target.connectTimeoutMs, signal)
  return (
    addresses ?? new Fault('unavailable', 'server', 'The host name was not resolved in time', { reason: 'timeout' })
  )
}

// `resolve` says why it lets nobody in; any other failure of it is a name that leads nowhere.
function nameFault(error: unknown): Fault {
  const fault = toFault(error)
  if (fault.code !== 'internal') return fault
  return new Fault('unavailable', 'server', 'The host name could not be resolved', { reason: 'name' })
}

const ELSEWHERE: ReadonlySet<ConnectFailure | undefined> = new Set(['name', 'refused', 'timeout', 'policy', undefined])

// A refused password is refused everywhere: trying it on every host would only lock the login out sooner.
export function otherHostMayDo({ code, details }: Fault): boolean {
  return (code === 'unavailable' || code === 'network_denied') && ELSEWHERE.has(details.reason)
}

export const noHost = () => new Fault('unavailable', 'server', 'The connection names no host', { reason: 'name' })

interface Search<Config, Link> {
  /** How each address would be dialled, one after another. */
  readonly candidates: AsyncIterable<Config | Fault>
  readonly open: (config: Config) => Promise<Link>
  readonly isReadOnly: (link: Link) => boolean
  readonly signal: AbortSignal
}

/** The first that can be written to; a read-only one serves only where there is no other. */
export async function firstWritable<Config extends object, Link extends { close(): Promise<void> }>(
  search: Search<Config, Link>,
): Promise<Link> {
  let readOnly: Link | undefined
  let failure: Fault | undefined
  for await (const config of search.candidates) {
    const link = config instanceof Fault ? config : await tryOne(search, config)
    if (link instanceof Fault) {
      failure ??= link
      if (!otherHostMayDo(link)) break
      continue
    }
    if (!search.isReadOnly(link)) {
      await readOnly?.close()
      return link
    }
    if (readOnly) await link.close()
    else readOnly = link
  }
  if (readOnly) return readOnly
  throw failure ?? noHost()
}

async function tryOne<Config, Link>({ open, signal }: Search<Config, Link>, config: Config): Promise<Link | Fault> {
  try {
    return await open(config)
  } catch (error) {
    return signal.aborted ? deadlinePassed() : toFault(error)
  }
}
