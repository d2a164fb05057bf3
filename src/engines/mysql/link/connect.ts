import { Fault } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { addressesOf, firstWritable } from '../../hosts.ts'
import { type Link, openLink } from './link.ts'
import type { Dial, DialConfig } from './session.ts'

/** Tries the target's hosts in their order and stops at the first that can be written to; a read-only one serves where there is no other. */
export function connectTo(dial: Dial, target: Target, programName: string, signal: AbortSignal): Promise<Link> {
  return firstWritable({
    candidates: candidates(target, programName, signal),
    open: config => openLink(dial, config, target, signal),
    isReadOnly: ({ state }) => state.readOnly,
    signal,
  })
}

// The protocol knows no redirects: a server can't send us to another. Hosts of a cluster are those of the connection, each asked for here.
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
