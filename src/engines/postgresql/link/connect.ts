import type { ConnectFailure } from '../../../domain/fault.ts'
import { Fault, toFault } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { deadlinePassed } from '../faults.ts'
import { inTime } from './deadline.ts'
import { type Link, openLink } from './link.ts'
import type { Dial, DialConfig } from './session.ts'
import { tlsOptions } from './tls.ts'

/** Tries the target's hosts in their order and stops at the first that can be written to; a standby serves only where there is no other. */
export async function connectTo(
  dial: Dial,
  target: Target,
  applicationName: string,
  signal: AbortSignal,
): Promise<Link> {
  let standby: Link | undefined
  let failure: Fault | undefined
  for await (const config of candidates(target, applicationName, signal)) {
    const link = config instanceof Fault ? config : await tryOne(dial, config, target, signal)
    if (link instanceof Fault) {
      failure ??= link
      if (!otherHostMayDo(link)) break
      continue
    }
    if (!link.state.standby) {
      await standby?.close()
      return link
    }
    if (standby) await link.close()
    else standby = link
  }
  if (standby) return standby
  throw failure ?? new Fault('unavailable', 'server', 'The connection names no host', { reason: 'name' })
}

async function tryOne(dial: Dial, config: DialConfig, target: Target, signal: AbortSignal): Promise<Link | Fault> {
  try {
    return await openLink(dial, config, target, signal)
  } catch (error) {
    return signal.aborted ? deadlinePassed() : toFault(error)
  }
}

/** Another session on the very server that a link has, in another database. */
export function connectBeside(
  dial: Dial,
  link: Link,
  database: string,
  target: Target,
  signal: AbortSignal,
): Promise<Link> {
  return openLink(dial, { ...link.config, database }, target, signal)
}

/** How each of the target's addresses would be dialled, one after another. */
export async function* candidates(
  target: Target,
  applicationName: string,
  signal: AbortSignal,
): AsyncGenerator<DialConfig | Fault> {
  for (const { host, port } of target.hosts) {
    const addresses = await addressesOf(target, host, port, signal)
    if (addresses instanceof Fault) yield addresses
    else for (const address of addresses) yield dialConfig(target, host, address, port, applicationName)
  }
}

function dialConfig(target: Target, host: string, address: string, port: number, applicationName: string): DialConfig {
  const { database, username: user, connectTimeoutMs } = target
  const password = target.password?.reveal() ?? ''
  const tls = tlsOptions(target.tls, host)
  return { host: address, port, database, user, password, ...tls, applicationName, connectTimeoutMs }
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
