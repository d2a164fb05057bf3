import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { HostPort } from '../../domain/servers/connection.ts'
import type { Lookup } from './lookup.ts'
import { facesOf } from './networks.ts'

/** What must not be taken for a database server of somebody's: where we listen ourselves, and our own store. */
export interface OwnEndpoints {
  /** Finds out anew where they are, now and then; never fails. */
  refresh(): Promise<void>
  has(address: string, port: number): boolean
}

/** How long the answer for the store's name is good. */
const FRESH_MS = 30_000

/** `listening` is asked each time: before the start there is nothing, and port 0 has no number. */
export function createOwnEndpoints(
  listening: () => readonly HostPort[],
  store: HostPort | undefined,
  lookup: Lookup,
): OwnEndpoints {
  let known: readonly HostPort[] = store && isIP(store.host) ? [store] : []
  let staleAt = 0

  async function refresh(): Promise<void> {
    if (!store || isIP(store.host) || performance.now() < staleAt) return
    staleAt = performance.now() + FRESH_MS
    const found = await lookup(store.host).catch(() => [])
    // A name that can't be resolved just now is where it was.
    if (found.length > 0) known = found.map(host => ({ host, port: store.port }))
  }

  return {
    refresh,
    has: (address, port) => [...listening(), ...known].some(one => one.port === port && isSamePlace(one.host, address)),
  }
}

/** Every address of this machine leads to what listens on one of them, or may do so. */
function isSamePlace(own: string, other: string): boolean {
  if (text(own) === text(other)) return true
  return isOfThisMachine(own) && isOfThisMachine(other)
}

function isOfThisMachine(address: string): boolean {
  if (facesOf(address).some(face => ['loopback', 'unspecified'].includes(face.range()))) return true
  const addresses = Object.values(networkInterfaces()).flatMap(all => all ?? [])
  return addresses.some(one => text(one.address) === text(address))
}

/** Link-local ones name their interface, which is no part of where they lead. */
const text = (address: string) => facesOf(address.replace(/%.*$/, ''))[0]!.toString()
