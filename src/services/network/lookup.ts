import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Fault } from '../../domain/fault.ts'

/** Every address of a name; throws or answers none where there is none. */
export type Lookup = (name: string) => Promise<readonly string[]>

/** As every other program of this machine resolves names. */
export const systemLookup: Lookup = async name => (await lookup(name, { all: true })).map(({ address }) => address)

/** Throws `unavailable` where the name leads nowhere. An address is its own answer. */
export async function addressesOf(host: string, find: Lookup): Promise<readonly string[]> {
  if (isIP(host)) return [host]
  const found = await find(host).catch(() => [])
  // A name server may answer anything; what is no address would be resolved once more, unchecked.
  if (found.length === 0 || !found.every(address => isIP(address)))
    throw new Fault('unavailable', 'server', 'The host name could not be resolved', { reason: 'name' })
  return found
}
