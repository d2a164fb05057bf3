import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Fault } from '../domain/fault.ts'

/** Which addresses may be connected to: networks in CIDR form. `allow` wins over what is denied by itself; `deny` wins over both. */
export interface NetworkRules {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

export interface NetworkGuard {
  /** Every address of `host`, each checked; connect to these and no others. Throws `network_denied`, or `unavailable` when nothing resolves. */
  resolve(host: string): Promise<readonly string[]>
  /** True if `host` is an address that may never be connected to. Names are judged when they resolve. */
  isDenied(host: string): boolean
}

/** Never a database of the user's own unless listed: ourselves, cloud metadata, and what no unicast server answers on. */
const DENIED_RANGES: ReadonlySet<string> = new Set([
  'unspecified',
  'loopback',
  'linkLocal',
  'multicast',
  'broadcast',
  'rfc6052',
  'rfc6145',
  '6to4',
  'teredo',
])
/** Metadata of one cloud, IPv4 addresses in IPv6 clothes, and class E. */
const DENIED_NETWORKS = ['fd00:ec2::254/128', '::/96', '240.0.0.0/4']

export function createNetworkGuard(rules: NetworkRules): NetworkGuard {
  const allow = rules.allow.map(parseNetwork)
  const deny = rules.deny.map(parseNetwork)
  const denied = DENIED_NETWORKS.map(parseNetwork)

  function isDeniedAddress(text: string): boolean {
    const address = ipaddr.process(text)
    if (deny.some(network => contains(network, address))) return true
    if (allow.some(network => contains(network, address))) return false
    return DENIED_RANGES.has(address.range()) || denied.some(network => contains(network, address))
  }

  async function resolve(host: string): Promise<readonly string[]> {
    const addresses = isIP(host) ? [host] : await addressesOfName(host)
    if (addresses.some(isDeniedAddress)) throw blocked()
    return addresses
  }

  return {
    resolve,
    isDenied: host =>
      isIP(host) ? isDeniedAddress(host) : host.toLowerCase() === 'localhost' && isDeniedAddress('127.0.0.1'),
  }
}

function blocked(): Fault {
  return new Fault(
    'network_denied',
    'server',
    "The address is blocked by this server's network policy; an operator of the installation may name its network in the setting network.allow",
    { reason: 'policy' },
  )
}

async function addressesOfName(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch(() => [])
  if (found.length === 0)
    throw new Fault('unavailable', 'server', `The name ${host} could not be resolved`, { reason: 'name' })
  return found.map(({ address }) => address)
}

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

/** A CIDR, or one address. Throws `invalid` with what would be right. */
export function parseNetwork(text: string): Network {
  const [address = '', bits] = text.split('/')
  const kind = isIP(address)
  const wide = kind === 4 ? 32 : 128
  const length = bits === undefined ? wide : Number(bits)
  const whole = bits === undefined || /^\d{1,3}$/.test(bits)
  if (!kind || !whole || length > wide)
    throw new Fault('invalid', 'request', `${text} is not a network; write one as 10.0.0.0/8 or 2001:db8::/32`)
  return [ipaddr.parse(address), length]
}

function contains([network, bits]: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return network.kind() === address.kind() && address.match(network as ipaddr.IPv4, bits)
}

/** True if the client's address lies in one of the networks; no networks means anywhere. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  if (networks.length === 0) return true
  if (!isIP(address)) return false
  const client = ipaddr.process(address)
  return networks.some(network => contains(parseNetwork(network), client))
}
