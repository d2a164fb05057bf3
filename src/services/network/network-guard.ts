import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../domain/fault.ts'
import type { HostPort } from '../../domain/servers/connection.ts'
import type { EngineName } from '../../domain/servers/instance.ts'
import { addressesOf, type Lookup, systemLookup } from './lookup.ts'
import { canonical, type NetworkRules, networkPolicy } from './network-policy.ts'
import { createOwnEndpoints } from './own-endpoints.ts'

/** Where a socket shall lead, and which engine's it is. */
export interface Destination extends HostPort {
  readonly engine: EngineName
}

/**
 * Decides where sockets may lead. Asked for every single one, also where a server sends us on to another (members of a replica set,
 * `MOVED`, advertised brokers): the name is resolved once, and the socket goes to one of the answers, never to the name.
 */
export interface NetworkGuard {
  /** Every address of the host, each checked; connect to these and no others. Throws `network_denied`, or `unavailable` when nothing resolves. */
  resolve(to: Destination): Promise<readonly string[]>
  /** True if the host is known to be denied without resolving it; other names are judged when they resolve. */
  isDenied(to: Destination): boolean
  /** True if the engine has no business on that port. */
  isPortDenied(engine: EngineName, port: number): boolean
}

/** What the guard knows of the outside. */
export interface Surroundings {
  readonly lookup?: Lookup
  /** Where we listen ourselves. */
  readonly listening?: () => readonly HostPort[]
  /** Where our own store is, unless it is a file. */
  readonly store?: HostPort
}

/** Every refusal takes as long: no socket is opened for one, so only our own work could tell targets apart. */
const REFUSAL_MS = 50

export function createNetworkGuard(rules: NetworkRules, around: Surroundings = {}): NetworkGuard {
  const { lookup: find = systemLookup, listening = () => [], store } = around
  const policy = networkPolicy(rules)
  const own = createOwnEndpoints(listening, store, find)

  const isDeniedAt = (address: string, port: number) =>
    !policy.isListed(address, port) && (policy.isDeniedAddress(address) || own.has(address, port))

  async function resolve({ engine, host, port }: Destination): Promise<readonly string[]> {
    const begun = performance.now()
    await own.refresh()
    const addresses = await addressesOf(host, find)
    const denied = policy.isDeniedHost(host) || policy.isDeniedPort(engine, port)
    if (!denied && !addresses.some(address => isDeniedAt(address, port))) return addresses
    await sleep(Math.max(0, begun + REFUSAL_MS - performance.now()))
    throw blocked()
  }

  function isDenied({ host, port }: Destination): boolean {
    if (policy.isDeniedHost(host)) return true
    if (isIP(host)) return isDeniedAt(host, port)
    return /(^|\.)localhost$/.test(canonical(host)) && isDeniedAt('127.0.0.1', port)
  }

  return { resolve, isDenied, isPortDenied: policy.isDeniedPort }
}

function blocked(): Fault {
  return new Fault(
    'network_denied',
    'server',
    "The address is blocked by this server's network policy; an operator of the installation may name its network in the setting network.allow",
    { reason: 'policy' },
  )
}
