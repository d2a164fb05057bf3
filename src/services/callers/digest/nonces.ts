import { randomBytes } from 'node:crypto'

/** What a nonce that came back is worth. */
export type NonceState = { readonly kind: 'fresh' | 'expired'; readonly until: number } | { readonly kind: 'foreign' }

/** Nonces that need no memory: a time, a random part, and a keyed MAC of both. */
export interface Nonces {
  /** 32 characters of base64. */
  make(): string
  stateOf(nonce: string): NonceState
}

const TIME_BYTES = 6
/** Two clients that are challenged at the same millisecond count on their own. */
const RANDOM_BYTES = 6
const MAC_BYTES = 12

/** `mac` is keyed; replicas that share it know each other's nonces. */
export function createNonces(mac: (text: string) => Buffer, lifetimeMs: number): Nonces {
  const signed = (head: Buffer) => mac(`digest nonce ${head.toString('hex')}`).subarray(0, MAC_BYTES)

  function make(): string {
    const time = Buffer.alloc(TIME_BYTES)
    time.writeUIntBE(Date.now(), 0, TIME_BYTES)
    const head = Buffer.concat([time, randomBytes(RANDOM_BYTES)])
    return Buffer.concat([head, signed(head)]).toString('base64')
  }

  function stateOf(nonce: string): NonceState {
    const bytes = Buffer.from(nonce, 'base64')
    if (bytes.length !== TIME_BYTES + RANDOM_BYTES + MAC_BYTES || bytes.toString('base64') !== nonce)
      return { kind: 'foreign' }
    const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES)
    if (!signed(head).equals(bytes.subarray(TIME_BYTES + RANDOM_BYTES))) return { kind: 'foreign' }
    const until = head.readUIntBE(0, TIME_BYTES) + lifetimeMs
    return { kind: until > Date.now() ? 'fresh' : 'expired', until }
  }

  return { make, stateOf }
}
