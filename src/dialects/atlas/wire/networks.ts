import { isIP } from 'node:net'
import { refusal } from '../refusals/refusal.ts'

/** A client network as a list names it: by one address, or by a block. */
export interface NetworkNamed {
  readonly ipAddress?: string | null
  readonly cidrBlock?: string | null
}

/** As CIDR. Exactly one of the two names it. */
export function networkFrom({ ipAddress, cidrBlock }: NetworkNamed): string {
  const [address, block] = [ipAddress || undefined, cidrBlock || undefined]
  if (block !== undefined) return blockFrom(block)
  if (address === undefined) throw refusal('MISSING_ATTRIBUTES', 'ipAddress', 'cidrBlock')
  if (!isIP(address)) throw refusal('INVALID_IP_ADDRESS_OR_CIDR_NOTATION', address)
  return wholeAddress(address)
}

/** What a path names: with a length, or one address. */
export function blockFrom(text: string): string {
  const [address = '', length, ...rest] = text.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const isRight = version !== 0 && rest.length === 0 && (length === undefined || /^\d{1,3}$/.test(length))
  if (!isRight || Number(length ?? 0) > most) throw refusal('INVALID_IP_ADDRESS_OR_CIDR_NOTATION', text)
  return length === undefined ? wholeAddress(address) : text
}

const wholeAddress = (address: string): string => `${address}/${isIP(address) === 4 ? 32 : 128}`

/** The address, where the network is one alone. */
export function addressIn(network: string): string | undefined {
  const [address = '', length] = network.split('/')
  return length === '32' || length === '128' ? wholeAddressOnly(address, length) : undefined
}

function wholeAddressOnly(address: string, length: string): string | undefined {
  return (isIP(address) === 4) === (length === '32') ? address : undefined
}
