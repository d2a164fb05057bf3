import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Fault } from '../../domain/fault.ts'

export type Address = ipaddr.IPv4 | ipaddr.IPv6
export type Network = readonly [Address, number]

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

export function contains([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network as ipaddr.IPv4, bits)
}

/** True if the client's address lies in one of the networks; no networks means anywhere. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  if (networks.length === 0) return true
  if (!isIP(address)) return false
  const client = ipaddr.process(address)
  return networks.some(network => contains(parseNetwork(network), client))
}

/** True if all of a network lies in one of these. */
export function isWithinNetworks(text: string, networks: readonly string[]): boolean {
  const [first, bits] = parseNetwork(text)
  return networks.map(parseNetwork).some(network => network[1] <= bits && contains(network, first))
}

/** One address and one port: `10.1.2.3:5432`, `[2001:db8::1]:5432`. Undefined where the text is something else. */
export function parseEndpoint(text: string): { readonly address: Address; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain ?? ''
  if (isIP(address) !== (bracketed ? 6 : 4) || Number(port) > 65_535) return undefined
  return { address: ipaddr.process(address), port: Number(port) }
}

/**
 * The address itself, and every IPv4 address that it wears as a disguise: a router, tunnel or translator on the way may well deliver to
 * that one. IPv4-mapped ones are the IPv4 address already.
 */
export function facesOf(text: string): readonly Address[] {
  const address = ipaddr.process(text)
  return address instanceof ipaddr.IPv6 ? [address, ...hiddenIn(address)] : [address]
}

function hiddenIn(address: ipaddr.IPv6): readonly Address[] {
  const bytes = address.toByteArray()
  const last = bytes.slice(12)
  const range = address.range()
  // The client's address lies in it inverted, the relay's as it is.
  if (range === 'teredo') return [v4(bytes.slice(4, 8)), v4(last.map(byte => byte ^ 0xff))]
  if (range === '6to4') return [v4(bytes.slice(2, 6))]
  return TRANSLATED.has(range) || isCompatible(bytes) || isIsatap(bytes) ? [v4(last)] : []
}

/** NAT64 (64:ff9b::/96, 64:ff9b:1::/48) and SIIT (::ffff:0:0:0/96). */
const TRANSLATED: ReadonlySet<string> = new Set(['rfc6052', 'rfc6145'])

const v4 = (bytes: number[]) => new ipaddr.IPv4(bytes)
/** `::10.1.2.3`, and so are `::` and `::1`. */
const isCompatible = (bytes: readonly number[]) => bytes.slice(0, 12).every(byte => byte === 0)
/** `…:0:5efe:10.1.2.3` in any network. */
const isIsatap = (bytes: readonly number[]) => /^[02],0,94,254$/.test(bytes.slice(8, 12).join())
