import { createHash } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The order in which the digest's bytes become letters, three to four. */
const ORDER: readonly (readonly [number, number, number])[] = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
]

/** The digest of SHA-crypt (U. Drepper's specification, SHA-256), with as long a salt as is given: MySQL's has 20 bytes, crypt(3)'s 16. */
export function sha256Crypt(password: string, salt: string | Buffer, rounds: number): string {
  const [key, grain] = [Buffer.from(password), Buffer.from(salt)]
  const p = repeated(sha256(...Array<Buffer>(key.length).fill(key)), key.length)
  const first = firstDigest(key, grain)
  const s = repeated(sha256(...Array<Buffer>(16 + first[0]!).fill(grain)), grain.length)
  let digest = first
  for (let round = 0; round < rounds; round++) digest = nextDigest(digest, p, s, round)
  return lettersOf(digest)
}

function firstDigest(key: Buffer, salt: Buffer): Buffer {
  const other = sha256(key, salt, key)
  const parts = [key, salt, repeated(other, key.length)]
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? other : key)
  return sha256(...parts)
}

function nextDigest(digest: Buffer, p: Buffer, s: Buffer, round: number): Buffer {
  const odd = round % 2 === 1
  const parts = [odd ? p : digest]
  if (round % 3 !== 0) parts.push(s)
  if (round % 7 !== 0) parts.push(p)
  parts.push(odd ? digest : p)
  return sha256(...parts)
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function repeated(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest)
}

function lettersOf(digest: Buffer): string {
  const groups = ORDER.map(([high, middle, low]) =>
    letters((digest[high]! << 16) | (digest[middle]! << 8) | digest[low]!, 4),
  )
  return groups.join('') + letters((digest[31]! << 8) | digest[30]!, 3)
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, at) => ALPHABET[(value >> (6 * at)) & 63]).join('')
}
