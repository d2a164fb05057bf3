import { encodeOnce, hasEscapes, lenientDecode } from './percent.ts'

/**
 * A page's last key, for the next page's address. Once, as published; twice where the key would not survive a client that decodes the
 * marker and pastes it raw into its next address, as troveclient does.
 */
export function encodeMarker(key: string): string {
  const once = encodeOnce(key)
  return /[&#+;]/.test(key) || hasEscapes(key) ? encodeOnce(once) : once
}

/** What a caller may have meant by `marker`, likeliest first. `raw` is the parameter as it stands in the address. */
export function markerCandidates(raw: string): readonly [string, ...string[]] {
  const plain = lenientDecode(raw.replaceAll('+', ' '))
  const [first, ...others] = new Set([plain, lenientDecode(plain), lenientDecode(raw)])
  return [first!, ...others]
}

/** Which of them to go on after, where none is the key of anything any more. */
export function likeliestMarker(raw: string): string {
  const plain = lenientDecode(raw.replaceAll('+', ' '))
  const twice = lenientDecode(plain)
  return twice.includes('@') && !plain.includes('@') ? twice : plain
}

/** The key to list after: the first candidate that something has, else the likeliest. */
export async function resolveMarker(raw: string, exists: (key: string) => Promise<boolean>): Promise<string> {
  const candidates = markerCandidates(raw)
  if (candidates.length === 1) return candidates[0]
  for (const candidate of candidates) if (await exists(candidate)) return candidate
  return likeliestMarker(raw)
}
