import { createHash, randomBytes } from 'node:crypto'

/** A key as clients have it. */
export interface DigestKey {
  readonly publicKey: string
  readonly privateKey: string
}

/** What a client keeps of a challenge. */
export interface Challenge {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: string
  readonly stale: string
}

export function challengeIn(header: string | undefined): Challenge {
  const found = /^Digest realm="([^"]*)", domain="", nonce="([^"]*)", algorithm=(\S+), qop="auth", stale=(\w+)$/.exec(
    header ?? '',
  )
  if (!found) throw new Error(`no challenge: ${header}`)
  const [, realm = '', nonce = '', algorithm = '', stale = ''] = found
  return { realm, nonce, algorithm, stale }
}

export interface Signing {
  readonly method: string
  /** The path and query as they are sent. */
  readonly uri: string
  readonly nonce: string
  readonly nc?: string
  readonly cnonce?: string
  readonly algorithm?: string
}

/** `Authorization` as RFC 7616 has it. `omit` leaves parameters out, `set` puts others in their place, both after signing. */
export function authorizationOf(
  { publicKey, privateKey }: DigestKey,
  signing: Signing,
  { omit = [], set = {} }: { omit?: readonly string[]; set?: Readonly<Record<string, string>> } = {},
): string {
  const { method, uri, nonce, nc = '00000001', cnonce = randomBytes(8).toString('base64'), algorithm = 'MD5' } = signing
  const hash = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex')
  const ha1 = hash(`${publicKey}:MMS Public API:${privateKey}`)
  const response = hash(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`)
  const fields: Record<string, string> = {
    username: `"${publicKey}"`,
    realm: '"MMS Public API"',
    nonce: `"${nonce}"`,
    uri: `"${uri}"`,
    cnonce: `"${cnonce}"`,
    nc,
    qop: 'auth',
    response: `"${response}"`,
    algorithm,
    ...set,
  }
  const kept = Object.entries(fields).filter(([name]) => !omit.includes(name))
  return `Digest ${kept.map(([name, value]) => `${name}=${value}`).join(', ')}`
}
