import type { DigestAlgorithm, DigestAnswer } from '../../../services/callers/digest/digest.ts'

/** Part of what keys are hashed with. */
const REALM = 'MMS Public API'

/** Byte for byte: Go's client splits at comma and space, knows no other parameter, and takes no second challenge. */
export function challengeWith(nonce: string, algorithm: DigestAlgorithm, stale: boolean): string {
  return `Digest realm="${REALM}", domain="", nonce="${nonce}", algorithm=${algorithm}, qop="auth", stale=${stale}`
}

/** What the header says, where its form is right and it is about this very request; undefined: it is no answer to our challenge. */
export function digestAnswerIn(
  header: string,
  request: { readonly method: string; readonly target: string },
  algorithm: DigestAlgorithm,
): DigestAnswer | undefined {
  const fields = fieldsOf(header)
  if (!fields) return undefined
  const of = (name: string) => fields.get(name) ?? ''
  // Left out it means MD5.
  if ((fields.get('algorithm') ?? 'MD5').toUpperCase() !== algorithm) return undefined
  if (of('realm') !== REALM || of('qop') !== 'auth' || !/^[0-9a-f]{8}$/i.test(of('nc'))) return undefined
  if (of('cnonce') === '' || of('username') === '' || !isTarget(of('uri'), request.target)) return undefined
  const { method } = request
  const [username, nonce, nc, cnonce, response] = [of('username'), of('nonce'), of('nc'), of('cnonce'), of('response')]
  return { username, nonce, nc, cnonce, response, method, uri: of('uri') }
}

/** As it was received, nothing decoded and nothing tidied up. Who sends the absolute form to a proxy signs either. */
function isTarget(uri: string, target: string): boolean {
  return uri === target || uri.replace(/^https?:\/\/[^/?]*/i, '') === target
}

const FIELD = /\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)/y

/** Parameters of a `Digest` header, quoted or bare, names in lower case. Undefined where something else stands there, or one comes twice. */
function fieldsOf(header: string): ReadonlyMap<string, string> | undefined {
  const [, text] = /^Digest\s+(.*)$/is.exec(header) ?? []
  if (text === undefined) return undefined
  const fields = new Map<string, string>()
  for (FIELD.lastIndex = 0; FIELD.lastIndex < text.length; ) {
    const found = FIELD.exec(text)
    if (!found) return undefined
    const [, name = '', quoted, bare = ''] = found
    if (fields.has(name.toLowerCase())) return undefined
    fields.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare)
  }
  return fields
}
