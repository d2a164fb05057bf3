import type { ConnectFailure } from '../../../domain/fault.ts'
import { Fault, toFault } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { deadlinePassed } from '../faults.ts'
import { inTime } from './deadline.ts'
import { type Link, openLink } from './link.ts'
import type { Dial, DialConfig } from './session.ts'

/** Tries the target's hosts in their order and stops at the first that can be written to; a read-only one serves where there is no other. */
export async function connectTo(dial: Dial, target: Target, programName: string, signal: AbortSignal): Promise<Link> {
  let readOnly: Link | undefined
  let failure: Fault | undefined
  for await (const config of candidates(target, programName, signal)) {
    const link = config instanceof Fault ? config : await tryOne(dial, config, target, signal)
    if (link instanceof Fault) {
      failure ??= link
      if (!otherHostMayDo(link)) break
      continue
    }
    if (!link.state.readOnly) {
      await readOnly?.close()
      return link
    }
    if (readOnly) await link.close()
    else readOnly = link
  }
  if (readOnly) return readOnly
  throw failure ?? new Fault('unavailable', 'server', 'The connection names no host', { reason: 'name' })
}

async function tryOne(dial: Dial, config: DialConfig, target: Target, signal: AbortSignal): Promise<Link | Fault> {
  try {
    return await openLink(dial, config, target, signal)
  } catch (error) {
    return signal.aborted ? deadlinePassed() : toFault(error)
  }
}

async function* candidates(
  target: Target,
  programName: string,
  signal: AbortSignal,
): AsyncGenerator<DialConfig | Fault> {
  for (const { host, port } of target.hosts) {
    const addresses = await addressesOf(target, host, port, signal)
    if (addresses instanceof Fault) yield addresses
    else for (const address of addresses) yield dialConfig(target, host, address, port, programName)
  }
}

function dialConfig(target: Target, host: string, address: string, port: number, programName: string): DialConfig {
  const { database, username: user, connectTimeoutMs, tls } = target
  const password = target.password?.reveal() ?? ''
  const serverName = tls.serverName ?? host
  return { host: address, port, serverName, database, user, password, tls, programName, connectTimeoutMs }
}

// The protocol knows no redirects: a server can't send us to another. Hosts of a cluster are those of the connection, each asked for here.
async function addressesOf(
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
function otherHostMayDo({ code, details }: Fault): boolean {
  return (code === 'unavailable' || code === 'network_denied') && ELSEWHERE.has(details.reason)
}
