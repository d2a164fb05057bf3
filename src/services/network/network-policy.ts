import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { Fault } from '../../domain/fault.ts'
import { ENGINES, type EngineName } from '../../domain/servers/instance.ts'
import { type Address, contains, facesOf, parseEndpoint, parseNetwork } from './networks.ts'

/** Which servers may be connected to, as the settings `network.*` say it. */
export interface NetworkRules {
  /** Networks, and single endpoints such as `10.1.2.3:5432`. Wins over what is denied by itself; an endpoint even over what is our own. */
  readonly allow: readonly string[]
  /** Networks. Wins over everything. */
  readonly deny: readonly string[]
  /** May private networks be connected to without being listed. */
  readonly private: boolean
  /** Patterns of names and addresses; where there are any, nothing else may be connected to. */
  readonly hosts: readonly string[]
  readonly denyHosts: readonly string[]
  /** `5432`, `5430-5439`, `postgresql:5432`; where there are any for an engine, it has no other ports. */
  readonly ports: readonly string[]
}

/** The rules, read once. Pure: names have been resolved before. */
export interface NetworkPolicy {
  isDeniedAddress(address: string): boolean
  isDeniedHost(host: string): boolean
  isDeniedPort(engine: EngineName, port: number): boolean
  /** Named as this very endpoint. */
  isListed(address: string, port: number): boolean
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
/** Metadata services of clouds outside of link-local, IPv4 addresses in IPv6 clothes, and class E. */
const DENIED_NETWORKS = [
  'fd00:ec2::254',
  'fd20:ce::254',
  'fd00:42::42',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '::/96',
  '240.0.0.0/4',
].map(parseNetwork)
const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  'private',
  'uniqueLocal',
  'carrierGradeNat',
  'deprecatedSiteLocal',
])

export function networkPolicy(rules: NetworkRules): NetworkPolicy {
  const allow = rules.allow.filter(text => !parseEndpoint(text)).map(parseNetwork)
  const endpoints = rules.allow.map(parseEndpoint).filter(one => one !== undefined)
  const deny = rules.deny.map(parseNetwork)
  const ports = rules.ports.map(parsePorts)

  const isDeniedByItself = (address: Address) =>
    DENIED_RANGES.has(address.range()) ||
    DENIED_NETWORKS.some(network => contains(network, address)) ||
    (!rules.private && PRIVATE_RANGES.has(address.range()))

  function isDeniedAddress(text: string): boolean {
    const faces = facesOf(text)
    if (deny.some(network => faces.some(face => contains(network, face)))) return true
    return faces.some(face => !allow.some(network => contains(network, face)) && isDeniedByItself(face))
  }

  function isDeniedPort(engine: EngineName, port: number): boolean {
    const own = ports.filter(one => one.engine === undefined || one.engine === engine)
    return own.length > 0 && !own.some(({ from, to }) => port >= from && port <= to)
  }

  function isDeniedHost(host: string): boolean {
    const name = canonical(host)
    if (rules.denyHosts.some(pattern => matches(name, pattern))) return true
    return rules.hosts.length > 0 && !rules.hosts.some(pattern => matches(name, pattern))
  }

  function isListed(text: string, port: number): boolean {
    const address = facesOf(text)[0]!
    return endpoints.some(one => one.port === port && one.address.toString() === address.toString())
  }

  return {
    isDeniedAddress: text => isDeniedAddress(text),
    isDeniedHost,
    isDeniedPort,
    isListed: (text, port) =>
      isListed(text, port) && !deny.some(network => facesOf(text).some(face => contains(network, face))),
  }
}

/** As name servers see it: lower case, ASCII, without the last dot. */
export function canonical(host: string): string {
  const name = isIP(host) ? facesOf(host)[0]!.toString() : domainToASCII(host) || host
  return name.toLowerCase().replace(/\.$/, '')
}

/** `*.example.com` stands for everything below it, `*` for everything. */
function matches(name: string, pattern: string): boolean {
  if (pattern === '*') return true
  if (pattern.startsWith('*.')) return name.endsWith(`.${canonical(pattern.slice(2))}`)
  return name === canonical(pattern)
}

/** Throws `invalid` with what would be right. */
export function parsePorts(text: string): { readonly engine?: EngineName; readonly from: number; readonly to: number } {
  const [, engine, first, last] = /^(?:([a-z]+):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? []
  const [from, to] = [Number(first ?? 0), Number(last ?? first ?? 0)]
  const known = ENGINES.find(name => name === engine)
  if (from < 1 || to > 65_535 || from > to || (engine !== undefined && !known))
    throw new Fault('invalid', 'request', `${text} is no port; write 5432, 5430-5439 or postgresql:5432`)
  return { engine: known, from, to }
}
