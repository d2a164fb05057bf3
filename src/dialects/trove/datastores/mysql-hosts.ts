import { isIPv4, isIPv6 } from 'node:net'
import { ANY_HOST } from '../users/user-segment.ts'
import type { HostKind } from '../wishes.ts'

const PUBLISHED = 'A host is %, an IPv4 address, or the beginning of one that ends in %'

/** Hosts of users on the MySQL family: as published, and of the kinds that are wished for beyond that. */
export function hostRule(kinds: readonly HostKind[]): (host: string) => string | undefined {
  const more = kinds.map(kind => KINDS[kind])
  const why = [PUBLISHED, ...more.map(({ words }) => words)].join(', or ')
  return host => (isPublished(host) || more.some(({ fits }) => fits(host)) ? undefined : `${why}.`)
}

function isPublished(host: string): boolean {
  if (host === ANY_HOST || isIPv4(host)) return true
  const parts = /^((?:\d{1,3}\.){1,3})%$/.exec(host)?.[1]?.split('.').filter(Boolean)
  return parts?.every(part => Number(part) <= 255) ?? false
}

interface Kind {
  readonly words: string
  fits(host: string): boolean
}

const KINDS: Readonly<Record<HostKind, Kind>> = {
  netmask: { words: 'an IPv4 network with its mask', fits: isNetwork },
  ipv6: { words: 'an IPv6 address', fits: host => isIPv6(host) && !host.includes('%') },
  names: { words: 'a host name', fits: isName },
}

/** `10.0.0.0/255.0.0.0`. */
function isNetwork(host: string): boolean {
  const [address = '', mask = '', more] = host.split('/')
  return more === undefined && isIPv4(address) && isIPv4(mask)
}

/** A name, or the end of names after `%.`; four numbers are an address, and a wrong one here. */
function isName(host: string): boolean {
  const labels = host.replace(/^%\./, '').split('.')
  const areLabels = labels.every(label => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  return host.length <= 255 && areLabels && !/^\d+$/.test(labels.at(-1)!)
}
