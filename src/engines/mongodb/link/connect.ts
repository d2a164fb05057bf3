import { Fault, toFault } from '../../../domain/fault.ts'
import type { HostPort } from '../../../domain/servers/connection.ts'
import type { Target } from '../../engine.ts'
import { addressesOf, noHost, otherHostMayDo } from '../../hosts.ts'
import { deadlinePassed } from '../../in-time.ts'
import { DEFAULT_AUTH_DATABASE } from '../names.ts'
import { type Link, openLink } from './link.ts'
import type { Dial, DialConfig } from './session.ts'
import { isLoopback } from './tls.ts'

export interface Manner {
  readonly programName: string
  readonly connections?: number
  readonly idleMs?: number
}

/**
 * Tries the target's hosts in their order and stops at the first that can be written to. A secondary says who is primary: that one is
 * tried next, past the guard as any other; a secondary serves for reading where there is no other.
 */
export async function connectTo(dial: Dial, target: Target, manner: Manner, signal: AbortSignal): Promise<Link> {
  const search: Search = { hosts: [...target.hosts], tried: new Set() }
  try {
    return await firstWritable(dial, target, manner, signal, search)
  } catch (error) {
    await search.readOnly?.close()
    throw error
  }
}

interface Search {
  readonly hosts: HostPort[]
  readonly tried: Set<string>
  readOnly?: Link
  failure?: Fault
}

async function firstWritable(
  dial: Dial,
  target: Target,
  manner: Manner,
  signal: AbortSignal,
  search: Search,
): Promise<Link> {
  for (let host = search.hosts.shift(); host; host = search.hosts.shift()) {
    const link = await tryHost(dial, target, manner, signal, host)
    if (link instanceof Fault) {
      search.failure ??= link
      if (!otherHostMayDo(link)) break
    } else if (!link.state.readOnly) {
      await search.readOnly?.close()
      return link
    } else await keep(search, link)
  }
  if (search.readOnly) return search.readOnly
  throw search.failure ?? noHost()
}

async function keep(search: Search, link: Link): Promise<void> {
  const { primary } = link.state
  if (primary !== undefined && !search.tried.has(primary)) {
    search.tried.add(primary)
    search.hosts.unshift(hostPortIn(primary))
  }
  if (search.readOnly) await link.close()
  else search.readOnly = link
}

function hostPortIn(text: string): HostPort {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
}

async function tryHost(
  dial: Dial,
  target: Target,
  manner: Manner,
  signal: AbortSignal,
  host: HostPort,
): Promise<Link | Fault> {
  let failure: Fault | undefined
  try {
    const addresses = await addressesOf(target, host.host, host.port, signal)
    if (addresses instanceof Fault) throw addresses
    for (const address of addresses) {
      const link = await openLink(dial, dialConfig(target, host, address, manner), target, signal).catch(toFault)
      if (!(link instanceof Fault)) return link
      failure ??= link
      if (!otherHostMayDo(link)) break
    }
  } catch (error) {
    failure ??= toFault(error)
  }
  if (signal.aborted) return deadlinePassed()
  return failure ?? new Fault('unavailable', 'server', 'The host name leads nowhere', { reason: 'name' })
}

function dialConfig(target: Target, { host, port }: HostPort, address: string, manner: Manner): DialConfig {
  if (target.tls.mode === 'disable' && !isLoopback(address)) throw needsTls()
  return {
    address,
    port,
    host,
    username: target.username,
    password: target.password?.reveal() ?? '',
    authDatabase: target.authDatabase || DEFAULT_AUTH_DATABASE,
    mechanism: target.mechanism,
    tls: target.tls,
    connectTimeoutMs: target.connectTimeoutMs,
    connections: 1,
    ...manner,
  }
}

function needsTls(): Fault {
  const message = 'New passwords reach this server in clear, so off this machine its connection has to use TLS'
  return new Fault('refused', 'connection', message, { reason: 'tls' })
}
