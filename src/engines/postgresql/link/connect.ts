import { Fault } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { addressesOf, firstWritable } from '../../hosts.ts'
import { type Link, openLink } from './link.ts'
import type { Dial, DialConfig } from './session.ts'
import { tlsOptions } from './tls.ts'

/** Tries the target's hosts in their order and stops at the first that can be written to; a standby serves only where there is no other. */
export function connectTo(dial: Dial, target: Target, applicationName: string, signal: AbortSignal): Promise<Link> {
  return firstWritable({
    candidates: candidates(target, applicationName, signal),
    open: config => openLink(dial, config, target, signal),
    isReadOnly: ({ state }) => state.standby,
    signal,
  })
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

/**
 * How each of the target's addresses would be dialled, one after another. The protocol knows no redirects: a server can't send us to
 * another. Hosts of a cluster are those of the connection, each asked for here.
 */
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
